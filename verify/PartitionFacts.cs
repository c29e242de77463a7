namespace Alloc.Verify;

/// <summary>What a partition's check starts from.</summary>
internal sealed record PartitionFacts
{
    /// <summary>The next command of each input topic, in log order; null at the end.</summary>
    public required IReadOnlyDictionary<string, Func<ObservedCommand?>> Commands { get; init; }

    /// <summary>The group's committed offset of each input topic, read before the topics were.</summary>
    public required IReadOnlyDictionary<string, long> CommittedFirst { get; init; }

    /// <summary>The same, read after the topics were: on a live system it has moved.</summary>
    public required IReadOnlyDictionary<string, long> CommittedLast { get; init; }

    /// <summary>The first offset that each input topic still has.</summary>
    public required IReadOnlyDictionary<string, long> FirstOffsets { get; init; }

    /// <summary>Dead letters by the record that they came from.</summary>
    public IReadOnlyDictionary<Position, ObservedDeadLetter> DeadLetters { get; init; } =
        new Dictionary<Position, ObservedDeadLetter>();

    /// <summary>Whether the journal still has its first record, so that every pool begins at sequence 1.</summary>
    public bool JournalStartsAtFirst { get; init; } = true;

    /// <summary>
    /// Whether the journal is the shadow's: it decides about slices in mode Shadow, and not about every command.
    /// </summary>
    public bool IsShadow { get; init; }

    public long CommittedBefore(string topic) => CommittedFirst.GetValueOrDefault(topic, 0);

    public long CommittedAfter(string topic) => CommittedLast.GetValueOrDefault(topic, 0);

    public long FirstOffset(string topic) => FirstOffsets.GetValueOrDefault(topic, 0);
}

/// <summary>What was read of a partition.</summary>
internal sealed class PartitionCounts
{
    private readonly Dictionary<string, long> events = new(StringComparer.Ordinal);

    public long Commands { get; set; }

    public long Outcomes { get; set; }

    public long Originals { get; set; }

    public long Duplicates { get; set; }

    /// <summary>
    /// Commands that the group has not committed as read: still to be decided. A tick asks for nothing and is none.
    /// </summary>
    public long Undecided { get; set; }

    /// <summary>Commands decided later: parked, or waiting for an approval.</summary>
    public long Parked { get; set; }

    public IReadOnlyDictionary<string, long> Events => events;

    public void CountEvent(string name) => events[name] = events.GetValueOrDefault(name) + 1;
}
