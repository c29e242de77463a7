using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>What came of a look at one who waits.</summary>
/// <param name="Granted">It is granted what it waits for; null: it goes on waiting.</param>
/// <param name="Bar">What bars it then.</param>
internal readonly record struct LineLook(AllocationOutcome? Granted, GrantBar Bar);

/// <summary>Whose turn it is to take what it lacks.</summary>
/// <param name="Place">Who takes; null: nobody does now.</param>
/// <param name="Takes">What others lose to it; empty where it may pass who stands before it, and nothing is lacking.
/// </param>
/// <param name="LookAgainAtMs">When nobody takes: the time at which that may be otherwise although nothing happens;
/// null: never.</param>
internal readonly record struct Turn(WaiterPlace? Place, PreemptionPlan[] Takes, long? LookAgainAtMs)
{
    /// <summary>One takes.</summary>
    public static Turn Of(WaiterPlace place, PreemptionPlan[] takes) => new(place, takes, null);

    /// <summary>Nobody takes now.</summary>
    public static Turn Nobody(long? lookAgainAtMs) => new(null, [], lookAgainAtMs);
}
