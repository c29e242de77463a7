using Alloc.Schemas.Allocation;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Alloc.Replay.Shop;

/// <summary>
/// The warehouse of a shop: what lies on its shelves, the number of its last fact of each pool, and what it told of it.
/// </summary>
internal sealed class Warehouse(IShopWorld world)
{
    /// <summary>The source of its facts and counts.</summary>
    public const string Source = "wms";

    private const int FactsBefore = 1;
    private const int HeardAfterMs = 2_000;
    private readonly Dictionary<string, Shelf> shelves = new(StringComparer.Ordinal);

    private readonly Dictionary<string, List<WarehouseMovement>> kept = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Pool, string Movement), Action> unsaid = [];

    /// <summary>Pools that it keeps.</summary>
    public int PoolCount => shelves.Count;

    /// <summary>Counts a new pool for the first time.</summary>
    public void Open(string poolId, long quantity, Action<AllocationOutcome>? booked)
    {
        Keep(poolId, quantity);
        Count(poolId, booked);
    }

    /// <summary>Keeps a pool of which others count. Its first fact was before: of one that is missing before the first
    /// that is known nobody would hear.</summary>
    public void Keep(string poolId, long quantity) =>
        shelves[poolId] = new Shelf { OnHand = quantity, Sequence = FactsBefore };

    /// <summary>Whether goods of a pool left or came back long enough ago that all have heard of it: before that,
    /// nobody asks for what is missing.</summary>
    public bool HasReported(string poolId) =>
        shelves[poolId].FirstMovedMs is { } atMs && world.NowMs - atMs >= HeardAfterMs;

    /// <summary>Says what lies there, with all facts up to the last one inside.</summary>
    public void Count(string poolId, Action<AllocationOutcome>? booked = null)
    {
        var shelf = shelves[poolId];
        world.Say(
            new StockSnapshot
            {
                PoolId = poolId,
                Source = Source,
                Version = ++shelf.CountVersion,
                Quantity = shelf.OnHand,
                Through = shelf.Sequence,
                TakenAtMs = world.NowMs,
            }, booked);
    }

    /// <summary>Goods came in.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="movementId">The movement.</param>
    /// <param name="quantity">Units.</param>
    /// <param name="isUnsaid">Whether nobody is told until somebody asks.</param>
    /// <returns>The number of the fact.</returns>
    public long Receive(string poolId, string movementId, long quantity, bool isUnsaid = false)
    {
        shelves[poolId].OnHand += quantity;
        var movement = Move(poolId, movementId, MovementKind.Received, quantity, null, null);
        if (isUnsaid)
        {
            Remember(movement);
        }
        else
        {
            world.Say(movement);
        }
        return movement.SourceSequence;
    }

    /// <summary>Goods leave for an order.</summary>
    public void Ship(
        string orderRef, PlannedLine line, string movementId, long quantity, Action<AllocationOutcome>? booked)
    {
        var shelf = shelves[line.PoolId];
        shelf.OnHand -= quantity;
        shelf.FirstMovedMs ??= world.NowMs;
        world.Say(
            Move(line.PoolId, movementId, MovementKind.Shipped, quantity, orderRef, line.ReservationId), booked);
    }

    /// <summary>Goods leave, and no command is made of what the warehouse says of it.</summary>
    /// <returns>The number of the fact.</returns>
    public long ShipUnheard(string orderRef, PlannedLine line, string movementId, long quantity)
    {
        shelves[line.PoolId].OnHand -= quantity;
        var movement = Move(
            line.PoolId, movementId, MovementKind.Shipped, quantity, orderRef, line.ReservationId);
        Remember(movement);
        world.Lose(movement);
        return movement.SourceSequence;
    }

    /// <summary>Goods leave, and the warehouse says so only when it is asked.</summary>
    public void ShipUnsaid(string orderRef, PlannedLine line, string movementId, long quantity) =>
        unsaid[(line.PoolId, movementId)] = () => Ship(orderRef, line, movementId, quantity, null);

    /// <summary>Whether a fact of the pool is missing: a count would hide it.</summary>
    public bool Misses(string poolId) => kept.ContainsKey(poolId);

    /// <summary>Answers who asks: says again what nobody heard, and counts where a count is wanted.</summary>
    public void Answer(SupplyRequest request)
    {
        if (request.MovementId is { } id && unsaid.Remove((request.PoolId, id), out var say))
        {
            say();
        }
        foreach (var movement in kept.GetValueOrDefault(request.PoolId) ?? [])
        {
            world.Say(movement);
        }
        kept.Remove(request.PoolId);
        if (request.Kind == SupplyRequestKind.Snapshot)
        {
            Count(request.PoolId);
        }
    }

    /// <summary>Goods came back.</summary>
    public void TakeBack(
        string orderRef, string poolId, string? reservationId, PlannedReturn returned,
        Action<AllocationOutcome>? booked)
    {
        var shelf = shelves[poolId];
        shelf.OnHand += returned.Quantity;
        shelf.FirstMovedMs ??= world.NowMs;
        world.Say(
            Move(poolId, returned.Id, MovementKind.Returned, returned.Quantity, orderRef, reservationId) with
            {
                Disposition = returned.IsDamaged ? ReturnDisposition.Blocked : ReturnDisposition.Free,
            }, booked);
    }

    private void Remember(WarehouseMovement movement)
    {
        if (!kept.TryGetValue(movement.PoolId, out var list))
        {
            kept[movement.PoolId] = list = [];
        }
        list.Add(movement);
    }

    private WarehouseMovement Move(
        string poolId, string movementId, MovementKind kind, long quantity, string? orderRef, string? reservationId)
    {
        var shelf = shelves[poolId];
        return new WarehouseMovement
        {
            MovementId = movementId,
            PoolId = poolId,
            Kind = kind,
            OrderRef = orderRef,
            ReservationId = reservationId,
            Quantity = quantity,
            Source = Source,
            SourceSequence = ++shelf.Sequence,
            OccurredAtMs = world.NowMs,
        };
    }

    private sealed class Shelf
    {
        public long OnHand { get; set; }

        public long Sequence { get; set; }

        public long? FirstMovedMs { get; set; }

        public long CountVersion { get; set; }
    }
}
