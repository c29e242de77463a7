using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>
/// Degraded modes: ModeSwitch, and what a mode that is on changes. The mode that was switched on first is the only one
/// that acts on a pool; critical pools have none.
/// </summary>
internal static class ModeRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.ModeSwitch change)
    {
        var active = Find(d, change.Mode);
        var isKnown = change.On ? active is not null && IsSame(active, change) : active is null;
        if (isKnown)
        {
            d.Look(Step(DecisionRule.Mode, RuleResult.Skipped, change.Mode));
            return new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.ModeKnown };
        }
        var refusal = change.On ? ModeOffers.Refusal(d.Policy, change) : null;
        d.Look(Step(DecisionRule.Mode, refusal is null ? RuleResult.Applied : RuleResult.Failed, change.Mode));
        if (refusal is not null)
        {
            d.Fail(ReasonCode.PolicyForbids, refusal, null, N(NumberName.Version, d.Policy.Version));
            return d.Rejected();
        }
        return new AllocationOutcomeEvent.ModeChanged
        {
            Mode = change.Mode,
            On = change.On,
            CapMs = change.CapMs,
            Reason = change.Reason,
            Pools = change.Pools,
            Classes = change.Classes,
        };
    }

    /// <summary>The row of the mode that lets no new units be granted, whoever asks; null: none does.</summary>
    public static ModeRow? RejectsHolds(Decision d) =>
        Acting(d) is { Row.Effect: ModeEffect.RejectHolds, ConcernsAll: true } mode ? mode.Row : null;

    /// <summary>The row of the mode that lets a class be granted no new units; null: none does.</summary>
    public static ModeRow? Bars(Decision d, string priorityClass) =>
        Acting(d) is { Row.Effect: ModeEffect.RejectHolds or ModeEffect.WaitlistClasses } mode
        && mode.Concerns(d.Policy, priorityClass) ? mode.Row : null;

    /// <summary>Whether a mode lets some classes be granted no new units, but not all.</summary>
    public static bool BarsSome(Decision d) => Acting(d)
        is { Row.Effect: ModeEffect.WaitlistClasses } or { Row.Effect: ModeEffect.RejectHolds, ConcernsAll: false };

    /// <summary>The life of a new hold of a class, in milliseconds: no longer than a mode allows.</summary>
    public static long Shorten(Decision d, string priorityClass, long ttlMs)
    {
        if (Acting(d) is not { Row.Effect: ModeEffect.ShortenTtl } mode || !mode.Concerns(d.Policy, priorityClass))
        {
            return ttlMs;
        }
        var isLonger = ttlMs > mode.CapMs;
        d.Look(Step(
            DecisionRule.Mode, isLonger ? RuleResult.Applied : RuleResult.Passed, mode.Row.Id,
            N(NumberName.TtlMs, ttlMs), N(NumberName.Maximum, mode.CapMs)));
        return isLonger ? mode.CapMs : ttlMs;
    }

    /// <summary>What falls due stays a while: by a mode, or because another system decides; null: it ends.</summary>
    public static AllocationOutcomeEvent? PutOff(Decision d, LedgerTimer timer, Reservation known)
    {
        if (AuthorityRules.IsElsewhere(d))
        {
            var row = d.Policy.TtlFor(d.Pool.PoolId, known.Class);
            d.Look(Step(
                DecisionRule.Authority, RuleResult.Applied, $"{d.Slice.Slice}: {d.Slice.Mode}",
                N(NumberName.TtlMs, row.MaximumMs)));
            return Move(d, timer, known, row.MaximumMs, d.Slice.Mode.ToString());
        }
        if (known.Held == 0 || known.ExtendedByMode || Acting(d) is not { Row.Effect: ModeEffect.ExtendHolds } mode
            || !mode.Concerns(d.Policy, known.Class))
        {
            return null;
        }
        d.Look(Step(DecisionRule.Mode, RuleResult.Applied, mode.Row.Id, N(NumberName.TtlMs, mode.CapMs)));
        return Move(d, timer, known with { ExtendedByMode = true }, mode.CapMs, mode.Row.Mode);
    }

    private static AllocationOutcomeEvent.Extended Move(
        Decision d, LedgerTimer timer, Reservation known, long ttlMs, string by)
    {
        var dueAt = checked(d.T + ttlMs);
        d.CancelTimer(timer.DueAtMs, TimerKind.Expiry, timer.Id);
        d.SetTimer(dueAt, TimerKind.Expiry, timer.Id);
        var isHeld = known.Held > 0;
        d.Write(known with
        {
            Version = known.Version + 1,
            ExpiresAtMs = isHeld ? dueAt : known.ExpiresAtMs,
            WaitUntilMs = isHeld ? known.WaitUntilMs : dueAt,
        });
        return new AllocationOutcomeEvent.Extended
        {
            ReservationId = timer.Id,
            PreviousExpiresAtMs = timer.DueAtMs,
            ExpiresAtMs = dueAt,
            ByMode = by,
        };
    }

    // The one mode that acts on the pool.
    private static ActingMode? Acting(Decision d)
    {
        if (d.Policy.ModeTable.Count == 0)
        {
            return null;
        }
        var modes = d.State.Settings.Modes;
        for (var index = 0; index < modes.Count; index++)
        {
            if (ActingMode.ReachesPool(modes[index], d.Pool.PoolId)
                && d.Policy.ModeFor(d.Pool.PoolId, modes[index].Mode) is { } row)
            {
                return new ActingMode(row, modes[index]);
            }
        }
        return null;
    }

    private static bool IsSame(ActiveMode active, AllocationCommandBody.ModeSwitch change) =>
        active.CapMs == change.CapMs && active.Pools.SequenceEqual(change.Pools)
        && active.Classes.SequenceEqual(change.Classes);

    private static ActiveMode? Find(Decision d, string mode)
    {
        foreach (var active in d.State.Settings.Modes)
        {
            if (active.Mode == mode)
            {
                return active;
            }
        }
        return null;
    }
}
