using Alloc.Broker.Coordination;
using Alloc.Broker.Storage;

namespace Broker.Tests.Coordination;

/// <summary>A journal in memory, which a new coordinator can be recovered from; it can be full.</summary>
internal sealed class MemoryJournal : IStateJournal
{
    public List<byte[]> Records { get; } = [];

    public bool IsFull { get; set; }

    public void Append(ReadOnlySpan<byte> record)
    {
        if (IsFull)
        {
            throw new StorageException("no space left");
        }

        Records.Add(record.ToArray());
    }
}
