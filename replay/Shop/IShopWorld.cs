using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Alloc.Replay.Shop;

/// <summary>
/// What a shop lives in: a ledger that answers, topics that take what others say, and time. One lives in real
/// processes, another in tests on virtual time.
/// </summary>
internal interface IShopWorld
{
    /// <summary>Milliseconds since 1970 UTC.</summary>
    long NowMs { get; }

    /// <summary>Does something later.</summary>
    void After(long delayMs, Action act);

    /// <summary>Writes a command; its answer is called back once.</summary>
    void Ask(string poolId, string commandId, AllocationCommandBody body, Action<AllocationOutcome>? answered = null);

    /// <summary>Calls back when the hold of a reservation has expired.</summary>
    void WhenExpired(string poolId, string reservationId, Action expired);

    /// <summary>The owner of an order says what it is.</summary>
    void Say(OrderStatus status);

    /// <summary>The payment gateway says how a payment stands.</summary>
    void Say(PaymentStatus status);

    /// <summary>A warehouse says what moved; what the ledger booked is called back once.</summary>
    void Say(WarehouseMovement movement, Action<AllocationOutcome>? booked = null);

    /// <summary>A warehouse says what it counted; what the ledger booked is called back once.</summary>
    void Say(StockSnapshot count, Action<AllocationOutcome>? booked = null);

    /// <summary>A service says what it did.</summary>
    void Say(EffectReceipt receipt);

    /// <summary>Writes a command that the ledger never reads.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="commandId">The command.</param>
    /// <param name="body">What is asked.</param>
    /// <param name="written">Called when it is in the log.</param>
    void Lose(string poolId, string commandId, AllocationCommandBody body, Action written);

    /// <summary>A warehouse says what moved, and no command is made of it.</summary>
    void Lose(WarehouseMovement movement);
}
