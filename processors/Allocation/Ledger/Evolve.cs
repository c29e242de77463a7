using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// State and outcome to state, with plain writes of what the outcome says. Used after every decision and, alone, to
/// build the state from the journal; both give the same entries.
/// </summary>
public static class Evolve
{
    /// <summary>Applies one outcome.</summary>
    /// <exception cref="LedgerFaultException">The outcome does not follow on from the state.</exception>
    public static void Apply(ILedgerState state, AllocationOutcome outcome)
    {
        var pool = state.GetPool(outcome.PoolId) ?? Decision.EmptyPool(outcome.PoolId);
        if (outcome.Sequence != pool.Sequence + 1)
        {
            throw new LedgerFaultException(
                $"Pool {outcome.PoolId}: outcome {outcome.Sequence} follows {pool.Sequence}; sequences have no gap and "
                + "no repeat.");
        }
        var partition = state.Partition;
        if (outcome.TMs < partition.TMs)
        {
            throw new LedgerFaultException(
                $"Pool {outcome.PoolId}: outcome {outcome.Sequence} is of {outcome.TMs}, but the partition's clock is "
                + $"{partition.TMs} already.");
        }
        var waiters = WaitingLine.Apply(state, outcome);
        var deficit = outcome.Event is AllocationOutcomeEvent.OverCommitted over ? over.Deficit - pool.Deficit : 0;
        if (outcome.TMs != partition.TMs || outcome.PolicyVersion != partition.PolicyVersion || waiters != 0
            || deficit != 0)
        {
            state.Partition = partition with
            {
                TMs = outcome.TMs,
                PolicyVersion = outcome.PolicyVersion,
                Waiters = partition.Waiters + waiters,
                Deficit = partition.Deficit + deficit,
            };
        }
        state.PutPool(After(pool, outcome, waiters));
        ApplyReservations(state, outcome);
        ApplyUsage(state, outcome);
        ApplySupply(state, outcome);
        ApplyMemory(state, outcome);
        PartitionSettingsAfter.Apply(state, outcome);
    }

    private static PoolState After(PoolState pool, AllocationOutcome outcome, int waiters) => outcome.Event switch
    {
        AllocationOutcomeEvent.PoolConfigured configured when outcome.DuplicateOf is null =>
            Next(pool, outcome, waiters) with { Settings = configured.Settings, Configured = true },
        AllocationOutcomeEvent.OverCommitted over => Next(pool, outcome, waiters) with { Deficit = over.Deficit },
        AllocationOutcomeEvent.SupplyApplied { StockTake: true } when outcome.DuplicateOf is null =>
            Next(pool, outcome, waiters) with { StockTakeSequence = outcome.Sequence },
        _ => Next(pool, outcome, waiters),
    };

    private static PoolState Next(PoolState pool, AllocationOutcome outcome, int waiters)
    {
        var parked = pool.Parked + ParkedChange(outcome);
        var waiting = pool.Waiters + waiters;
        var isQuiet = outcome.BalancesAfter.Held == 0 && parked == 0 && waiting == 0;
        return new PoolState
        {
            PoolId = pool.PoolId,
            Sequence = outcome.Sequence,
            Balances = outcome.BalancesAfter,
            Settings = pool.Settings,
            Configured = pool.Configured,
            Deficit = pool.Deficit,
            StockTakeSequence = pool.StockTakeSequence,
            Parked = parked,
            Waiters = waiting,
            Approvals = pool.Approvals + ApprovalChange(outcome),
            NextTimerAtMs = isQuiet ? null : NextTimer(pool.NextTimerAtMs, outcome),
        };
    }

    private static int ParkedChange(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null || outcome.CommandId is null)
        {
            return 0;
        }
        // The answer to a command that is not the record folded is that to a parked one, or to one that was approved.
        return outcome.Event is AllocationOutcomeEvent.Parked ? 1
            : outcome.CausedBy is not null && outcome.Approvals.Count == 0 ? -1 : 0;
    }

    private static int ApprovalChange(AllocationOutcome outcome)
    {
        var change = 0;
        for (var index = 0; index < outcome.Approvals.Count; index++)
        {
            change += outcome.Approvals[index].Pending is null ? -1 : 1;
        }
        return change;
    }

    // A look at those who wait may take units from others; one that goes on at once needs no word.
    private static long? NextTimer(long? earliest, AllocationOutcome outcome)
    {
        var timers = outcome.Timers;
        for (var index = 0; index < timers.Count; index++)
        {
            var timer = timers[index];
            var moves = timer.Kind is TimerKind.Expiry or TimerKind.ParkingEnd
                || (timer.Kind == TimerKind.Promotion && timer.DueAtMs > outcome.TMs);
            if (timer.Set && moves && !(timer.DueAtMs >= earliest))
            {
                earliest = timer.DueAtMs;
            }
        }
        return earliest;
    }

    private static void ApplyReservations(ILedgerState state, AllocationOutcome outcome)
    {
        var poolId = outcome.RequestedPoolId ?? outcome.PoolId;
        var after = outcome.After;
        for (var index = 0; index < after.Count; index++)
        {
            state.PutReservation(poolId, after[index]);
            ApplyHolder(state, poolId, outcome, after[index]);
        }
        var timers = outcome.Timers;
        for (var index = 0; index < timers.Count; index++)
        {
            var change = timers[index];
            var timer = new LedgerTimer(change.DueAtMs, change.Kind, outcome.PoolId, change.Id);
            if (change.Set)
            {
                state.SetTimer(timer);
            }
            else
            {
                state.CancelTimer(timer);
            }
        }
    }

    // Grants put a reservation among the holders; it leaves when its last unit does.
    private static void ApplyHolder(ILedgerState state, string poolId, AllocationOutcome outcome, Reservation after)
    {
        var units = after.Held + after.Confirmed;
        var isNew = after.Version == 1 || outcome.Event
            is AllocationOutcomeEvent.ReservationSplit or AllocationOutcomeEvent.Imported;
        if (units > 0 && (isNew || IsGranted(outcome, after.ReservationId)))
        {
            state.PutHolder(poolId, HolderPlace.Of(after), new Place { Quantity = units });
        }
        else if (units == 0 && after.Granted > 0 && outcome.Entries.Count > 0)
        {
            state.RemoveHolder(poolId, HolderPlace.Of(after));
        }
    }

    private static bool IsGranted(AllocationOutcome outcome, string reservationId)
    {
        for (var index = 0; index < outcome.Entries.Count; index++)
        {
            var entry = outcome.Entries[index];
            if (entry.Kind == EntryKind.Held && entry.ReservationId == reservationId)
            {
                return true;
            }
        }
        return false;
    }

    private static void ApplyUsage(ILedgerState state, AllocationOutcome outcome)
    {
        var poolId = outcome.RequestedPoolId ?? outcome.PoolId;
        for (var index = 0; index < outcome.Charges.Count; index++)
        {
            var charge = outcome.Charges[index];
            var usage = state.GetUsage(poolId, charge.Scope);
            state.PutUsage(poolId, charge.Scope, new ScopeUsage
            {
                Open = checked(usage.Open + charge.Delta),
                Consumed = checked(usage.Consumed + charge.Consumed),
            });
        }
        for (var index = 0; index < outcome.Cooldowns.Count; index++)
        {
            state.PutCooldown(poolId, outcome.Cooldowns[index]);
        }
        for (var index = 0; index < outcome.Approvals.Count; index++)
        {
            var change = outcome.Approvals[index];
            state.PutApproval(poolId, change.CommandId, change.Pending);
        }
    }

    private static void ApplySupply(ILedgerState state, AllocationOutcome outcome)
    {
        if (outcome.Event is AllocationOutcomeEvent.SupplyApplied { Version: not null } snapshot
            && outcome.DuplicateOf is null)
        {
            ForgetFacts(state, outcome.PoolId, snapshot);
        }
        for (var index = 0; index < outcome.SupplySources.Count; index++)
        {
            state.PutSource(outcome.PoolId, outcome.SupplySources[index]);
        }
        for (var index = 0; index < outcome.SupplyFacts.Count; index++)
        {
            state.PutFact(outcome.PoolId, outcome.SupplyFacts[index]);
        }
        for (var index = 0; index < outcome.ConsumeIds.Count; index++)
        {
            state.PutConsume(outcome.PoolId, outcome.ConsumeIds[index]);
        }
    }

    private static void ForgetFacts(ILedgerState state, string poolId, AllocationOutcomeEvent.SupplyApplied snapshot)
    {
        if (snapshot.Through is { } through)
        {
            state.RemoveFacts(poolId, snapshot.Source, through);
            return;
        }
        foreach (var source in state.GetSources(poolId).ToArray())
        {
            state.RemoveFacts(poolId, source.Source, long.MaxValue);
        }
    }

    private static void ApplyMemory(ILedgerState state, AllocationOutcome outcome)
    {
        if (outcome.RememberUntilMs is { } forgetAt && outcome.CommandId is { } commandId
            && outcome.PayloadHash is { } hash)
        {
            state.PutCommand(outcome.RequestedPoolId ?? outcome.PoolId, commandId, new CommandMemory
            {
                PayloadHash = hash,
                OutcomePoolId = outcome.PoolId,
                Sequence = outcome.Sequence,
                Provisional = !outcome.Original,
                ForgetAtMs = forgetAt,
                Event = outcome.Event,
            });
        }
    }
}
