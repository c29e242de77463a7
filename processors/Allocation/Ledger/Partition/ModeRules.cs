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
        var isKnown = change.On ? active is not null && active.CapMs == change.CapMs : active is null;
        if (isKnown)
        {
            d.Look(Step(DecisionRule.Mode, RuleResult.Skipped, change.Mode));
            return new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.ModeKnown };
        }
        var isOffered = !change.On || IsOffered(d, change.Mode);
        d.Look(Step(DecisionRule.Mode, isOffered ? RuleResult.Applied : RuleResult.Failed, change.Mode));
        if (!isOffered)
        {
            d.Fail(
                ReasonCode.PolicyForbids, $"the policy knows no mode {change.Mode}", null,
                N(NumberName.Version, d.Policy.Version));
            return d.Rejected();
        }
        return new AllocationOutcomeEvent.ModeChanged
        {
            Mode = change.Mode,
            On = change.On,
            CapMs = change.CapMs,
            Reason = change.Reason,
        };
    }

    /// <summary>The row of the mode that lets no new units be granted; null: none does.</summary>
    public static ModeRow? RejectsHolds(Decision d) =>
        Acting(d, out _) is { Effect: ModeEffect.RejectHolds } row ? row : null;

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
        if (known.Held == 0 || known.ExtendedByMode || d.Policy.ModeTable.Count == 0
            || Acting(d, out var capMs) is not { Effect: ModeEffect.ExtendHolds } mode)
        {
            return null;
        }
        d.Look(Step(DecisionRule.Mode, RuleResult.Applied, mode.Id, N(NumberName.TtlMs, capMs)));
        return Move(d, timer, known with { ExtendedByMode = true }, capMs, mode.Mode);
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

    // The row that acts on the pool, and how much it may add.
    private static ModeRow? Acting(Decision d, out long capMs)
    {
        capMs = 0;
        if (d.Policy.ModeTable.Count == 0)
        {
            return null;
        }
        var modes = d.State.Settings.Modes;
        for (var index = 0; index < modes.Count; index++)
        {
            if (d.Policy.ModeFor(d.Pool.PoolId, modes[index].Mode) is { } row)
            {
                capMs = Math.Min(modes[index].CapMs ?? row.CapMs, row.CapMs);
                return row;
            }
        }
        return null;
    }

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

    private static bool IsOffered(Decision d, string mode)
    {
        foreach (var row in d.Policy.ModeTable)
        {
            if (row.Mode == mode)
            {
                return true;
            }
        }
        return false;
    }
}
