namespace Alloc.Broker.Coordination;

/// <summary>
/// Where the group and transaction coordinators write what must survive a crash of the process, before they change
/// their state in memory.
/// </summary>
internal interface IStateJournal
{
    /// <summary>Appends one record; it survives kill -9 when this returns.</summary>
    /// <exception cref="Storage.StorageException">The disk did not take it; nothing was appended.</exception>
    void Append(ReadOnlySpan<byte> record);
}
