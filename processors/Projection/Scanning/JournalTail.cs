using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>
/// What the journal says between where searches are and where the ledger is: each entry that was written in between as
/// its last outcome left it. An outcome has every reservation that it changed, complete, so nothing is folded: with
/// these in place of their own, searches are where the ledger is.
/// </summary>
public sealed class JournalTail
{
    private readonly SortedDictionary<PoolKey, ScannedEntry> newest = new(
        Comparer<PoolKey>.Create((x, y) => ScannedEntries.Compare(x, y)));

    /// <summary>Entries that were written.</summary>
    public int Count => newest.Count;

    /// <summary>Takes in the next outcome.</summary>
    public void Add(AllocationOutcome outcome)
    {
        newest[new PoolKey(outcome.PoolId, "")] = ScannedEntries.OfPool(outcome.PoolId, outcome.Sequence);
        var poolId = outcome.RequestedPoolId ?? outcome.PoolId;
        foreach (var after in outcome.After)
        {
            newest[new PoolKey(poolId, after.ReservationId)] = ScannedEntries.Of(poolId, after);
        }
    }

    /// <summary>Entries of searches with those of the tail in their places, in order.</summary>
    /// <param name="entries">What searches have, in order.</param>
    /// <param name="isMeant">Whether an entry of the tail belongs among them.</param>
    public IEnumerable<ScannedEntry> Over(IEnumerable<ScannedEntry> entries, Func<PoolKey, bool> isMeant)
    {
        using var tail = newest.Where(e => isMeant(e.Key)).GetEnumerator();
        var hasTail = tail.MoveNext();
        foreach (var entry in entries)
        {
            var key = ScannedEntries.KeyOf(entry);
            var order = hasTail ? ScannedEntries.Compare(tail.Current.Key, key) : 1;
            for (; order < 0; order = hasTail ? ScannedEntries.Compare(tail.Current.Key, key) : 1)
            {
                yield return tail.Current.Value;
                hasTail = tail.MoveNext();
            }
            if (order != 0)
            {
                yield return entry;
                continue;
            }
            yield return tail.Current.Value;
            hasTail = tail.MoveNext();
        }
        for (; hasTail; hasTail = tail.MoveNext())
        {
            yield return tail.Current.Value;
        }
    }
}
