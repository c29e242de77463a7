using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>What falls due by the partition's clock.</summary>
internal static class TimerRules
{
    /// <summary>The held part of a reservation expires.</summary>
    public static AllocationOutcomeEvent Expire(Decision d, LedgerTimer timer)
    {
        var known = d.Find(timer.Id);
        var isWaiting = known is { Waiting: > 0 } && known.WaitUntilMs == timer.DueAtMs;
        if (known is null || (!isWaiting && (known.Held == 0 || known.ExpiresAtMs != timer.DueAtMs)))
        {
            throw new LedgerFaultException(
                $"Pool {timer.PoolId}: an expiry of {timer.Id} at {timer.DueAtMs} is due, but the reservation holds "
                + "nothing until then.");
        }
        if (ModeRules.PutOff(d, timer, known) is { } putOff)
        {
            return putOff;
        }
        if (isWaiting)
        {
            return StopWaiting(d, known, timer.DueAtMs);
        }
        d.Look(Step(
            DecisionRule.Expiry, RuleResult.Applied, "",
            N(NumberName.ExpiresAt, timer.DueAtMs), N(NumberName.Time, d.T), N(NumberName.Held, known.Held)));
        return ExpireHeld(d, known);
    }

    /// <summary>The held part of a reservation goes back to what is free.</summary>
    public static AllocationOutcomeEvent.Expired ExpireHeld(Decision d, Reservation known)
    {
        var expiresAt = known.ExpiresAtMs!.Value;
        d.Post(EntryKind.HoldExpired, Account.Held, Account.Free, known.Held, known.ReservationId);
        d.CancelTimer(expiresAt, TimerKind.Expiry, known.ReservationId);
        d.Write(known with
        {
            Version = known.Version + 1,
            Held = 0,
            Expired = checked(known.Expired + known.Held),
            Lapsed = checked(known.Lapsed + known.Held),
            ExpiresAtMs = null,
            HeldTakenBy = Ending.Expired,
            EndedBy = known.Confirmed == 0 ? Ending.Expired : known.EndedBy,
        });
        return new AllocationOutcomeEvent.Expired
        {
            ReservationId = known.ReservationId,
            Quantity = known.Held,
            ExpiresAtMs = expiresAt,
        };
    }

    /// <summary>The pool is closed: nobody who waits is granted anything any more.</summary>
    public static AllocationOutcomeEvent.Expired StopWaitingForClosing(Decision d, string reservationId)
    {
        var closesAt = d.Pool.Settings.ClosesAtMs!.Value;
        d.Look(GrantBars.ClosedStep(d, closesAt, RuleResult.Failed));
        return StopWaiting(d, d.Find(reservationId)!, closesAt);
    }

    // A waiter that expires loses only its waiting.
    private static AllocationOutcomeEvent.Expired StopWaiting(Decision d, Reservation known, long endsAt)
    {
        d.Look(Step(
            DecisionRule.Expiry, RuleResult.Applied, "waiting",
            N(NumberName.WaitUntil, endsAt), N(NumberName.Time, d.T), N(NumberName.Waiting, known.Waiting)));
        Waiting.CancelDeadline(d, known);
        d.Write(known with { Version = known.Version + 1, Waiting = 0, EndedBy = Ending.Expired });
        return new AllocationOutcomeEvent.Expired
        {
            ReservationId = known.ReservationId,
            Quantity = 0,
            ExpiresAtMs = endsAt,
        };
    }

    /// <summary>A timer that makes the ledger look again at who can be granted something.</summary>
    public static AllocationOutcomeEvent.NoOp LookAgain(Decision d, LedgerTimer timer)
    {
        d.CancelTimer(timer.DueAtMs, timer.Kind, timer.Id);
        if (timer.Kind == TimerKind.OverbookingStep)
        {
            SetCurveStep(d, d.Pool.Settings.ServiceAtMs);
        }
        return new AllocationOutcomeEvent.NoOp
        {
            Why = timer.Kind switch
            {
                TimerKind.OverbookingStep => NoOpWhy.OverbookingStepped,
                TimerKind.CooldownEnd => NoOpWhy.CooldownOver,
                _ => NoOpWhy.PromotionGoesOn,
            },
        };
    }

    /// <summary>Where overbooking follows a curve, the pool is looked at when it next changes.</summary>
    public static void SetCurveStep(Decision d, long? serviceAtMs)
    {
        if (d.Policy.OverbookingFor(d.Pool.PoolId) is not { Kind: OverbookingKind.Curve } row)
        {
            return;
        }
        d.Look(Step(
            DecisionRule.Overbooking, RuleResult.Applied, row.Id,
            N(NumberName.Overbooking, row.UnitsAt(d.Figures.Total, serviceAtMs, d.T))));
        if (row.NextChangeAfter(serviceAtMs, d.T) is { } next)
        {
            d.SetTimer(next, TimerKind.OverbookingStep, "");
        }
    }

    /// <summary>Missing sequences become a gap.</summary>
    public static AllocationOutcomeEvent ReportGap(Decision d, LedgerTimer timer)
    {
        var mark = d.State.GetSource(timer.PoolId, timer.Id);
        foreach (var range in mark?.Missing ?? [])
        {
            if (range.GapAtMs == timer.DueAtMs)
            {
                d.Look(Step(
                    DecisionRule.SourceSequence, RuleResult.Failed, "missing", N(NumberName.Sequence, range.From),
                    N(NumberName.Time, d.T)));
                d.Write(SourceMarks.Report(d, mark!, range));
                return new AllocationOutcomeEvent.SupplyGap { Source = timer.Id, From = range.From, To = range.To };
            }
        }
        throw new LedgerFaultException(
            $"Pool {timer.PoolId}: a gap of {timer.Id} at {timer.DueAtMs} is due, but nothing is missing.");
    }

    /// <summary>Promises exceed supply by another number than before.</summary>
    public static AllocationOutcomeEvent ReportDeficit(Decision d, long deficit)
    {
        d.Look(Step(
            DecisionRule.Deficit, RuleResult.Applied, "", N(NumberName.Free, d.Free), N(NumberName.Deficit, deficit)));
        return new AllocationOutcomeEvent.OverCommitted { Deficit = deficit };
    }
}
