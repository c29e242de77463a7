using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Ledger;

/// <summary>Policies with three classes, highest first, and the tables that a test adds.</summary>
internal static class TestPolicies
{
    public const string Vip = "vip";
    public const string Plus = "plus";
    public const string Web = "web";

    public static AllocationPolicy ThreeClasses { get; } = PolicyVersions.Version0 with
    {
        Classes = [Vip, Plus, Web],
        ClassTable = [new ClassRow("class/web", PoolPattern.All, Channel: null, Tier: null, Web)],
    };

    public static AllocationPolicy Protecting(params (string Class, long Units)[] kept) => ThreeClasses with
    {
        ProtectionTable = [.. kept.Select(k => new ProtectionRow(
            $"protect/{k.Class}", PoolPattern.All, k.Class, k.Units, UsageCount.Open))],
    };

    public static AllocationPolicy WithFixed(this AllocationPolicy policy, long units, params string[] classes) =>
        policy with
        {
            OverbookingTable =
            [
                new OverbookingRow(
                    "overbook/fixed", PoolPattern.All, OverbookingKind.Fixed, Units: units,
                    Classes: classes.Length == 0 ? null : [.. classes]),
            ],
        };

    public static AllocationPolicy WithPercent(this AllocationPolicy policy, int percent) => policy with
    {
        OverbookingTable =
        [
            new OverbookingRow("overbook/percent", PoolPattern.All, OverbookingKind.Percent, Percent: percent),
        ],
    };

    public static AllocationPolicy WithQuotas(this AllocationPolicy policy, params QuotaRow[] rows) =>
        policy with { QuotaTable = [.. rows] };

    public static QuotaRow Quota(
        QuotaScope scope, string? value, long nominal, long borrow = 0, long lend = 0,
        UsageCount counts = UsageCount.Open) =>
        new($"quota/{scope}/{value ?? "each"}", PoolPattern.All, scope, value, nominal, borrow, lend, counts);

    public static AllocationPolicy Waiting(
        this AllocationPolicy policy, WaitlistOrder order = WaitlistOrder.StrictFifo, int maximum = 1_000,
        params (string Class, long BoostMs)[] boosts) => policy with
        {
            WaitlistTable =
            [
                new WaitlistRow(
                    "wait/all", PoolPattern.All, order, [.. boosts.Select(b => new ClassBoost(b.Class, b.BoostMs))],
                    OfferTtlMs: 60_000, MaximumWaitMs: 3_600_000, maximum),
            ],
        };

    public static AllocationPolicy WithBoost(this AllocationPolicy policy, string priorityClass, long boostMs) =>
        policy with
        {
            WaitlistTable =
            [
                .. policy.WaitlistTable.Select(w => w with { Boosts = [new ClassBoost(priorityClass, boostMs)] }),
            ],
        };
}
