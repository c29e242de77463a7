using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// Folds the command log of one partition, record by record: what is due first, then the command itself, then what
/// follows from it. Every outcome is applied to the state before the next decision looks at it. Not thread-safe.
/// </summary>
public sealed partial class AllocationLedger
{
    private readonly ILedgerState state;
    private readonly PolicyBook book;
    private readonly string partitionPoolId;
    private readonly Decide decide;
    private AllocationPolicy policy;

    /// <param name="state">State of the partition.</param>
    /// <param name="policy">Policy in force until the partition takes another.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="role">For whom it decides.</param>
    public AllocationLedger(
        ILedgerState state, AllocationPolicy policy, int partition, LedgerRole role = LedgerRole.Authority)
    {
        this.state = state;
        this.policy = policy;
        book = new PolicyBook(policy);
        partitionPoolId = ReservedKeys.PartitionPool(partition);
        decide = new Decide(state, book, partition, role);
        mayTake = Takings.ArePossible(policy);
    }

    /// <summary>Folds one record; appends its outcomes, in order, and applies them to the state.</summary>
    /// <exception cref="LedgerFaultException">State and rules contradict each other; the state must be thrown
    /// away.</exception>
    public void Fold(in LedgerRecord record, List<AllocationOutcome> outcomes)
    {
        UsePolicyInForce();
        work = policy.Limits.TimersPerRecord;
        goingOn.Clear();
        var t = Math.Max(record.TimestampMs, state.Partition.TMs);
        var isBehind = !FireTimers(record, t, outcomes);
        if (record.Command.Body is AllocationCommandBody.Tick && record.Key == ReservedKeys.Tick
            && record.Command.PoolId == ReservedKeys.Tick)
        {
            return;
        }
        if (!decide.Decides(record))
        {
            return;
        }
        if (isBehind)
        {
            if (PolicyRules.TryFindDue(state, partitionPoolId, t, out var step))
            {
                CommitAndSettle(record, decide.Timer(record, step, t), t, outcomes);
            }
            ExpireNamed(record, t, outcomes);
        }
        CommitAndSettle(record, Answer(record, t, outcomes), t, outcomes);
    }

    /// <summary>
    /// What would be decided about a record now. Writes nothing, fires no timer: what is due and was not fired yet
    /// still counts as held.
    /// </summary>
    public AllocationOutcome Consider(in LedgerRecord record)
    {
        UsePolicyInForce();
        var t = Math.Max(record.TimestampMs, state.Partition.TMs);
        return decide.Record(record, t) ?? decide.AfterPreemption(record, t);
    }

    /// <summary>What would cover the deficit of a pool; null where the pool is not known. Writes nothing.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="limit">Most that are listed.</param>
    public DeficitCover? Cover(string poolId, int limit)
    {
        UsePolicyInForce();
        return DeficitCover.Of(state, policy, poolId, limit);
    }

    // True when nothing more is due.
    private bool FireTimers(in LedgerRecord record, long t, List<AllocationOutcome> outcomes)
    {
        for (var fired = 0; state.TryPeekTimer(out var due) && due.DueAtMs <= t; fired++)
        {
            if (fired == policy.Limits.TimersPerRecord || (work == 0 && due.Kind == TimerKind.Promotion))
            {
                return false;
            }
            var timer = OwnExpiry.Before(state, due, t);
            Commit(record, Fire(record, timer, t), t, outcomes);
            if (timer.Kind == TimerKind.Promotion && timer.PoolId == partitionPoolId)
            {
                Sweep(record, timer.Id, t, outcomes);
            }
            isShort |= timer.Kind == TimerKind.Promotion;
            Settle(record, timer.PoolId, t, outcomes);
        }
        return true;
    }

    private AllocationOutcome Fire(in LedgerRecord record, in LedgerTimer timer, long t)
    {
        if (timer.Kind == TimerKind.ApprovalEnd)
        {
            var pending = state.GetApproval(timer.PoolId, timer.Id) ?? throw new LedgerFaultException(
                $"Pool {timer.PoolId}: the approval of {timer.Id} ends at {timer.DueAtMs}, but none is waited for.");
            return decide.Pending(record, timer.PoolId, pending, isApproved: false, t);
        }
        if (timer.Kind != TimerKind.ParkingEnd)
        {
            return decide.Timer(record, timer, t);
        }
        var reservation = state.GetReservation(timer.PoolId, timer.Id);
        foreach (var parked in reservation?.Parked ?? [])
        {
            if (parked.DueAtMs == timer.DueAtMs)
            {
                return decide.Parked(record, timer.PoolId, parked, mayPark: false, t)!;
            }
        }
        throw new LedgerFaultException(
            $"Pool {timer.PoolId}: the grace of a command for {timer.Id} ends at {timer.DueAtMs}, but none is parked "
            + "until then.");
    }

    // More was due than fires for one record: what the command is about is expired all the same.
    private void ExpireNamed(in LedgerRecord record, long t, List<AllocationOutcome> outcomes)
    {
        foreach (var reservationId in OwnExpiry.Named(state, record.Command))
        {
            if (OwnExpiry.Of(state, record.Command.PoolId, reservationId, t) is { } timer)
            {
                CommitAndSettle(record, decide.Timer(record, timer, t), t, outcomes);
            }
        }
    }

    private void Commit(in LedgerRecord record, AllocationOutcome outcome, long t, List<AllocationOutcome> outcomes)
    {
        Invariants.Check(outcome);
        Evolve.Apply(state, outcome);
        outcomes.Add(outcome);
        if (work <= 0)
        {
            NoteGoingOn(outcome);
        }
        if (ChangesWhoIsGranted(outcome))
        {
            UsePolicyInForce();
            SweepPools(record, t, outcomes);
        }
        if (outcome is { Event: AllocationOutcomeEvent.NoOp { Why: NoOpWhy.Approved }, Original: true }
            && record.Command.Body is AllocationCommandBody.Approve approve
            && state.GetApproval(outcome.PoolId, approve.ApprovedCommandId) is { } pending)
        {
            Commit(record, decide.Pending(record, outcome.PoolId, pending, isApproved: true, t), t, outcomes);
        }
        Note(outcome);
        if (MayChangeDeficit(outcome))
        {
            CommitDeficit(record, outcome.PoolId, t, outcomes);
        }
        for (var index = 0; index < outcome.After.Count; index++)
        {
            if (outcome.After[index].Parked.Count > 0 && outcome.Event is not AllocationOutcomeEvent.Parked)
            {
                CommitParked(record, outcome.PoolId, outcome.After[index].ReservationId, t, outcomes);
            }
        }
    }

    // A mode that is off may have kept those who wait from what is there.
    private bool ChangesWhoIsGranted(AllocationOutcome outcome) => outcome.DuplicateOf is null && outcome.Event switch
    {
        AllocationOutcomeEvent.PolicyActivated { InForce: true } or AllocationOutcomeEvent.AuthorityChanged => true,
        AllocationOutcomeEvent.ModeChanged { On: false } => state.Partition.Waiters > 0,
        _ => false,
    };

    /// <summary>
    /// Another policy is in force, another system has authority, or a mode is over: what that changes for pools as they
    /// are is decided.
    /// </summary>
    partial void SweepPools(in LedgerRecord record, long t, List<AllocationOutcome> outcomes);

    private void UsePolicyInForce()
    {
        var inForce = book.InForce(state);
        if (!ReferenceEquals(inForce, policy))
        {
            mayTake = Takings.ArePossible(inForce);
        }
        policy = inForce;
        decide.Policy = policy;
    }

    // A pool that has free units has no deficit.
    private static bool MayChangeDeficit(AllocationOutcome outcome) =>
        (outcome.BalancesAfter.Free < 0 || outcome.BalancesBefore.Free < 0)
        && (outcome.Entries.Count > 0 || outcome.Event is AllocationOutcomeEvent.PoolConfigured
            || (outcome.CommandId is null && outcome.Event is AllocationOutcomeEvent.NoOp));

    private void CommitDeficit(in LedgerRecord record, string poolId, long t, List<AllocationOutcome> outcomes)
    {
        var pool = state.GetPool(poolId)!;
        var deficit = decide.DeficitOf(pool, t);
        if (deficit != pool.Deficit)
        {
            isShort = deficit > 0;
            Commit(record, decide.Deficit(record, pool, deficit, t), t, outcomes);
        }
    }

    // Something happened to the reservation: commands that wait for it are looked at again, the oldest first.
    private void CommitParked(
        in LedgerRecord record, string poolId, string reservationId, long t, List<AllocationOutcome> outcomes)
    {
        foreach (var parked in state.GetReservation(poolId, reservationId)?.Parked ?? [])
        {
            if (decide.Parked(record, poolId, parked, mayPark: true, t) is { } outcome)
            {
                // Its own outcome touches the reservation and looks at the rest.
                Commit(record, outcome, t, outcomes);
                return;
            }
        }
    }
}
