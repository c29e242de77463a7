using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>What an outcome does to the stores of the projection, wherever they are.</summary>
/// <param name="pools">How far each pool is.</param>
/// <param name="reservations">Reservations, by pool and id.</param>
/// <param name="index">Reservations by order, customer and status.</param>
internal sealed class ProjectionFold(
    IKeyValueStore<string, ProjectedPool> pools, IKeyValueStore<PoolKey, ReservationView> reservations,
    IKeyValueStore<IndexKey, IndexEntry> index)
{
    /// <summary>The stores, for reading.</summary>
    public ProjectionReads Reads { get; } = new(pools, reservations, index);

    /// <summary>Sequence of the last outcome of a pool; 0 for none.</summary>
    public long Known(string poolId) => pools.Get(poolId)?.Sequence ?? 0;

    /// <summary>Takes in the outcome that follows on in its pool.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="touched">Told of each reservation that it writes: what it was, or null, and what it is.</param>
    public void Fold(AllocationOutcome outcome, Action<ReservationView?, ReservationView>? touched = null)
    {
        pools.Put(outcome.PoolId, new ProjectedPool { Sequence = outcome.Sequence, TMs = outcome.TMs });
        foreach (var after in outcome.After)
        {
            var key = new PoolKey(outcome.PoolId, after.ReservationId);
            var before = reservations.Get(key);
            // One that is forgotten is gone, swept already or not.
            var view = ReservationViews.Of(outcome, after, before?.ForgetAtMs <= outcome.TMs ? null : before);
            reservations.Put(key, view);
            Move(IndexKeys.OfOrder(before), IndexKeys.OfOrder(view), view.Version);
            Move(IndexKeys.OfCustomer(before), IndexKeys.OfCustomer(view), view.Version);
            Move(IndexKeys.OfStatus(before), IndexKeys.OfStatus(view), view.Version);
            touched?.Invoke(before, view);
        }
    }

    /// <summary>Forgets a reservation.</summary>
    public void Delete(ReservationView view)
    {
        reservations.Delete(new PoolKey(view.PoolId, view.ReservationId));
        foreach (var key in IndexKeys.Of(view))
        {
            index.Delete(key);
        }
    }

    /// <summary>Makes an entry what it is elsewhere.</summary>
    public void Copy(ProjectionEntry entry, ProjectionReads from, long nowMs)
    {
        switch (entry.Part)
        {
            case ProjectionPart.Pool when from.Pool(entry.PoolId) is { } pool:
                pools.Put(entry.PoolId, pool);
                break;
            case ProjectionPart.Pool:
                pools.Delete(entry.PoolId);
                break;
            case ProjectionPart.Reservation when from.Reservation(entry.Key, nowMs) is { } view:
                reservations.Put(entry.Key, view);
                break;
            case ProjectionPart.Reservation:
                reservations.Delete(entry.Key);
                break;
            case ProjectionPart.Index when from.Reservation(entry.Key, nowMs) is { } view && from.Has(entry.Index):
                index.Put(entry.Index, new IndexEntry { Version = view.Version });
                break;
            default:
                index.Delete(entry.Index);
                break;
        }
    }

    private void Move(IndexKey? from, IndexKey? to, long version)
    {
        if (from == to)
        {
            return;
        }
        if (from is { } gone)
        {
            index.Delete(gone);
        }
        if (to is { } come)
        {
            index.Put(come, new IndexEntry { Version = version });
        }
    }
}
