using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// One record being folded, and all that there is to know of it: what it led to, what has to be asked of its pool, and
/// how much more is done for it. Begun anew for every record of a partition; not thread-safe.
/// </summary>
/// <param name="state">State of the partition.</param>
/// <param name="book">The policies of the partition.</param>
/// <param name="partition">The partition.</param>
/// <param name="role">For whom is decided.</param>
internal sealed class RecordFold(ILedgerState state, PolicyBook book, int partition, LedgerRole role)
{
    private readonly HashSet<string> goingOn = new(StringComparer.Ordinal);
    private List<AllocationOutcome> outcomes = [];
    private LedgerRecord record;
    private PoolQuestions open;
    private long left;

    /// <summary>State of the partition.</summary>
    public ILedgerState State => state;

    /// <summary>Decides commands.</summary>
    public Decide Decide { get; } = new(book, partition, role);

    /// <summary>Decides what follows.</summary>
    public Consequences Consequences { get; } = new(book, partition, role);

    /// <summary>The pool of what belongs to no pool.</summary>
    public string PartitionPoolId { get; } = ReservedKeys.PartitionPool(partition);

    /// <summary>The record.</summary>
    public ref readonly LedgerRecord Record => ref record;

    /// <summary>The partition's clock.</summary>
    public long T { get; private set; }

    /// <summary>The policy in force.</summary>
    public AllocationPolicy Policy { get; private set; } = book.Shipped;

    /// <summary>Whether the policy lets anybody take anything from anybody.</summary>
    public bool MayTake { get; private set; } = Takings.ArePossible(book.Shipped);

    /// <summary>What decisions rest on now.</summary>
    public Moment Now => new(state, T, Policy);

    /// <summary>Outcomes so far.</summary>
    public int Count => outcomes.Count;

    /// <summary>How much more is done for the record: one for each who is served or loses units.</summary>
    public long Left => left;

    /// <summary>Whether no more is done for the record; the rest goes on with the next one.</summary>
    public bool IsSpent => left <= 0;

    /// <summary>Whether anything is decided about a pool.</summary>
    public bool Decides(string poolId) => role == LedgerRole.Authority
        || Authority.SliceFor(role, state, poolId).Mode == AuthorityMode.Authoritative;

    /// <summary>Begins with a record.</summary>
    public void Begin(in LedgerRecord next, List<AllocationOutcome> into)
    {
        record = next;
        outcomes = into;
        T = Math.Max(next.TimestampMs, state.Partition.TMs);
        UsePolicyInForce();
        left = Policy.Limits.TimersPerRecord;
        open = PoolQuestions.None;
        goingOn.Clear();
    }

    /// <summary>So much less is done for the record from now on.</summary>
    public void Spend(long count = 1) => left = Math.Max(0, left - count);

    /// <summary>This is worth asking.</summary>
    public void Ask(PoolQuestions questions) => open |= questions;

    /// <summary>This is not worth asking any more.</summary>
    public void Withdraw(PoolQuestions questions) => open &= ~questions;

    /// <summary>What is to be asked; whoever takes the questions answers them.</summary>
    public PoolQuestions TakeQuestions()
    {
        var asked = open;
        open = PoolQuestions.None;
        return asked;
    }

    /// <summary>A pool is looked at again with the next record; false: that is settled already.</summary>
    public bool TryGoOn(string poolId) => goingOn.Add(poolId);

    /// <summary>
    /// An outcome takes effect: it is checked and applied, what it decides about other commands is decided, and what it
    /// makes worth asking is noted.
    /// </summary>
    /// <exception cref="LedgerFaultException">It contradicts the state.</exception>
    public void Commit(AllocationOutcome outcome)
    {
        Invariants.Check(outcome);
        var rescopes = RescopesMode(outcome);
        Evolve.Apply(state, outcome);
        outcomes.Add(outcome);
        if (IsSpent)
        {
            NoteGoingOn(outcome);
        }
        if (rescopes || ChangesWhoIsGranted(outcome))
        {
            UsePolicyInForce();
            Sweep.Pools(this, after: "");
        }
        CommitApproved(outcome);
        Ask(FollowUps.Of(outcome, MayTake));
        if (FollowUps.MayChangeDeficit(outcome))
        {
            CommitDeficit(outcome.PoolId);
        }
        for (var index = 0; index < outcome.After.Count; index++)
        {
            if (outcome.After[index].Parked.Count > 0 && outcome.Event is not AllocationOutcomeEvent.Parked)
            {
                CommitParked(outcome.PoolId, outcome.After[index].ReservationId);
            }
        }
    }

    /// <summary>Commits an outcome and all that follows from it for its pool.</summary>
    public void CommitAndSettle(AllocationOutcome outcome)
    {
        Commit(outcome);
        Settlement.Settle(this, outcome.PoolId);
    }

    /// <summary>Publishes the deficit of a pool if it changed.</summary>
    public void CommitDeficit(string poolId)
    {
        var pool = state.GetPool(poolId)!;
        var deficit = Availability.Deficit(Policy, PoolFigures.Of(pool), T);
        if (deficit == pool.Deficit)
        {
            return;
        }
        Withdraw(PoolQuestions.Shortage);
        Ask(deficit > 0 ? PoolQuestions.Shortage : PoolQuestions.None);
        Commit(Consequences.Deficit(Now, record, poolId, deficit));
    }

    // The command that an approval was about is decided with it.
    private void CommitApproved(AllocationOutcome outcome)
    {
        if (outcome is { Event: AllocationOutcomeEvent.NoOp { Why: NoOpWhy.Approved }, Original: true }
            && record.Command.Body is AllocationCommandBody.Approve approve
            && state.GetApproval(outcome.PoolId, approve.ApprovedCommandId) is { } pending)
        {
            Commit(Decide.Pending(Now, record, outcome.PoolId, pending, isApproved: true));
        }
    }

    // Something happened to the reservation: commands that wait for it are looked at again, the oldest first.
    private void CommitParked(string poolId, string reservationId)
    {
        foreach (var parked in state.GetReservation(poolId, reservationId)?.Parked ?? [])
        {
            if (Decide.Parked(Now, record, poolId, parked, mayPark: true).Outcome is { } outcome)
            {
                // Its own outcome touches the reservation and looks at the rest.
                Commit(outcome);
                return;
            }
        }
    }

    // A line whose last promotion for this record set the timer already needs no other.
    private void NoteGoingOn(AllocationOutcome outcome)
    {
        foreach (var timer in outcome.Timers)
        {
            if (timer is { Kind: TimerKind.Promotion, Set: true } && timer.DueAtMs <= outcome.TMs)
            {
                goingOn.Add(outcome.PoolId);
            }
        }
    }

    // Another policy is in force, or another system has authority. A mode that is off may have kept those who wait from
    // what is there.
    private bool ChangesWhoIsGranted(AllocationOutcome outcome) => outcome.DuplicateOf is null && outcome.Event switch
    {
        AllocationOutcomeEvent.PolicyActivated { InForce: true } or AllocationOutcomeEvent.AuthorityChanged => true,
        AllocationOutcomeEvent.ModeChanged { On: false } => state.Partition.Waiters > 0,
        _ => false,
    };

    // A mode that is on already acts on other pools or classes from now on: it may have kept some from what is there.
    private bool RescopesMode(AllocationOutcome outcome)
    {
        if (outcome is not { DuplicateOf: null, Event: AllocationOutcomeEvent.ModeChanged { On: true } changed }
            || state.Partition.Waiters == 0)
        {
            return false;
        }
        foreach (var active in state.Settings.Modes)
        {
            if (active.Mode == changed.Mode)
            {
                return !active.Pools.SequenceEqual(changed.Pools) || !active.Classes.SequenceEqual(changed.Classes);
            }
        }
        return false;
    }

    private void UsePolicyInForce()
    {
        var inForce = book.InForce(state);
        if (!ReferenceEquals(inForce, Policy))
        {
            Policy = inForce;
            MayTake = Takings.ArePossible(inForce);
        }
    }
}
