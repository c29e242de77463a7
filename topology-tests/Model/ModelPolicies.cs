using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>The policies under which histories are checked, each for a rule or two, the last for all of them.</summary>
internal static class ModelPolicies
{
    private static readonly string[] Three = ["field", "gold", "web"];

    public static readonly NaivePolicy[] All =
    [
        new(),
        new() { Name = "late and firm", LateConfirm = true, IsRevocable = false, HasSlowMode = true },
        new() { Name = "overbooked by 3", Classes = Three, OverbookedUnits = 3, OverbookedClasses = ["web", "gold"] },
        new()
        {
            Name = "curve", Classes = Three, Curve = [(50_000, 40), (20_000, 10)], Waiting = WaitlistOrder.StrictFifo,
        },
        new()
        {
            Name = "protected", Classes = Three, OverbookedPercent = 20,
            Protected = [("field", 2, false), ("gold", 2, true)],
        },
        new()
        {
            Name = "quotas",
            Classes = Three,
            Quotas =
            [
                new(QuotaScope.Dealer, "seven", 3, Borrowing: 2, Lending: 1, Reclaim: QuotaReclaim.Confirmed),
                new(QuotaScope.Dealer, "nine", 4, 1, 2, Reclaim: QuotaReclaim.Held),
                new(QuotaScope.Customer, null, 5, CountsConsumed: true), new(QuotaScope.Class, "web", 6),
            ],
        },
        new()
        {
            Name = "first come", Classes = Three, HasStopMode = true, Waiting = WaitlistOrder.StrictFifo,
            Boosts = [("field", 20_000)], WaitingClasses = ["web"],
        },
        new()
        {
            Name = "best effort", Classes = Three, HasStopMode = true, Waiting = WaitlistOrder.BestEffort,
            Boosts = [("gold", 5_000)],
            Quotas = [new(QuotaScope.Customer, "ann", 4, Required: true)], OnDeficit = DeficitAction.ExpireNewestHeld,
            HasShortMode = true,
        },
        new()
        {
            Name = "preempting", Classes = Three, HasStopMode = true, Waiting = WaitlistOrder.StrictFifo,
            Preemptions = [("field", ["gold", "web"], true, 0, 0, true), ("gold", ["web"], false, 2_000, 5_000, false)],
            WaitingClasses = ["gold", "web"],
        },
        new()
        {
            Name = "everything", Classes = Three, OverbookedPercent = 10, LateConfirm = true,
            Waiting = WaitlistOrder.BestEffort, Protected = [("field", 2, false)],
            Quotas =
            [
                new(QuotaScope.Dealer, "seven", 3, 2, 1),
                new(QuotaScope.Dealer, "nine", 4, 1, 2, Reclaim: QuotaReclaim.Held),
            ],
            Preemptions = [("field", ["web"], false, 0, 3_000, true)], OnDeficit = DeficitAction.ExpireNewestHeld,
            HasSlowMode = true, HasStopMode = true, HasShortMode = true, WaitingClasses = ["web"],
        },
        new()
        {
            Name = "taking", Classes = Three, LateConfirm = true, Waiting = WaitlistOrder.StrictFifo,
            Quotas =
            [
                new(QuotaScope.Customer, "ann", 4, 0, 4, Reclaim: QuotaReclaim.Confirmed),
                new(QuotaScope.Customer, "bob", 2, 4, 1, Reclaim: QuotaReclaim.Held),
            ],
            Preemptions =
            [
                ("field", ["gold", "web"], false, 3_000, 0, true), ("gold", ["web"], true, 1_000, 2_000, true),
            ],
        },
        new()
        {
            Name = "taking, best effort", Classes = Three, Waiting = WaitlistOrder.BestEffort, OverbookedUnits = 2,
            OverbookedClasses = ["web"], Protected = [("gold", 2, false)],
            Quotas =
            [
                new(QuotaScope.Dealer, "seven", 4, 0, 4, Reclaim: QuotaReclaim.Held),
                new(QuotaScope.Dealer, "nine", 1, 6), new(QuotaScope.Customer, "ann", 3),
            ],
            Preemptions = [("field", ["gold", "web"], true, 2_000, 4_000, true), ("gold", ["web"], false, 0, 0, true)],
        },
    ];

    /// <summary>Those whose rules the ledger decides.</summary>
    public static IEnumerable<NaivePolicy> Decided => All;

    /// <summary>Outcomes that no script leads to: a drift that is parked, and repairs.</summary>
    public static readonly string[] NotReached =
    [
        nameof(AllocationOutcomeEvent.SupplyParked), nameof(AllocationOutcomeEvent.Repaired),
    ];

    public static NaivePolicy Named(string name) => All.Single(p => p.Name == name);
}
