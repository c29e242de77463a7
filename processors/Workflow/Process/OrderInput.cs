using Alloc.Schemas.Allocation;
using Alloc.Schemas.Fraud;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What an order hears of.</summary>
internal abstract record OrderInput
{
    private OrderInput()
    {
    }

    /// <summary>Somebody wants something.</summary>
    public sealed record Command(OrderCommand Value) : OrderInput;

    /// <summary>The ledger told of the order's reservations, or answered a command for it.</summary>
    public sealed record Outcome(OrderAllocation Value) : OrderInput;

    /// <summary>The fraud service decided.</summary>
    public sealed record Fraud(FraudDecision Value) : OrderInput;

    /// <summary>The gateway told of a payment.</summary>
    public sealed record Payment(PaymentStatus Value) : OrderInput;

    /// <summary>A time has come.</summary>
    /// <param name="Held">Inputs that were held back then, so that what they have is not known; empty: none.</param>
    public sealed record Due(string Held) : OrderInput;
}

/// <summary>What an order cannot know by itself, as the partition knows it when it decides.</summary>
/// <param name="IsReviewRouting">Whether orders go to reviewers where fraud is late.</param>
/// <param name="ReviewsWaiting">Cases that wait for a reviewer, at least 0.</param>
internal readonly record struct Surroundings(bool IsReviewRouting, long ReviewsWaiting);
