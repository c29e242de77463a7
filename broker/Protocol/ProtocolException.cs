namespace Alloc.Broker.Protocol;

/// <summary>
/// The bytes of a request break the protocol's grammar: a length beyond the frame, an over-long varint, a null where
/// none is allowed. The connection that sent them is closed; nothing else is touched.
/// </summary>
internal sealed class ProtocolException(string message) : Exception(message);
