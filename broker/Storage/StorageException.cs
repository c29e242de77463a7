using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>
/// Writing to the data directory failed (no space, an I/O error). What was to be written was taken back; the state is
/// as it was before the call. Travels to the client as <see cref="ErrorCode.KafkaStorageError"/>, which it retries.
/// </summary>
internal sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
