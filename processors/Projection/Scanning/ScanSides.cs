using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>
/// The ledger of a partition as it was at one offset of the journal: what it decides by, which no code of searches ever
/// touched.
/// </summary>
public sealed class LedgerSide
{
    private readonly IKeyValueStore<string, PoolState> pools;
    private readonly IKeyValueStore<PoolKey, Reservation> reservations;

    /// <param name="snapshot">The stores of <see cref="Stores"/>.</param>
    /// <param name="journal">The journal's topic.</param>
    public LedgerSide(IStateSnapshot snapshot, string journal)
    {
        pools = snapshot.GetStore<IKeyValueStore<string, PoolState>>(AllocationStores.Pools);
        reservations = snapshot.GetStore<IKeyValueStore<PoolKey, Reservation>>(AllocationStores.Reservations);
        Offset = snapshot.Position.NextOffset(journal) ?? 0;
        ForgottenBy = snapshot.GetStore<IKeyValueStore<string, PartitionState>>(AllocationStores.Partition)
            .Get(AllocationStores.PartitionKey)?.TMs ?? long.MinValue;
    }

    /// <summary>The stores that are read.</summary>
    public static IReadOnlyList<string> Stores { get; } =
        [AllocationStores.Partition, AllocationStores.Pools, AllocationStores.Reservations];

    /// <summary>Offset of the journal up to which it has written.</summary>
    public long Offset { get; }

    /// <summary>The log's time: what is forgotten by then may be there or not.</summary>
    public long ForgottenBy { get; }

    /// <summary>Its entries in order, without those that are forgotten by then.</summary>
    public IEnumerable<ScannedEntry> Entries(ScanSpan span, long forgottenBy) => ScanMerge.Of(
        ScanMerge.Read(pools, span).Select(p => ScannedEntries.OfPool(p.Key, p.Value.Sequence)),
        ScanMerge.Read(reservations, span).Where(r => !(r.Value.ForgetAtMs <= forgottenBy))
            .Select(r => ScannedEntries.Of(r.Key.PoolId, r.Value)));
}

/// <summary>Searches of a partition as they were at one offset of the journal.</summary>
public sealed class SearchSide
{
    private readonly IKeyValueStore<string, ProjectedPool> pools;
    private readonly IKeyValueStore<PoolKey, ReservationView> reservations;

    /// <param name="snapshot">The stores of <see cref="Stores"/>.</param>
    /// <param name="journal">The journal's topic.</param>
    /// <param name="committed">Offset up to which the group had committed before the snapshot was taken.</param>
    public SearchSide(IStateSnapshot snapshot, string journal, long committed)
    {
        pools = snapshot.GetStore<IKeyValueStore<string, ProjectedPool>>(ProjectionStores.Pools);
        reservations = snapshot.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations);
        Index = snapshot.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index);
        if (snapshot.Position.SourceMarks.TryGetValue(journal, out var mark))
        {
            Offset = LedgerAtLeast = mark + 1;
        }
        else
        {
            // Nothing was folded since the state was restored: the group alone knows how far it is, and that may lie
            // beyond the ledger's last outcome, for transactions end with a record of their own.
            Offset = committed;
        }
        ForgottenBy = snapshot.Position.StreamTimeMs;
    }

    /// <summary>The stores that are read.</summary>
    public static IReadOnlyList<string> Stores { get; } =
        [ProjectionStores.Pools, ProjectionStores.Reservations, ProjectionStores.Index];

    /// <summary>Offset of the journal up to which it is folded.</summary>
    public long Offset { get; }

    /// <summary>Offset up to which a ledger must have written the journal to have what is folded here.</summary>
    public long LedgerAtLeast { get; }

    /// <summary>What is forgotten by then may be there or not, milliseconds since 1970 UTC.</summary>
    public long ForgottenBy { get; }

    /// <summary>Reservations by order, customer and status.</summary>
    internal IKeyValueStore<IndexKey, IndexEntry> Index { get; }

    /// <summary>Its entries in order, as the tail leaves them, without those that are forgotten by then.</summary>
    /// <param name="span">Which.</param>
    /// <param name="forgottenBy">What is forgotten by then is left out.</param>
    /// <param name="tail">The journal from <see cref="Offset"/> on.</param>
    /// <param name="seen">Told of every reservation that is there, forgotten or not; null: nobody is.</param>
    public IEnumerable<ScannedEntry> Entries(
        ScanSpan span, long forgottenBy, JournalTail tail, Action<ReservationView>? seen = null)
    {
        var own = ScanMerge.Of(
            ScanMerge.Read(pools, span).Select(p => ScannedEntries.OfPool(p.Key, p.Value.Sequence)),
            Views(span, seen).Select(ScannedEntries.Of));
        return tail.Over(own, span.Covers).Where(e => !(e.ForgetAtMs <= forgottenBy));
    }

    /// <summary>Its reservations, forgotten or not.</summary>
    internal IEnumerable<ReservationView> Views(ScanSpan span, Action<ReservationView>? seen = null)
    {
        foreach (var (_, view) in ScanMerge.Read(reservations, span))
        {
            seen?.Invoke(view);
            yield return view;
        }
    }
}

/// <summary>Reads entries of pools and of their reservations as one sequence.</summary>
internal static class ScanMerge
{
    /// <summary>Pools of which a span has the pool's own entry.</summary>
    public static IEnumerable<KeyValuePair<string, T>> Read<T>(IKeyValueStore<string, T> pools, ScanSpan span)
        where T : class =>
        pools.Range(span.From.PoolId, span.To is { } to ? to.PoolId + "\u0001" : AllocationStores.LastPoolId)
            .Where(p => span.Covers(new PoolKey(p.Key, "")));

    /// <summary>Entries of a span.</summary>
    public static IEnumerable<KeyValuePair<PoolKey, T>> Read<T>(IKeyValueStore<PoolKey, T> store, ScanSpan span)
        where T : class => store.Range(span.From, span.To ?? new PoolKey(AllocationStores.LastPoolId, ""));

    /// <summary>Both in the order of their keys.</summary>
    public static IEnumerable<ScannedEntry> Of(
        IEnumerable<ScannedEntry> pools, IEnumerable<ScannedEntry> reservations)
    {
        using var pool = pools.GetEnumerator();
        var hasPool = pool.MoveNext();
        foreach (var reservation in reservations)
        {
            for (; hasPool && Utf8Order.Compare(pool.Current.PoolId, reservation.PoolId) <= 0;
                hasPool = pool.MoveNext())
            {
                yield return pool.Current;
            }
            yield return reservation;
        }
        for (; hasPool; hasPool = pool.MoveNext())
        {
            yield return pool.Current;
        }
    }
}
