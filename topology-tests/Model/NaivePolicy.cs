using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Documents;

namespace Topology.Tests.Model;

/// <summary>
/// A policy in the plainest form, for the model: no patterns and no look-ups, the same for every pool of a history.
/// Written again as the policy of the ledger, so that both decide under the same rules.
/// </summary>
internal sealed record NaivePolicy
{
    public string Name { get; init; } = "plain";

    /// <summary>Priority classes, highest first. The channel of a request is its class.</summary>
    public string[] Classes { get; init; } = ["standard"];

    public long OverbookedUnits { get; init; }

    public int OverbookedPercent { get; init; }

    /// <summary>Steps of a curve: so long before service, so many percent; longest first.</summary>
    public (long BeforeServiceMs, int Percent)[] Curve { get; init; } = [];

    /// <summary>The classes that may use overbooking; null: every class.</summary>
    public string[]? OverbookedClasses { get; init; }

    public (string Class, long Units, bool CountsConsumed)[] Protected { get; init; } = [];

    public NaiveQuota[] Quotas { get; init; } = [];

    public (string Class, string[] Victims, bool Confirmed, long MinimumAgeMs, long CooldownMs, bool WaitsAgain)[]
        Preemptions
    { get; init; } = [];

    /// <summary>Most reservations that one preemption takes from.</summary>
    public const int MaximumVictims = 10;

    public WaitlistOrder Waiting { get; init; } = WaitlistOrder.None;

    public (string Class, long BoostMs)[] Boosts { get; init; } = [];

    public bool LateConfirm { get; init; }

    public bool IsRevocable { get; init; } = true;

    public DeficitAction OnDeficit { get; init; } = DeficitAction.OperatorList;

    /// <summary>Whether holds that fall due in the mode <c>slow</c> are extended once, by up to 20 s.</summary>
    public bool HasSlowMode { get; init; }

    /// <summary>Whether nothing is granted in the mode <c>stop</c>.</summary>
    public bool HasStopMode { get; init; }

    /// <summary>The classes that wait in the mode <c>wait</c>; empty: there is no such mode.</summary>
    public string[] WaitingClasses { get; init; } = [];

    /// <summary>Whether new holds live 4 s at most in the mode <c>short</c>.</summary>
    public bool HasShortMode { get; init; }

    public const string StopMode = "stop";

    public const string WaitMode = "wait";

    public const string ShortMode = "short";

    public const long ShortMs = 4_000;

    private const string SlowMode = "slow";

    public override string ToString() => Name;

    public bool HasMode(string mode) => mode switch
    {
        StopMode => HasStopMode,
        SlowMode => HasSlowMode,
        WaitMode => WaitingClasses.Length > 0,
        ShortMode => HasShortMode,
        _ => false,
    };

    /// <summary>How many units more than there are may be promised to a class, given what there is.</summary>
    public long OverbookingOf(string priorityClass, long total, long? serviceAtMs, long t)
    {
        if (OverbookedClasses is not null && !OverbookedClasses.Contains(priorityClass))
        {
            return 0;
        }
        var percent = OverbookedPercent;
        if (Curve.Length > 0)
        {
            percent = serviceAtMs is { } at
                ? Curve.Where(s => at - t >= s.BeforeServiceMs).Select(s => s.Percent).FirstOrDefault()
                : 0;
        }
        return OverbookedUnits + Math.Max(0, percent * total / 100);
    }

    public AllocationPolicy Write()
    {
        var all = PoolPattern.All;
        return PolicyVersions.Version0 with
        {
            Classes = [.. Classes],
            ClassTable =
            [
                .. Classes.Select(c => new ClassRow($"class/{c}", all, c, null, c)),
                new ClassRow("class/others", all, null, null, Classes[^1]),
            ],
            TtlTable = [new TtlRow("ttl", all, null, 100, 900_000, 86_400_000, 3)],
            ConductTable = [new ConductRow("conduct", all, LateConfirm, IsRevocable, true, 3_600_000)],
            OverbookingTable = Overbooking(all),
            ProtectionTable =
            [
                .. Protected.Select(p => new ProtectionRow(
                    $"protect/{p.Class}", all, p.Class, p.Units,
                    p.CountsConsumed ? UsageCount.Lifetime : UsageCount.Open)),
            ],
            QuotaTable = [.. Quotas.Select((q, index) => q.Write($"quota/{index}", all))],
            PreemptionTable =
            [
                .. Preemptions.Select(p => new PreemptionRow(
                    $"preempt/{p.Class}", all, p.Class, [.. p.Victims], p.Confirmed, p.MinimumAgeMs, p.CooldownMs,
                    MaximumVictims, p.WaitsAgain)),
            ],
            WaitlistTable = Waiting == WaitlistOrder.None
                ? []
                : [new WaitlistRow(
                    "wait", all, Waiting, [.. Boosts.Select(b => new ClassBoost(b.Class, b.BoostMs))], 60_000,
                    86_400_000, 1_000)],
            DeficitTable = [new DeficitRow("deficit", all, OnDeficit)],
            ModeTable =
            [
                .. HasSlowMode
                    ? [new ModeRow("slow", SlowMode, all, ModeEffect.ExtendHolds, 20_000)] : Array.Empty<ModeRow>(),
                .. HasStopMode
                    ? [new ModeRow("stop", StopMode, all, ModeEffect.RejectHolds, 0)] : Array.Empty<ModeRow>(),
                .. WaitingClasses.Length > 0
                    ? [new ModeRow("wait", WaitMode, all, ModeEffect.WaitlistClasses, 0)
                    {
                        Classes = [.. WaitingClasses],
                    }] : Array.Empty<ModeRow>(),
                .. HasShortMode
                    ? [new ModeRow("short", ShortMode, all, ModeEffect.ShortenTtl, ShortMs)] : Array.Empty<ModeRow>(),
            ],
        };
    }

    private PolicyTable<OverbookingRow> Overbooking(PoolPattern all)
    {
        var kind = Curve.Length > 0 ? OverbookingKind.Curve
            : OverbookedPercent > 0 ? OverbookingKind.Percent
            : OverbookedUnits > 0 ? OverbookingKind.Fixed : OverbookingKind.None;
        ValueList<string>? classes = OverbookedClasses is null ? null : [.. OverbookedClasses];
        return kind == OverbookingKind.None
            ? []
            : [new OverbookingRow(
                "overbook", all, kind, OverbookedUnits, OverbookedPercent,
                [.. Curve.Select(c => new CurveStep(c.BeforeServiceMs, c.Percent))], classes)];
    }
}

/// <summary>A quota in the plainest form.</summary>
/// <param name="Scope">Whose usage counts.</param>
/// <param name="Value">The one it is for; null: each for itself.</param>
/// <param name="Nominal">Units it may have.</param>
/// <param name="Borrowing">Units more, where others lend them.</param>
/// <param name="Lending">Unused units that it lends.</param>
/// <param name="CountsConsumed">Whether consumed units count.</param>
/// <param name="Reclaim">What it takes back of what it lends.</param>
/// <param name="Required">Whether who names nobody gets nothing; null: where each is for itself.</param>
internal sealed record NaiveQuota(
    QuotaScope Scope, string? Value, long Nominal, long Borrowing = 0, long Lending = 0, bool CountsConsumed = false,
    QuotaReclaim Reclaim = QuotaReclaim.None, bool? Required = null)
{
    public bool IsForNobody => Required ?? (Value is null && Scope != QuotaScope.Class);

    public QuotaRow Write(string id, PoolPattern pools) => new(
        id, pools, Scope, Value, Nominal, Borrowing, Lending, CountsConsumed ? UsageCount.Lifetime : UsageCount.Open)
    {
        Reclaim = Reclaim,
        IsRequired = IsForNobody,
    };
}
