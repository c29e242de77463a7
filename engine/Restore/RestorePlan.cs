using Alloc.Engine.LogClient;

namespace Alloc.Engine.Restore;

/// <summary>What is left to read of one changelog or journal partition.</summary>
internal sealed class RestoreRange(TopicPartition partition, bool isJournal, long from, long highWatermark)
{
    public TopicPartition Partition { get; } = partition;

    public bool IsJournal { get; } = isJournal;

    /// <summary>The offset that restoring began at.</summary>
    public long From { get; } = from;

    /// <summary>The end, read uncommitted after the producers' initialisation.</summary>
    public long HighWatermark { get; } = highWatermark;

    /// <summary>The offset after the last applied record or the reported end, whichever is further.</summary>
    public long Position { get; set; } = from;

    /// <summary>The offset after the last applied record; what the state covers.</summary>
    public long AppliedTo { get; set; } = from;

    /// <summary>Markers occupy offsets, so the end of the partition counts as well as records do.</summary>
    public bool IsComplete => Position >= HighWatermark;

    public long Remaining => Math.Max(0, HighWatermark - Position);
}

/// <summary>The bounds of an input partition when the task was taken over.</summary>
internal readonly record struct InputRange(TopicPartition Partition, LogBounds Bounds, long? CommittedOffset);

/// <summary>How far the restoring of one task has come.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Restored">Records and markers passed so far.</param>
/// <param name="Remaining">Records and markers still ahead.</param>
/// <param name="WaitingFor">What it waits for, or null.</param>
public readonly record struct RestoreProgress(
    Processing.TaskId TaskId, long Restored, long Remaining, string? WaitingFor = null);
