namespace Alloc.Broker.Coordination;

/// <summary>
/// The coordinators' journal is damaged before its durable end: going on would forget what was promised.
/// </summary>
internal sealed class JournalDamagedException(string message) : Exception(message);
