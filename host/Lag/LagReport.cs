using Alloc.Engine.LogClient;

namespace Alloc.Host.Lag;

/// <summary>How far every group is in the topics that are watched, as of one look.</summary>
/// <param name="AtMs">When the last look ended that got through, milliseconds since 1970 UTC; 0 for none.</param>
/// <param name="Groups">The groups, by name.</param>
/// <param name="Beyond">How many more there are than are watched.</param>
/// <param name="Open">Partitions that end before their log does, for a transaction stands open.</param>
/// <param name="Problem">Why the last look did not get through, or null.</param>
internal sealed record LagReport(
    long AtMs, IReadOnlyList<GroupLag> Groups, int Beyond, IReadOnlyList<OpenPartition> Open, string? Problem)
{
    /// <summary>When the watch began, milliseconds since 1970 UTC.</summary>
    public required long BegunMs { get; init; }

    /// <summary>Before the first look.</summary>
    public static LagReport Nothing(long begunMs) => new(0, [], 0, [], null) { BegunMs = begunMs };

    /// <summary>How long ago a look got through; where none ever did, how long the watch has tried.</summary>
    public TimeSpan Age(long nowMs) =>
        TimeSpan.FromMilliseconds(Math.Max(0, nowMs - (AtMs > 0 ? AtMs : BegunMs)));
}

/// <summary>One group.</summary>
/// <param name="Name">The group.</param>
/// <param name="State">Its coordinator's word for it.</param>
/// <param name="Assignor">What gives out its partitions, or empty.</param>
/// <param name="MemberCount">How many members it has.</param>
/// <param name="Partitions">Its partitions, by topic and number.</param>
/// <param name="Problem">What its coordinator did not tell in the last look and why, in words, or null.</param>
internal sealed record GroupLag(
    string Name, string State, string Assignor, int MemberCount, IReadOnlyList<PartitionLag> Partitions,
    string? Problem)
{
    /// <summary>
    /// Whether its offsets were never told: it may be on topics of ours, and nothing more is known of it.
    /// </summary>
    public bool IsUntold => Partitions.Count == 0 && Problem is not null;

    public long LagRecords => Partitions.Sum(p => p.LagRecords);

    /// <summary>The worst of its partitions.</summary>
    public ConsumerStatus Status => IsUntold ? ConsumerStatus.Unknown
        : Partitions.Count == 0 ? ConsumerStatus.Ok : Partitions.Max(p => p.Status);

    /// <summary>Largest partition lag over the mean; 1 is even.</summary>
    public double SkewRatio => LagRecords == 0 ? 1
        : Partitions.Max(p => p.LagRecords) / ((double)LagRecords / Partitions.Count);

    /// <summary>Age of the oldest record that waits; null where it is not known of a partition that lags.</summary>
    public TimeSpan? Age(long nowMs) => IsUntold ? null
        : Partitions.Count == 0 ? TimeSpan.Zero
        : Partitions.Any(p => p.Age(nowMs) is null) ? null : Partitions.Max(p => p.Age(nowMs));
}

/// <summary>One group in one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Committed">Everything before it is done; null: nothing ever was.</param>
/// <param name="End">The high watermark.</param>
/// <param name="LagRecords">Records, and markers, between the two that the log still has.</param>
/// <param name="OldestMs">
/// When the oldest of them came into the log; <see cref="long.MaxValue"/> where there are only markers, null where it
/// is not known.
/// </param>
/// <param name="StandsSinceMs">Since when the offset stands; of no meaning where nothing waits.</param>
/// <param name="SilentSinceMs">When the broker told it last, where it no longer does; else null.</param>
/// <param name="Status">How it is judged.</param>
/// <param name="Owner">The member that has it, or null.</param>
/// <param name="Why">What holds it up, in words, or null.</param>
internal sealed record PartitionLag(
    TopicPartition Partition, long? Committed, long End, long LagRecords, long? OldestMs, long StandsSinceMs,
    long? SilentSinceMs, ConsumerStatus Status, ConsumerGroupMember? Owner, string? Why)
{
    /// <summary>
    /// Age of the oldest record that waits: zero where none does, null where it is not known. While the broker does
    /// not answer at least as long as that has been so.
    /// </summary>
    public TimeSpan? Age(long nowMs)
    {
        var silentMs = SilentSinceMs is { } since ? Math.Max(0, nowMs - since) : 0;
        return LagRecords == 0 || OldestMs == long.MaxValue ? TimeSpan.FromMilliseconds(silentMs)
            : OldestMs is { } oldest ? TimeSpan.FromMilliseconds(Math.Max(Math.Max(0, nowMs - oldest), silentMs))
            : null;
    }

    /// <summary>How long the offset has stood while records waited, or the broker was silent.</summary>
    public TimeSpan Stalled(long nowMs) => TimeSpan.FromMilliseconds(Math.Max(
        LagRecords == 0 || OldestMs == long.MaxValue ? 0 : Math.Max(0, nowMs - StandsSinceMs),
        SilentSinceMs is { } since ? Math.Max(0, nowMs - since) : 0));
}

/// <summary>A partition whose last stable offset stands before its end.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The last stable offset.</param>
/// <param name="SinceMs">Since when, milliseconds since 1970 UTC.</param>
/// <param name="Stands">Whether it was so at more than one look; many that come and go are not.</param>
/// <param name="Transaction">Whose transaction it is, where somebody was asked.</param>
internal sealed record OpenPartition(
    TopicPartition Partition, long Offset, long SinceMs, bool Stands, OpenTransaction? Transaction);
