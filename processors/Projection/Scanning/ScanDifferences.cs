using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>An entry that ledger and searches do not have alike.</summary>
/// <param name="Key">The reservation; with an empty id the pool itself.</param>
/// <param name="Ledger">What the ledger has; null: nothing.</param>
/// <param name="Search">What searches have; null: nothing.</param>
/// <param name="Index">
/// Where both have the same and it is an index that does not: what is wrong with it, in words; else null.
/// </param>
public sealed record ScanDifference(
    PoolKey Key, ScannedEntry? Ledger, ScannedEntry? Search, string? Index = null)
{
    /// <summary>What the ledger says.</summary>
    public string LedgerSays =>
        Index is null ? ScannedEntries.Describe(Ledger) : "the reservation is as searches have it";

    /// <summary>What searches say.</summary>
    public string SearchSays => Index ?? ScannedEntries.Describe(Search);
}

/// <summary>Compares entry by entry.</summary>
public static class ScanDifferences
{
    /// <summary>Entries that are not alike, in order.</summary>
    public static IEnumerable<ScanDifference> Of(
        IEnumerable<ScannedEntry> ledger, IEnumerable<ScannedEntry> search)
    {
        using var right = search.GetEnumerator();
        var hasRight = right.MoveNext();
        foreach (var left in ledger)
        {
            var key = ScannedEntries.KeyOf(left);
            while (hasRight && ScannedEntries.Compare(ScannedEntries.KeyOf(right.Current), key) < 0)
            {
                yield return new ScanDifference(ScannedEntries.KeyOf(right.Current), null, right.Current);
                hasRight = right.MoveNext();
            }
            if (!hasRight || ScannedEntries.KeyOf(right.Current) != key)
            {
                yield return new ScanDifference(key, left, null);
                continue;
            }
            if (right.Current != left)
            {
                yield return new ScanDifference(key, left, right.Current);
            }
            hasRight = right.MoveNext();
        }
        for (; hasRight; hasRight = right.MoveNext())
        {
            yield return new ScanDifference(ScannedEntries.KeyOf(right.Current), null, right.Current);
        }
    }
}
