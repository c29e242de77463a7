namespace Alloc.Broker.Storage;

/// <summary>One compaction of a partition: what goes in, fixed while it runs beside the loop.</summary>
internal sealed class CleaningTask
{
    public required PartitionLog Log { get; init; }

    /// <summary>Full segments from the log's first on, leased; none of their transactions is open.</summary>
    public required List<Segment> Inputs { get; init; }

    /// <summary>Offset after the last input.</summary>
    public required long EndOffset { get; init; }

    /// <summary>Offset below which no key has two values.</summary>
    public required long UniqueUpTo { get; init; }

    /// <summary>The partition's aborted transactions.</summary>
    public required IReadOnlyList<AbortedTransaction> Aborted { get; init; }

    /// <summary>Base offset of each producer's last batch: its header is kept, as it carries the last
    /// sequence.</summary>
    public required IReadOnlyDictionary<long, long> LastBatchOffsets { get; init; }

    /// <summary>Tombstones older than this, in milliseconds since 1970, have been seen by everybody; where their batch
    /// was surely appended later than its records say, that counts.</summary>
    public required long DropTombstonesBeforeMs { get; init; }

    /// <summary>Size over which results are not merged.</summary>
    public required long SegmentBytes { get; init; }
}

/// <summary>What a compaction made.</summary>
/// <param name="Segments">The replacements.</param>
/// <param name="Compacted">How far the log is compacted with them.</param>
internal sealed record Cleaned(IReadOnlyList<CleanedSegment> Segments, CompactedTo Compacted);

/// <summary>A finished replacement of consecutive segments.</summary>
internal sealed record CleanedSegment(
    long FirstBaseOffset, long LastBaseOffset, string SwapPath, SegmentContents Contents);
