using Alloc.Engine.LogClient;

namespace Alloc.Engine.Observability;

/// <summary>What the watch remembers of one input partition from one look to the next.</summary>
internal sealed class WatchedInput(TopicPartition partition, long nowMs)
{
    private long progress = long.MinValue;

    public TopicPartition Partition => partition;

    /// <summary>Whether it belongs to this instance; else nobody has it.</summary>
    public bool IsHere { get; set; }

    /// <summary>The group's offset.</summary>
    public long Committed { get; set; } = -1;

    /// <summary>The high watermark; −1 until it was seen.</summary>
    public long End { get; private set; } = -1;

    /// <summary>When the end was seen last.</summary>
    public long EndSeenMs { get; private set; } = nowMs;

    /// <summary>Since when nothing was decided though something waits; moves on while nothing does.</summary>
    public long StandsSinceMs { get; private set; } = nowMs;

    /// <summary>
    /// Timestamp of the record at <see cref="OldestOffset"/>, read from the log; <see cref="long.MaxValue"/> where
    /// there are only markers.
    /// </summary>
    public long? OldestMs { get; private set; }

    /// <summary>The offset that <see cref="OldestMs"/> was read at; −1 for none.</summary>
    public long OldestOffset { get; private set; } = -1;

    /// <summary>The transaction that was seen open at <see cref="OpenAt"/>.</summary>
    public OpenTransaction? Open { get; private set; }

    /// <summary>The offset that an open transaction was looked for at; −1 for none.</summary>
    public long OpenAt { get; private set; } = -1;

    public long LagRecords => Math.Max(0, End - Math.Max(Committed, 0));

    public void SeeEnd(long end, long seenMs)
    {
        End = end;
        EndSeenMs = seenMs;
    }

    /// <summary>Notes how far it is: the committed offset, or the journal where a record takes many commits.</summary>
    public void SeeProgress(long now, long nowMs)
    {
        if (progress != now || LagRecords == 0)
        {
            progress = now;
            StandsSinceMs = nowMs;
        }
    }

    public void SeeOldest(long offset, long? timestampMs) =>
        (OldestOffset, OldestMs) = (offset, timestampMs ?? long.MaxValue);

    public void SeeOpen(long offset, OpenTransaction? open) => (OpenAt, Open) = (offset, open);
}
