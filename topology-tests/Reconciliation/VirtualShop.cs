using Alloc.Replay.Shop;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>A shop on virtual time: what it says goes to the world, which has a ledger that answers at once.</summary>
internal sealed class VirtualShop(World world) : IShopWorld
{
    private const int LongestBridgeMs = 25_000;
    private readonly PriorityQueue<Action, (long AtMs, int Number)> due = new();
    private readonly ShopAnswers answers = new();
    private int scheduled;
    private int heard;

    /// <summary>Called with every outcome.</summary>
    public Action<AllocationOutcome> OnOutcome { get; set; } = static _ => { };

    /// <summary>Draws how long the supply bridge takes.</summary>
    public required Random Random { get; init; }

    /// <summary>Whether something is to be done still.</summary>
    public bool IsBusy => due.Count > 0;

    /// <inheritdoc/>
    public long NowMs => world.NowMs;

    /// <summary>Hears what the ledger said, and does what is due.</summary>
    public void Turn()
    {
        Hear();
        while (due.TryPeek(out var act, out var at) && at.AtMs <= NowMs)
        {
            due.Dequeue();
            act();
            Hear();
        }
    }

    /// <inheritdoc/>
    public void After(long delayMs, Action act) => due.Enqueue(act, (NowMs + delayMs, scheduled++));

    /// <inheritdoc/>
    public void Ask(
        string poolId, string commandId, AllocationCommandBody body, Action<AllocationOutcome>? answered = null)
    {
        answers.Await(poolId, commandId, answered);
        world.Send(body, commandId, poolId);
    }

    /// <inheritdoc/>
    public void WhenExpired(string poolId, string reservationId, Action expired)
    {
        if (answers.AwaitExpiry(poolId, reservationId, expired))
        {
            After(0, expired);
        }
    }

    /// <inheritdoc/>
    public void Say(OrderStatus status) => world.Say(status);

    /// <inheritdoc/>
    public void Say(PaymentStatus status) => world.Say(status);

    /// <inheritdoc/>
    public void Say(WarehouseMovement movement, Action<AllocationOutcome>? booked = null)
    {
        Lose(movement);
        var id = $"sb/{movement.Source}/{movement.PoolId}/{movement.SourceSequence}";
        After(Random.Next(200, LongestBridgeMs), () => Ask(movement.PoolId, id, CommandOf(movement), booked));
    }

    /// <inheritdoc/>
    public void Say(StockSnapshot count, Action<AllocationOutcome>? booked = null) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Say(EffectReceipt receipt) =>
        world.Receipt(receipt.OutcomeId, receipt.Service, receipt.Result, receipt.ReceiptId);

    /// <inheritdoc/>
    public void Lose(string poolId, string commandId, AllocationCommandBody body, Action written)
    {
        world.Lose(body, commandId, poolId);
        written();
    }

    /// <inheritdoc/>
    public void Lose(WarehouseMovement movement) => world.Say(movement);

    // As the supply bridge makes them.
    private static AllocationCommandBody CommandOf(WarehouseMovement movement) => movement.Kind switch
    {
        MovementKind.Shipped => new AllocationCommandBody.Consume
        {
            ReservationId = movement.ReservationId!,
            Quantity = movement.Quantity,
            ConsumeId = movement.MovementId,
            OccurredAtMs = movement.OccurredAtMs,
            Source = movement.Source,
            SourceSequence = movement.SourceSequence,
        },
        MovementKind.Returned => new AllocationCommandBody.Return
        {
            ReservationId = movement.ReservationId ?? $"movement/{movement.MovementId}",
            Quantity = movement.Quantity,
            ConsumeId = movement.MovementId,
            Disposition = movement.Disposition ?? ReturnDisposition.Free,
            Source = movement.Source,
            SourceSequence = movement.SourceSequence,
        },
        _ => new AllocationCommandBody.SupplyDelta
        {
            Source = movement.Source,
            SourceSequence = movement.SourceSequence,
            Quantity = movement.Quantity,
        },
    };

    private void Hear()
    {
        var log = world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic);
        while (heard < log.Count)
        {
            var outcome = world.Ledger.Serdes.Outcomes.Deserialize(log[heard++].Value);
            answers.Take(outcome);
            OnOutcome(outcome);
        }
    }
}
