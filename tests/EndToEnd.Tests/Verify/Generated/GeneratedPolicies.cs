using Alloc.Processors.Allocation.Policy;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>
/// The policies of generated histories: each has rules of another kind, all remember for a short time only, so that
/// ids are used again after they are forgotten, and they let different numbers of timers fire for one record.
/// </summary>
internal static class GeneratedPolicies
{
    public static readonly string[] Classes = ["field", "gold", "web"];

    private static readonly PoolPattern Everywhere = PoolPattern.All;

    /// <summary>The policies by turns; the version is what makes one of them new.</summary>
    /// <param name="version">The version.</param>
    /// <param name="memoryMs">How long command ids are remembered, in milliseconds; all else is remembered in
    /// proportion.</param>
    public static AllocationPolicy Make(int version, long memoryMs)
    {
        var plain = PolicyVersions.Version0 with
        {
            Version = version,
            Limits = PolicyVersions.Version0.Limits with
            {
                CommandRetentionMs = memoryMs,
                ReservationRetentionMs = 2 * memoryMs,
                ConsumeRetentionMs = 2 * memoryMs,
                GraceMs = memoryMs / 8,
                ApprovalMs = memoryMs / 2,
                TimersPerRecord = (version % 5) switch { 0 => 1, 1 => 3, 2 => 1_000, 3 => 40, _ => 2_500 },
                ParkedPerReservation = 3,
                ParkedPerPool = 20,
                MissingRanges = 8,
                ApprovalsPerPool = 4,
            },
            Classes = [.. Classes],
            ClassMappings = [new ClassMapping("standard", "web")],
            ClassTable =
            [
                .. Classes.Select(c => new ClassRow($"class/{c}", Everywhere, c, null, c)),
                new ClassRow("class/others", Everywhere, null, null, "web"),
            ],
            TtlTable = [new TtlRow("ttl", Everywhere, null, 100, memoryMs / 2, 4 * memoryMs, 1)],
            ModeTable =
            [
                new ModeRow("mode/slow", "slow", Everywhere, ModeEffect.ExtendHolds, memoryMs / 4),
                new ModeRow("mode/stop", "stop", new PoolPattern("p1*"), ModeEffect.RejectHolds, 1_000),
                new ModeRow("mode/wait", "wait", Everywhere, ModeEffect.WaitlistClasses, 0)
                {
                    Classes = [Classes[^1]],
                },
                new ModeRow("mode/short", "short", Everywhere, ModeEffect.ShortenTtl, memoryMs / 8),
            ],
        };
        return (version % 6) switch
        {
            0 => plain,
            1 => plain with
            {
                ConductTable = [new ConductRow("late", Everywhere, true, false, true, memoryMs)],
                WaitlistTable = Line(WaitlistOrder.StrictFifo, memoryMs),
                Drift = new DriftTolerance(6, 40),
            },
            2 => plain with
            {
                OverbookingTable =
                [
                    new OverbookingRow("overbook", Everywhere, OverbookingKind.Percent, Percent: 20,
                        Classes: ["gold", "web"]),
                ],
                ProtectionTable =
                [
                    new ProtectionRow("protect/field", Everywhere, "field", 2, UsageCount.Open),
                    new ProtectionRow("protect/gold", Everywhere, "gold", 1, UsageCount.Lifetime),
                ],
                DeficitTable = [new DeficitRow("deficit", Everywhere, DeficitAction.ExpireNewestHeld)],
            },
            3 => plain with
            {
                WaitlistTable = Line(WaitlistOrder.BestEffort, memoryMs),
                QuotaTable =
                [
                    new QuotaRow("quota/seven", Everywhere, QuotaScope.Dealer, "seven", 3, 2, 1, UsageCount.Open)
                    {
                        Reclaim = QuotaReclaim.Confirmed,
                    },
                    new QuotaRow("quota/nine", Everywhere, QuotaScope.Dealer, "nine", 4, 1, 2, UsageCount.Open)
                    {
                        Reclaim = QuotaReclaim.Held,
                    },
                    new QuotaRow("quota/ann", Everywhere, QuotaScope.Customer, "ann", 5, 0, 0, UsageCount.Lifetime),
                    new QuotaRow(
                        "quota/each", new PoolPattern("p4"), QuotaScope.Customer, null, 6, 0, 0, UsageCount.Open),
                ],
            },
            4 => plain with
            {
                WaitlistTable = Line(WaitlistOrder.StrictFifo, memoryMs),
                PreemptionTable =
                [
                    new PreemptionRow("take/field", Everywhere, "field", ["gold", "web"], true, 0, 3_000, 10, true),
                    new PreemptionRow("take/gold", Everywhere, "gold", ["web"], false, 1_000, 0, 10, false),
                ],
                ConductTable = [new ConductRow("late", Everywhere, true, true, false, memoryMs)],
            },
            _ => plain with
            {
                OverbookingTable =
                [
                    new OverbookingRow("curve", Everywhere, OverbookingKind.Curve,
                        Curve: [new CurveStep(memoryMs, 40), new CurveStep(memoryMs / 4, 10)]),
                ],
                ImportanceTable = [new ImportanceRow("critical", new PoolPattern("p2*"), PoolImportance.Critical)],
                WaitlistTable = Line(WaitlistOrder.BestEffort, memoryMs),
                DeficitTable = [new DeficitRow("deficit", Everywhere, DeficitAction.ExpireNewestHeld)],
            },
        };
    }

    private static PolicyTable<WaitlistRow> Line(WaitlistOrder order, long memoryMs) =>
    [
        new WaitlistRow(
            "line", Everywhere, order, [new ClassBoost("field", memoryMs / 10)], memoryMs / 3, 2 * memoryMs, 4),
    ];
}
