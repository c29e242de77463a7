using Alloc.Broker.Coordination;

namespace Alloc.Broker.Transactions;

/// <summary>
/// Gives out producer ids, each once for ever. They are reserved in blocks, so that not each of them needs a record; a
/// restart leaves a gap. An id may be told to a client once the journal is durable.
/// </summary>
internal sealed class ProducerIds(IStateJournal journal)
{
    private const int BlockSize = 1_000;
    private readonly RecordWriter writer = new();
    private long next;
    private long reserved;

    public long Next()
    {
        if (next == reserved)
        {
            journal.Append(writer.Start(JournalRecordKind.ProducerIdsReserved).Int64(reserved + BlockSize).Written);
            reserved += BlockSize;
        }

        return next++;
    }

    /// <summary>Takes back a record of the journal; false if it is not about producer ids.</summary>
    public bool Replay(ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        if ((JournalRecordKind)reader.Byte() != JournalRecordKind.ProducerIdsReserved)
        {
            return false;
        }

        next = reserved = reader.Int64();
        return true;
    }

    /// <summary>Makes sure that an id found in a log is never given out, whatever the journal says.</summary>
    public void SkipPast(long producerId) => next = reserved = long.Max(reserved, producerId + 1);

    public void WriteSnapshot(IStateJournal target) =>
        target.Append(writer.Start(JournalRecordKind.ProducerIdsReserved).Int64(reserved).Written);
}
