using System.Globalization;
using Alloc.Engine.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// Sequences of a source that stand as missing, in numbers alone: each fact of a source says which are missing still,
/// and only what ended is looked up among the differences.
/// </summary>
/// <param name="marks">Store <see cref="PoolStores.PoolMarks"/>.</param>
internal sealed class OpenGaps(IKeyValueStore<InPoolKey, Mark> marks)
{
    // No id has control characters, so what is remembered of two sources never runs together.
    private const char Part = '\u0001';
    private const char AfterParts = '\u0002';

    /// <summary>
    /// How many stand; null: nothing was ever remembered of the source, so what stands is known to the differences
    /// alone.
    /// </summary>
    public long? Count(string poolId, string source) => marks.Get(CountKey(poolId, source))?.Value;

    /// <summary>Says how many stand.</summary>
    public void SetCount(string poolId, string source, long count) =>
        marks.Put(CountKey(poolId, source), new Mark { Value = count });

    /// <summary>Remembers one.</summary>
    /// <returns>False: it was known.</returns>
    public bool Add(string poolId, string source, long from, long to)
    {
        var key = GapKey(poolId, source, from, to);
        if (marks.Get(key) is not null)
        {
            return false;
        }
        marks.Put(key, new Mark { Value = from });
        return true;
    }

    /// <summary>Forgets one.</summary>
    public void Remove(string poolId, string source, long from, long to) =>
        marks.Delete(GapKey(poolId, source, from, to));

    /// <summary>Those of which nothing is missing any more.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="source">The source.</param>
    /// <param name="missing">What is missing, ascending and disjoint.</param>
    public List<(long From, long To)> Over(string poolId, string source, IReadOnlyList<MissingSequences> missing)
    {
        var over = new List<(long From, long To)>();
        var first = Name(source);
        foreach (var (key, mark) in marks.Range(
            new InPoolKey(poolId, first + Part), new InPoolKey(poolId, first + AfterParts)))
        {
            var to = long.Parse(key.Id.AsSpan(key.Id.LastIndexOf(Part) + 1), CultureInfo.InvariantCulture);
            if (!IsMissing(missing, mark.Value, to))
            {
                over.Add((mark.Value, to));
            }
        }
        return over;
    }

    // The last range that begins at the gap's end or before: all that come before it end earlier.
    private static bool IsMissing(IReadOnlyList<MissingSequences> missing, long from, long to)
    {
        var (low, high) = (0, missing.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (missing[middle].From <= to)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low > 0 && missing[low - 1].To >= from;
    }

    private static string Name(string source) => $"gap{Part}{source}";

    private static InPoolKey CountKey(string poolId, string source) => new(poolId, $"gaps{Part}{source}");

    private static InPoolKey GapKey(string poolId, string source, long from, long to) => new(
        poolId, string.Create(CultureInfo.InvariantCulture, $"{Name(source)}{Part}{from:D19}{Part}{to:D19}"));
}
