using System.Diagnostics;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Commitment;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// State, command, time and policy in; one value out. A decision reads the state and writes nothing; the same arguments
/// give the same outcome, byte for byte, whatever was decided in between. Not thread-safe: an instance keeps lists
/// between decisions so that they need not be made anew.
/// </summary>
/// <param name="book">The policies of the partition, for those who ask for another one.</param>
/// <param name="partition">The partition, for what belongs to no pool.</param>
/// <param name="role">For whom is decided.</param>
internal sealed class Decide(PolicyBook book, int partition, LedgerRole role)
{
    private readonly Decision d = new(book, partition, role);

    /// <summary>Decides the command of a record.</summary>
    /// <param name="now">State, time and policy.</param>
    /// <param name="record">The record.</param>
    /// <param name="taken">What others lost for it already.</param>
    /// <returns>The outcome, or what others have to lose first; nothing has to be taken for one for whom it was.
    /// </returns>
    public Decided Command(in Moment now, in LedgerRecord record, Taken taken = default)
    {
        var command = record.Command;
        d.BeginCommand(now, command, PayloadHashing.Compute(command), taken);
        if (!AddressRules.Check(d, record, out var poolStep))
        {
            return Refuse(record, command);
        }
        var memory = Visible(now.State.GetCommand(command.PoolId, command.CommandId), now.T);
        if (memory is not null && memory.PayloadHash.Span.SequenceEqual(d.Hash.Span))
        {
            return Repeat(record, memory);
        }
        if (poolStep is not null)
        {
            d.Look(poolStep);
        }
        EnvelopeRules.Check(d, command, isConflict: memory is not null);
        return d.IsRejected ? Refuse(record, command) : Body(record, command, cause: null);
    }

    /// <summary>What would become of a command: others lose on paper only what would have to be taken for it.</summary>
    public AllocationOutcome Hypothesis(in Moment now, in LedgerRecord record)
    {
        var decided = Command(now, record);
        return decided.TakeFirst is { } plans
            ? Command(now, record, new Taken(plans, IsOnPaper: true)).Final
            : decided.Final;
    }

    /// <summary>Decides a parked command, if it can be decided.</summary>
    /// <param name="now">State, time and policy.</param>
    /// <param name="record">The record that is folded.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="parked">The command.</param>
    /// <param name="mayPark">Whether it may go on waiting.</param>
    public Decided Parked(
        in Moment now, in LedgerRecord record, string poolId, ParkedCommand parked, bool mayPark)
    {
        var command = parked.Command;
        d.BeginParked(now, parked, mayPark);
        d.UsePool(poolId, now.State.GetPool(poolId));
        EnvelopeRules.CheckDeadline(d, command);
        if (!d.IsRejected && !CommandKinds.IsFact(d.Kind))
        {
            AuthorityRules.Check(d, command, isIncrease: false);
        }
        if (d.IsRejected)
        {
            var happened = d.Rejected(Parking.ReservationOf(command));
            Parking.Finish(d, parked);
            return Outcomes.Answer(d, record, happened, AnswerKind.Original, Outcomes.CauseOf(record));
        }
        return Body(record, command, Outcomes.CauseOf(record));
    }

    /// <summary>Decides a command that waited for an approval.</summary>
    /// <param name="now">State, time and policy.</param>
    /// <param name="record">The record that is folded.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="pending">The command.</param>
    /// <param name="isApproved">false: nobody approved it in time.</param>
    public AllocationOutcome Pending(
        in Moment now, in LedgerRecord record, string poolId, ParkedCommand pending, bool isApproved)
    {
        var command = pending.Command;
        d.BeginApproved(now, pending);
        d.UsePool(poolId, now.State.GetPool(poolId));
        if (isApproved)
        {
            AuthorityRules.Check(d, command, isIncrease: false);
        }
        if (isApproved && !d.IsRejected)
        {
            return Body(record, command, Outcomes.CauseOf(record)).Final;
        }
        var happened = isApproved
            ? d.Rejected(CommandKinds.ReservationIn(command.Body)) : Approvals.Lapse(d, pending);
        Approvals.Finish(d, pending);
        return Outcomes.Answer(d, record, happened, AnswerKind.Original, Outcomes.CauseOf(record));
    }

    // What is still to be decided is known until it is, however long that takes: it would be decided twice otherwise.
    private static CommandMemory? Visible(CommandMemory? memory, long t) =>
        memory is null || (memory.ForgetAtMs <= t && !memory.Provisional) ? null : memory;

    private AllocationOutcome Repeat(in LedgerRecord record, CommandMemory memory)
    {
        var poolId = record.Command.PoolId;
        if (poolId.StartsWith('$') || d.State.GetPool(poolId) is not { } pool)
        {
            d.UsePartition();
        }
        else
        {
            d.UsePool(poolId, pool);
        }
        d.Look(Trace.IdempotencyRepeat);
        var outcomeId = OutcomeIds.Of(memory.OutcomePoolId, memory.Sequence);
        return Outcomes.Answer(d, record, memory.Event, AnswerKind.Repeat(outcomeId), cause: null);
    }

    // What is refused makes no pool known: the partition answers.
    private void LeavePoolUnknown()
    {
        if (!d.IsPoolKnownByName && d.Pool.PoolId != d.PartitionPoolId)
        {
            d.DropEffects();
            d.UsePartition();
            d.LookAgain(Trace.PoolCreated, Trace.PoolUnknown);
        }
    }

    // What is malformed, or misaddressed, or has the id of another command, registers nothing: sent again, it is looked
    // at afresh, and a command that was mended may have the same id.
    private AnswerKind Rejection() =>
        d.IsRejectedFor(ReasonCode.Malformed) || d.IsRejectedFor(ReasonCode.IdempotencyConflict)
            ? AnswerKind.Refusal : AnswerKind.Original;

    private AllocationOutcome Refuse(in LedgerRecord record, AllocationCommand command)
    {
        // A hold that was understood and turned away is remembered as failed; one that was not decided is not.
        if (command.Body is AllocationCommandBody.Hold hold && d.IsPoolKnownByName
            && d.OnlyRejectedFor(ReasonCode.DeadlineExceeded, ReasonCode.StaleEpoch))
        {
            HoldRules.RememberFailure(d, HoldRules.LinesOf(hold));
        }
        LeavePoolUnknown();
        return Outcomes.Answer(
            d, record, d.Rejected(CommandKinds.ReservationIn(command.Body)), Rejection(), cause: null);
    }

    private Decided Body(in LedgerRecord record, AllocationCommand command, Cause? cause)
    {
        AllocationOutcomeEvent happened;
        try
        {
            if (d.Taken is { IsOnPaper: true, Plans: { } plans })
            {
                Takings.Apply(d, plans);
            }
            var ruling = Rule(command.Body);
            if (ruling.Happened is null)
            {
                return ruling.TakeFirst is { } first ? Decided.First(first) : Decided.GoesOnWaiting;
            }
            happened = ruling.Happened;
            Finish();
        }
        catch (OverflowException)
        {
            d.DropEffects();
            d.DropReasons();
            d.Fail(ReasonCode.Malformed, "the quantity makes a balance overflow");
            happened = d.Rejected(CommandKinds.ReservationIn(command.Body));
            Finish();
        }
        if (d.Taken.IsOnPaper)
        {
            d.DropEffects();
        }
        var isRefused = happened is AllocationOutcomeEvent.Rejected && cause is null;
        if (isRefused)
        {
            LeavePoolUnknown();
        }
        return Outcomes.Answer(d, record, happened, AnswerTo(happened, isRefused), cause);
    }

    // One that waited was taken: whatever ends it is its original.
    private AnswerKind AnswerTo(AllocationOutcomeEvent happened, bool isRefused) =>
        d.Taken.IsOnPaper ? AnswerKind.Unremembered
        : isRefused ? Rejection()
        : happened is AllocationOutcomeEvent.Parked or AllocationOutcomeEvent.PendingApproval
            ? AnswerKind.Provisional : AnswerKind.Original;

    // A command that waited waits no longer.
    private void Finish()
    {
        if (d.Parked is { } parked)
        {
            Parking.Finish(d, parked);
        }
        if (d.Approved is { } pending)
        {
            Approvals.Finish(d, pending);
        }
    }

    private Ruling Rule(AllocationCommandBody body)
    {
        if (!d.IsPoolKnownByName && d.Parked is null)
        {
            d.ForbidParkingUnlessCreated(CommandKinds.CreatesPool(d.Kind));
        }
        return body switch
        {
            AllocationCommandBody.Hold hold => HoldRules.Decide(d, hold),
            AllocationCommandBody.Confirm confirm => ConfirmRules.Decide(d, confirm),
            AllocationCommandBody.Release release => ReleaseRules.Decide(d, release),
            AllocationCommandBody.Consume consume => ConsumeRules.Decide(d, consume),
            AllocationCommandBody.Return returned => ReturnRules.Decide(d, returned),
            AllocationCommandBody.Extend extend => ExtendRules.Decide(d, extend),
            AllocationCommandBody.Amend amend => AmendRules.Decide(d, amend),
            AllocationCommandBody.Split split => SplitRules.Decide(d, split),
            AllocationCommandBody.Reassign reassign => ReassignRules.Decide(d, reassign),
            AllocationCommandBody.ForceRelease force => ForceReleaseRules.Decide(d, force),
            AllocationCommandBody.Approve approve => Approvals.Decide(d, approve),
            AllocationCommandBody.Import import => ImportRules.Decide(d, import),
            AllocationCommandBody.Repair repair => RepairRules.Decide(d, repair),
            AllocationCommandBody.PolicyActivate activate => PolicyRules.Decide(d, activate),
            AllocationCommandBody.ModeSwitch change => ModeRules.Decide(d, change),
            AllocationCommandBody.AuthorityTransfer transfer => AuthorityRules.Decide(d, transfer),
            AllocationCommandBody.SupplyDelta delta => SupplyRules.Decide(d, delta),
            AllocationCommandBody.SupplySnapshot snapshot => SnapshotRules.Decide(d, snapshot),
            AllocationCommandBody.Block block => SupplyRules.Decide(d, block),
            AllocationCommandBody.Unblock unblock => SupplyRules.Decide(d, unblock),
            AllocationCommandBody.PoolConfigure configure => PoolRules.Decide(d, configure),
            AllocationCommandBody.Tick => throw new UnreachableException("A tick is no decision."),
            _ => throw new UnreachableException(),
        };
    }
}
