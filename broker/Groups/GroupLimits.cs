namespace Alloc.Broker.Groups;

/// <summary>Bounds on what group members may ask for.</summary>
internal sealed record GroupLimits
{
    /// <summary>Shortest session in milliseconds. Kafka's default is 6000; tests want to wait less.</summary>
    public int MinimumSessionTimeoutMs { get; init; } = 100;

    /// <summary>Longest session in milliseconds, as in Kafka.</summary>
    public int MaximumSessionTimeoutMs { get; init; } = 1_800_000;

    /// <summary>Members a group may have, those who were only given an id counted.</summary>
    public int MaximumGroupSize { get; init; } = 1_000;

    /// <summary>Bytes of metadata beside one committed offset, as in Kafka.</summary>
    public int MaximumOffsetMetadataSize { get; init; } = 4_096;

    /// <summary>After how many milliseconds without members a group that has no offsets either is forgotten.</summary>
    public long EmptyGroupRetentionMs { get; init; } = 600_000;
}
