using Alloc.Schemas.Allocation;

namespace Alloc.Client;

/// <summary>Where following begins in a partition of which no position is given.</summary>
public enum FollowFrom
{
    /// <summary>At the first outcome that the journal has.</summary>
    Beginning,

    /// <summary>At what comes from now on.</summary>
    End,
}

/// <summary>
/// From where outcomes are followed. Keep <see cref="Positions"/> and <see cref="LastSequences"/> in the same
/// transaction as what is made of the outcomes: then each has its effect once, and a gap is noticed over restarts too.
/// </summary>
public sealed record FollowOptions
{
    /// <summary>Where to begin in a partition that <see cref="Positions"/> does not have.</summary>
    public FollowFrom From { get; init; } = FollowFrom.Beginning;

    /// <summary>The next offset to read, by partition.</summary>
    public IReadOnlyDictionary<int, long> Positions { get; init; } = new Dictionary<int, long>();

    /// <summary>The last sequence that was seen, by pool.</summary>
    public IReadOnlyDictionary<string, long> LastSequences { get; init; } = new Dictionary<string, long>();

    /// <summary>The partitions to follow, from 0; null for all of them.</summary>
    public IReadOnlyCollection<int>? Partitions { get; init; }

    /// <summary>Whether to stop where the journal ends when following begins.</summary>
    public bool StopsAtEnd { get; init; }

    /// <summary>Outcomes read ahead of who takes them, 1 to 100,000; 1,000 by default.</summary>
    public int ReadAheadCount { get; init; } = 1_000;

    /// <summary>Checks that every option is in its range.</summary>
    /// <exception cref="AllocException">One is not; the text names it.</exception>
    public void Validate()
    {
        if (ReadAheadCount is < 1 or > 100_000)
        {
            throw AllocException.Usage($"{nameof(ReadAheadCount)}: {ReadAheadCount} is out of range; 1 to 100000.");
        }
        if (Positions.FirstOrDefault(p => p.Key < 0 || p.Value < 0) is { Key: < 0 } or { Value: < 0 })
        {
            throw AllocException.Usage($"{nameof(Positions)}: partitions and offsets begin with 0.");
        }
    }
}

/// <summary>An outcome of the journal, in its place.</summary>
/// <param name="Outcome">What was decided.</param>
/// <param name="Partition">Its partition, from 0.</param>
/// <param name="Offset">Its offset; the position to go on from is the one after it.</param>
/// <param name="Sequence">How it follows on those of its pool.</param>
public sealed record FollowedOutcome(
    AllocationOutcome Outcome, int Partition, long Offset, SequenceVerdict Sequence);
