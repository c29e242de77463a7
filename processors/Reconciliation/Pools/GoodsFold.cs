using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// What a warehouse ships or takes back, the ledger consumes or takes back, and nothing else. Of a pool whose warehouse
/// reports nothing, nothing is missed, nor is a movement of what was booked before its first one; but which of the two
/// logs is read first is chance, so what was booked is remembered in case its movement comes.
/// </summary>
internal sealed class GoodsFold
{
    private const int OutcomeClaim = 0;
    private const int MovementClaim = 1;
    private const int PerCall = 1_000;
    private const string FirstMovement = "first-movement";
    private static readonly Tolerance Usual = new(TimeSpan.FromMinutes(15), "none");
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a pair is remembered, so that a movement that is said again does not stand alone; and what was booked
    /// where no movement is missed.
    /// </summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    private readonly PoolStores stores;
    private readonly DifferenceBook differences;
    private readonly PartitionCatalogue catalogue;
    private readonly IWatermarkTimer timer;

    public GoodsFold(
        ReconciliationOptions options, IProcessorContext context, PoolStores stores, DifferenceBook differences,
        PartitionCatalogue catalogue)
    {
        (this.stores, this.differences, this.catalogue) = (stores, differences, catalogue);
        timer = context.CreateWatermarkTimer([options.OutcomeTopic], Forget);
        Await();
    }

    /// <summary>Goods moved.</summary>
    public void Take(string poolKey, WarehouseMovement movement, string position, long atMs)
    {
        if (!MovementRules.HasCounterpart(poolKey, movement))
        {
            return;
        }
        var first = new InPoolKey(movement.PoolId, FirstMovement);
        var isFirst = stores.MarkOfPool.Get(first) is null;
        if (isFirst)
        {
            stores.MarkOfPool.Put(first, new Mark { Value = atMs });
        }
        var key = new InPoolKey(movement.PoolId, movement.MovementId);
        var known = stores.GoodsOf.Get(key);
        if (known?.Movement is null)
        {
            Compare(key, known, (known ?? new WatchedGoods { ForgetAtMs = 0 }) with
            {
                Movement = new GoodsMoved
                {
                    Kind = movement.Kind,
                    Quantity = movement.Quantity,
                    Source = movement.Source,
                    SourceSequence = movement.SourceSequence,
                    ReservationId = movement.ReservationId,
                    OrderRef = movement.OrderRef,
                    AtMs = atMs,
                    Position = position,
                },
            }, new SaidBy(Sides.Warehouse, atMs));
        }
        if (isFirst)
        {
            Miss(movement.PoolId, atMs);
        }
    }

    /// <summary>The ledger booked something.</summary>
    public void Take(AllocationOutcome outcome, in RecordMetadata at)
    {
        if (BookedGoods.Of(outcome) is not { } booked)
        {
            return;
        }
        var key = new InPoolKey(outcome.PoolId, booked.ConsumeId);
        var known = stores.GoodsOf.Get(key);
        // A repeat says that the ledger knows it, where what was known of it is forgotten here.
        if (known?.Ledger is not null || (known is null && outcome.DuplicateOf is not null))
        {
            return;
        }
        var goods = (known ?? new WatchedGoods { ForgetAtMs = 0 }) with
        {
            Ledger = new GoodsBooked
            {
                Event = outcome.Event.GetType().Name,
                Quantity = booked.Units,
                ReservationId = booked.ReservationId,
                OutcomeId = OutcomeIds.Of(outcome),
                AtMs = outcome.TMs,
                Position = MismatchIds.PositionOf(at),
            },
        };
        if (known is null && !IsWatched(outcome))
        {
            KeepUntil(outcome.TMs + (long)Memory.TotalMilliseconds, key, goods);
            return;
        }
        Compare(key, known, goods, new SaidBy(Sides.Ledger, outcome.TMs));
    }

    private bool IsWatched(AllocationOutcome outcome) =>
        stores.MarkOfPool.Get(new InPoolKey(outcome.PoolId, FirstMovement)) is { } first
        && outcome.TMs >= first.Value;

    // The warehouse of a pool begins to report: what was booked since, and read before it, has to have its movement.
    private void Miss(string poolId, long sinceMs)
    {
        var booked = stores.GoodsOf.Prefix(PoolStores.PrefixOf(poolId))
            .Where(g => g.Value is { Movement: null, Ledger: { } ledger } && ledger.AtMs >= sinceMs).ToList();
        foreach (var (key, goods) in booked)
        {
            Compare(key, goods, goods with { ForgetAtMs = 0 }, new SaidBy(Sides.Warehouse, sinceMs));
        }
    }

    private void Compare(InPoolKey key, WatchedGoods? known, WatchedGoods goods, SaidBy by)
    {
        if (goods is { Movement: { } moved, Ledger: { } booked })
        {
            var before = known is null ? default(DifferenceKey?) : ClassOf(key, known);
            var (mismatch, sinceMs, episode) = moved.Quantity == booked.Quantity
                ? (default(MismatchClass?), 0L, "")
                : (ClassOf(moved, booked), Math.Max(moved.AtMs, booked.AtMs),
                    moved.AtMs > booked.AtMs ? moved.Position : booked.Position);
            var after = mismatch is { } class_ ? KeyOf(class_, key) : default(DifferenceKey?);
            if (before is { } old && old != after)
            {
                differences.End(old, "the other side came", by);
            }
            if (after is { } now)
            {
                differences.Stand(Describe(now, key, goods, sinceMs, episode, OutcomeClaim));
            }
        }
        else if (goods.Movement is { } alone)
        {
            differences.Stand(Describe(
                ClassOf(key, goods), key, goods, alone.AtMs, alone.Position, OutcomeClaim));
        }
        else
        {
            differences.Stand(Describe(
                ClassOf(key, goods), key, goods, goods.Ledger!.AtMs, goods.Ledger.Position, MovementClaim));
        }
        Keep(key, goods);
    }

    // A pair is forgotten after a while; one side alone is not, for the other may come at any time.
    private void Keep(InPoolKey key, WatchedGoods goods)
    {
        if (goods is not { Movement: { } moved, Ledger: { } booked })
        {
            stores.GoodsOf.Put(key, goods);
            return;
        }
        KeepUntil(Math.Max(moved.AtMs, booked.AtMs) + (long)Memory.TotalMilliseconds, key, goods);
    }

    private void KeepUntil(long forgetAtMs, InPoolKey key, WatchedGoods goods)
    {
        stores.GoodsOf.Put(key, goods with { ForgetAtMs = forgetAtMs });
        stores.GoodsDue.Add(forgetAtMs, key);
        if (timer.DueAtMs > forgetAtMs)
        {
            Await();
        }
    }

    private void Forget(long watermarkMs)
    {
        foreach (var (dueAtMs, key) in stores.GoodsDue.Until(watermarkMs - 1).Take(PerCall).ToList())
        {
            stores.GoodsDue.Remove(dueAtMs, key);
            if (stores.GoodsOf.Get(key) is { } goods && goods.ForgetAtMs == dueAtMs)
            {
                stores.GoodsOf.Delete(key);
            }
        }
        Await();
    }

    private void Await() =>
        timer.DueAtMs = stores.GoodsDue.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;

    private Finding Describe(
        DifferenceKey key, InPoolKey goodsKey, WatchedGoods goods, long sinceMs, string episode, int claim)
    {
        var (moved, booked) = (goods.Movement, goods.Ledger);
        var tolerance = catalogue.Of(key.Class, Usual);
        return new Finding(
            key,
            moved is null
                ? Sides.Silent(Sides.Warehouse, $"No movement {goodsKey.Id} of {goodsKey.PoolId}.")
                : Sides.Of(
                    Sides.Warehouse, $"{moved.Kind} {moved.Quantity} of {goodsKey.PoolId} by {moved.Source}, movement "
                    + $"{goodsKey.Id}.", moved.Position, moved.AtMs, ("quantity", moved.Quantity),
                    ("sourceSequence", moved.SourceSequence)),
            booked is null
                ? Sides.Silent(Sides.Ledger, $"Nothing was booked for movement {goodsKey.Id}.")
                : Sides.Of(
                    Sides.Ledger, $"{booked.Event} {booked.Quantity} of {booked.ReservationId}, outcome "
                    + $"{booked.OutcomeId}.", booked.Position, booked.AtMs, ("quantity", booked.Quantity)))
        {
            SinceMs = sinceMs,
            Episode = episode,
            Tolerance = tolerance with { Time = tolerance.Time + Grace, Grace = Grace },
            Claim = claim,
            Awaits = booked is null ? Sides.Ledger : moved is null ? Sides.Warehouse : "",
            PoolId = goodsKey.PoolId,
            OrderRef = moved?.OrderRef,
            Repair = new RepairFacts
            {
                Kind = moved is null ? RepairKind.RequestMovement : RepairKind.RequestSnapshot,
                PoolId = goodsKey.PoolId,
                Source = moved?.Source,
                MovementId = goodsKey.Id,
            },
        };
    }

    private static DifferenceKey ClassOf(InPoolKey key, WatchedGoods goods) => KeyOf(
        goods switch
        {
            { Movement: { } moved, Ledger: { } booked } => ClassOf(moved, booked),
            { Movement.Kind: MovementKind.Shipped } => MismatchClass.ConfirmedNotConsumed,
            { Ledger.Event: "Consumed" or "OrphanConsumed" } => MismatchClass.OrphanConsume,
            _ => MismatchClass.OrphanReturn,
        },
        key);

    private static MismatchClass ClassOf(GoodsMoved moved, GoodsBooked booked) =>
        moved.Kind == MovementKind.Returned ? MismatchClass.OrphanReturn
        : moved.Quantity > booked.Quantity ? MismatchClass.ConfirmedNotConsumed : MismatchClass.OrphanConsume;

    private static DifferenceKey KeyOf(MismatchClass mismatch, InPoolKey key) =>
        key.Difference(mismatch, "movement");
}
