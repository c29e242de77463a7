namespace Alloc.Client;

/// <summary>How an outcome follows on those of its pool that were seen before.</summary>
public enum SequenceKind
{
    /// <summary>It is the next one, or the pool's very first.</summary>
    Next,

    /// <summary>Nothing of the pool was seen before, and it is not its first: what came earlier is not known.</summary>
    First,

    /// <summary>It was seen before: drop it, for instance after reading again from an earlier position.</summary>
    Repeat,

    /// <summary>
    /// Outcomes between the last one seen and this one are missing: do not go on as if nothing were, read again from
    /// an earlier position, or take the pool's state from elsewhere.
    /// </summary>
    Gap,
}

/// <summary>What a check says of an outcome.</summary>
/// <param name="Kind">How it follows on.</param>
/// <param name="Expected">The sequence that would have been the next; for a pool of which nothing was seen, 1.</param>
public readonly record struct SequenceVerdict(SequenceKind Kind, long Expected);

/// <summary>
/// Checks that the outcomes of each pool come without a gap and without a repeat: they are numbered 1, 2, 3, … by pool.
/// Keeps one number for each pool; not thread-safe.
/// </summary>
public sealed class SequenceCheck
{
    private readonly Dictionary<string, long> last;

    /// <param name="last">The last sequence that was seen of each pool, by an earlier run; null for none.</param>
    public SequenceCheck(IReadOnlyDictionary<string, long>? last = null) => this.last = last is null
        ? new Dictionary<string, long>(StringComparer.Ordinal)
        : new Dictionary<string, long>(last, StringComparer.Ordinal);

    /// <summary>The last sequence seen of each pool: keep it with what was made of the outcomes.</summary>
    public IReadOnlyDictionary<string, long> Last => last;

    /// <summary>Looks at the next outcome. After a gap, the check goes on from it.</summary>
    /// <param name="poolId">Its pool.</param>
    /// <param name="sequence">Its sequence, from 1.</param>
    public SequenceVerdict See(string poolId, long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        var isKnown = last.TryGetValue(poolId, out var before);
        var expected = before + 1;
        if (isKnown && sequence < expected)
        {
            return new SequenceVerdict(SequenceKind.Repeat, expected);
        }
        last[poolId] = sequence;
        return new SequenceVerdict(
            sequence == expected ? SequenceKind.Next : isKnown ? SequenceKind.Gap : SequenceKind.First, expected);
    }
}
