using System.Diagnostics;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Commitment;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// State, command, time and policy to outcome. A decision reads the state and writes nothing; the same arguments give
/// the same outcome, byte for byte. An instance serves one partition and is not thread-safe: it keeps buffers between
/// decisions.
/// </summary>
public sealed partial class Decide
{
    private readonly ILedgerState state;
    private readonly string partitionPoolId;
    private readonly Decision d;

    /// <param name="state">State of the partition.</param>
    /// <param name="book">The policies of the partition.</param>
    /// <param name="partition">The partition, for what belongs to no pool.</param>
    /// <param name="role">For whom is decided.</param>
    public Decide(
        ILedgerState state, PolicyBook book, int partition, LedgerRole role = LedgerRole.Authority)
    {
        this.state = state;
        partitionPoolId = ReservedKeys.PartitionPool(partition);
        d = new Decision(state, book, role);
    }

    /// <summary>The policy that decides.</summary>
    public AllocationPolicy Policy
    {
        get => d.Policy;
        set => d.Policy = value;
    }

    /// <summary>Whether the command of a record is decided here at all.</summary>
    internal bool Decides(in LedgerRecord record)
    {
        var command = record.Command;
        return d.Role == LedgerRole.Authority
            || (record.Key == command.PoolId
                && (CommandKinds.IsForPartition(CommandKinds.Of(command.Body)) || Decides(command.PoolId)));
    }

    /// <summary>Whether anything is decided about a pool.</summary>
    internal bool Decides(string poolId) =>
        d.Role == LedgerRole.Authority || d.SliceOf(poolId).Mode == AuthorityMode.Authoritative;

    /// <summary>Decides the command of a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="t">The partition's clock.</param>
    /// <param name="taken">What others lost for it already; null: nothing.</param>
    /// <returns>The outcome; null when <see cref="ToTake"/> says who has to lose units first.</returns>
    internal AllocationOutcome? Record(in LedgerRecord record, long t, PreemptionPlan[]? taken = null)
    {
        var command = record.Command;
        var hash = PayloadHashing.Compute(command);
        d.BeginCommand(command, CommandKinds.Of(command.Body), hash, t, parked: null, mayPark: true);
        d.Taken = taken;
        if (!Address(record, out var poolStep))
        {
            return Refuse(record, command, hash);
        }
        var memory = Visible(state.GetCommand(command.PoolId, command.CommandId), t);
        if (memory is not null && memory.PayloadHash.Span.SequenceEqual(hash.Span))
        {
            return Repeat(record, memory, hash);
        }
        if (poolStep is not null)
        {
            d.Look(poolStep);
        }
        CheckEnvelope(command, isConflict: memory is not null);
        return d.IsRejected ? Refuse(record, command, hash) : Body(record, command, hash, cause: null);
    }

    /// <summary>Decides a parked command, if it can be decided.</summary>
    /// <param name="record">The record that is folded.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="parked">The command.</param>
    /// <param name="mayPark">Whether it may go on waiting.</param>
    /// <param name="t">The partition's clock.</param>
    /// <returns>The outcome; null when the command goes on waiting.</returns>
    public AllocationOutcome? Parked(in LedgerRecord record, string poolId, ParkedCommand parked, bool mayPark, long t)
    {
        var command = parked.Command;
        d.BeginCommand(command, CommandKinds.Of(command.Body), parked.PayloadHash, t, parked, mayPark);
        d.UsePool(poolId, state.GetPool(poolId));
        CheckDeadline(command);
        if (!d.IsRejected && !IsFact(d.Kind))
        {
            AuthorityRules.Check(d, command, isIncrease: false);
        }
        if (d.IsRejected)
        {
            var happened = d.Rejected(Parking.ReservationOf(command));
            Parking.Finish(d, parked);
            return d.Answer(record, happened, AnswerKind.Original, parked.PayloadHash, Decision.CauseOf(record));
        }
        return Body(record, command, parked.PayloadHash, Decision.CauseOf(record));
    }

    /// <summary>Decides a command that waited for an approval.</summary>
    /// <param name="record">The record that is folded.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="pending">The command.</param>
    /// <param name="isApproved">false: nobody approved it in time.</param>
    /// <param name="t">The partition's clock.</param>
    public AllocationOutcome Pending(
        in LedgerRecord record, string poolId, ParkedCommand pending, bool isApproved, long t)
    {
        var command = pending.Command;
        d.BeginCommand(command, CommandKinds.Of(command.Body), pending.PayloadHash, t, parked: null, mayPark: false);
        d.UsePool(poolId, state.GetPool(poolId));
        d.Approved = pending;
        if (isApproved)
        {
            AuthorityRules.Check(d, command, isIncrease: false);
        }
        if (isApproved && !d.IsRejected)
        {
            return Body(record, command, pending.PayloadHash, Decision.CauseOf(record))!;
        }
        var happened = isApproved ? d.Rejected(ReservationIn(command.Body)) : Approvals.Lapse(d, pending);
        Approvals.Finish(d, pending);
        return d.Answer(record, happened, AnswerKind.Original, pending.PayloadHash, Decision.CauseOf(record));
    }

    /// <summary>What a timer causes: the expiry of a hold, or the report of a gap.</summary>
    public AllocationOutcome Timer(in LedgerRecord record, in LedgerTimer timer, long t)
    {
        d.BeginTimer(t);
        d.UsePool(timer.PoolId, state.GetPool(timer.PoolId));
        return d.Consequence(record, timer.Kind switch
        {
            TimerKind.Expiry => TimerRules.Expire(d, timer),
            TimerKind.PolicyStep => PolicyRules.TakeForce(d, timer),
            TimerKind.GapGrace => TimerRules.ReportGap(d, timer),
            TimerKind.Promotion or TimerKind.OverbookingStep or TimerKind.CooldownEnd => TimerRules.LookAgain(d, timer),
            _ => throw new LedgerFaultException(
                $"Pool {timer.PoolId}: no rule sets a timer {timer.Kind}, but one is due."),
        });
    }

    /// <summary>Units of a pool promised beyond supply and overbooking.</summary>
    public long DeficitOf(PoolState pool, long t) => Availability.Deficit(d.Policy, PoolFigures.Of(pool), t);

    /// <summary>Publishes a deficit that changed.</summary>
    public AllocationOutcome Deficit(in LedgerRecord record, PoolState pool, long deficit, long t)
    {
        d.BeginTimer(t);
        d.UsePool(pool.PoolId, pool);
        return d.Consequence(record, TimerRules.ReportDeficit(d, deficit));
    }

    // What is still to be decided is known until it is, however long that takes: it would be decided twice otherwise.
    private static CommandMemory? Visible(CommandMemory? memory, long t) =>
        memory is null || (memory.ForgetAtMs <= t && !memory.Provisional) ? null : memory;

    private static bool IsFact(CommandKind kind) =>
        kind is CommandKind.Consume or CommandKind.Return or CommandKind.SupplyDelta or CommandKind.SupplySnapshot;

    // Which pool it is about, and whether the record is where it belongs. One that is not is looked at no further: who
    // wrote it may be anybody, so that not even the answer to a command with its id is told.
    private bool Address(in LedgerRecord record, out DecisionStep? poolStep)
    {
        poolStep = null;
        var poolId = record.Command.PoolId;
        if (record.Key is null || record.Key != poolId)
        {
            return Misaddressed(record.Key is null ? "the record has no key" : "key and poolId differ");
        }
        if (CommandKinds.IsForPartition(d.Kind))
        {
            d.UsePool(partitionPoolId, state.GetPool(partitionPoolId));
            return poolId == CommandKinds.KeyOf(d.Kind)
                || Misaddressed($"a {d.Kind} has the key {CommandKinds.KeyOf(d.Kind)}");
        }
        if (ShapeRules.PoolIdFault(poolId, d.Policy.Limits.MaximumIdLength) is { } fault)
        {
            return Misaddressed($"poolId {fault}");
        }
        var pool = state.GetPool(poolId);
        if (pool is null && record.KeyPartition != record.Partition)
        {
            return Misaddressed(
                "the key belongs to another partition",
                Trace.N(NumberName.Partition, record.Partition), Trace.N(NumberName.Expected, record.KeyPartition));
        }
        if (pool is not null || CreatesPool(d.Kind))
        {
            d.UsePool(poolId, pool);
        }
        else
        {
            d.UsePool(partitionPoolId, state.GetPool(partitionPoolId));
        }
        poolStep = pool is not null ? Trace.PoolKnown : CreatesPool(d.Kind) ? Trace.PoolCreated : Trace.PoolUnknown;
        return true;
    }

    private bool Misaddressed(string detail, params DecisionNumber[] numbers)
    {
        d.UsePool(partitionPoolId, state.GetPool(partitionPoolId));
        d.Look(Trace.ShapeFailed);
        d.Fail(ReasonCode.Malformed, detail, null, numbers);
        return false;
    }

    private static bool CreatesPool(CommandKind kind) => kind
        is CommandKind.PoolConfigure or CommandKind.SupplyDelta or CommandKind.Consume or CommandKind.Return
            or CommandKind.Block;

    // Tiers 0 and 1.
    private void CheckEnvelope(AllocationCommand command, bool isConflict)
    {
        d.Look(isConflict ? Trace.IdempotencyConflict : Trace.IdempotencyPassed);
        ShapeRules.Check(d, command);
        d.Look(d.IsRejected ? Trace.ShapeFailed : Trace.ShapePassed);
        if (isConflict)
        {
            d.Fail(ReasonCode.IdempotencyConflict, "another command had this commandId");
        }
        if (IsFact(d.Kind))
        {
            // A fact that the ledger numbers is told from a repeat by its command id alone, which is forgotten.
            if (SupplyRules.IsNumberedHere(command.Body))
            {
                CheckAge(command);
            }
            return;
        }
        CheckAge(command);
        CheckDeadline(command);
        if (!d.IsRejected)
        {
            CheckAuthority(command);
        }
    }

    private void CheckAge(AllocationCommand command)
    {
        var limits = d.Policy.Limits;
        var oldest = d.T - limits.CommandRetentionMs;
        var newest = checked(d.T + limits.MaximumClockSkewMs);
        var isOld = command.IssuedAtMs < oldest;
        var isAhead = command.IssuedAtMs > newest;
        d.Look(Trace.Step(
            DecisionRule.Age, isOld || isAhead ? RuleResult.Failed : RuleResult.Passed, "",
            Trace.N(NumberName.IssuedAt, command.IssuedAtMs), Trace.N(NumberName.OldestAccepted, oldest)));
        if (isOld)
        {
            d.Fail(
                ReasonCode.TooOld, "", null,
                Trace.N(NumberName.IssuedAt, command.IssuedAtMs), Trace.N(NumberName.OldestAccepted, oldest));
        }
        if (isAhead)
        {
            d.Fail(
                ReasonCode.Malformed, "issuedAt is ahead of the log", null,
                Trace.N(NumberName.IssuedAt, command.IssuedAtMs), Trace.N(NumberName.NewestAccepted, newest));
        }
    }

    private void CheckDeadline(AllocationCommand command)
    {
        if (command.DeadlineMs is not { } deadline
            || !(d.Kind is CommandKind.Hold or CommandKind.Confirm or CommandKind.Extend || IsIncrease(command)))
        {
            return;
        }
        var isOver = deadline < d.T;
        d.Look(Trace.Step(
            DecisionRule.Deadline, isOver ? RuleResult.Failed : RuleResult.Passed, "",
            Trace.N(NumberName.Deadline, deadline), Trace.N(NumberName.Time, d.T)));
        if (isOver)
        {
            d.Fail(
                ReasonCode.DeadlineExceeded, "", null, Trace.N(NumberName.Deadline, deadline),
                Trace.N(NumberName.Time, d.T));
        }
    }

    private bool IsIncrease(AllocationCommand command) =>
        command.Body is AllocationCommandBody.Amend amend && AmendRules.IsIncrease(d, amend);

    private void CheckAuthority(AllocationCommand command)
    {
        AuthorityRules.Check(d, command, IsIncrease(command));
        if (d.Kind is CommandKind.Hold or CommandKind.Import or CommandKind.Repair && !d.IsPoolKnownByName)
        {
            d.Fail(ReasonCode.UnknownPool, command.PoolId);
        }
    }

    private AllocationOutcome Repeat(in LedgerRecord record, CommandMemory memory, ReadOnlyMemory<byte> hash)
    {
        var poolId = record.Command.PoolId;
        var pool = poolId.StartsWith('$') ? null : state.GetPool(poolId);
        d.UsePool(pool is null ? partitionPoolId : poolId, pool ?? state.GetPool(partitionPoolId));
        d.Look(Trace.IdempotencyRepeat);
        var outcomeId = OutcomeIds.Of(memory.OutcomePoolId, memory.Sequence);
        return d.Answer(record, memory.Event, AnswerKind.Repeat(outcomeId), hash, cause: null);
    }

    // What is refused makes no pool known: the partition answers.
    private void LeavePoolUnknown()
    {
        if (!d.IsPoolKnownByName && d.Pool.PoolId != partitionPoolId)
        {
            d.DropEffects();
            d.UsePool(partitionPoolId, state.GetPool(partitionPoolId));
            d.LookAgain(Trace.PoolCreated, Trace.PoolUnknown);
        }
    }

    // What is malformed, or misaddressed, or has the id of another command, registers nothing: sent again, it is looked
    // at afresh, and a command that was mended may have the same id.
    private AnswerKind Rejection =>
        d.IsRejectedFor(ReasonCode.Malformed) || d.IsRejectedFor(ReasonCode.IdempotencyConflict)
            ? AnswerKind.Refusal : AnswerKind.Original;

    private AllocationOutcome Refuse(in LedgerRecord record, AllocationCommand command, ReadOnlyMemory<byte> hash)
    {
        // A hold that was understood and turned away is remembered as failed; one that was not decided is not.
        if (command.Body is AllocationCommandBody.Hold hold && d.IsPoolKnownByName
            && d.OnlyRejectedFor(ReasonCode.DeadlineExceeded, ReasonCode.StaleEpoch))
        {
            HoldRules.RememberFailure(d, HoldRules.LinesOf(hold));
        }
        LeavePoolUnknown();
        return d.Answer(record, d.Rejected(ReservationIn(command.Body)), Rejection, hash, cause: null);
    }

    private AllocationOutcome? Body(
        in LedgerRecord record, AllocationCommand command, ReadOnlyMemory<byte> hash, Cause? cause)
    {
        AllocationOutcomeEvent? happened;
        try
        {
            if (isTrial)
            {
                Takings.Apply(d, d.Taken!);
            }
            happened = Dispatch(command.Body);
            if (happened is null)
            {
                return null;
            }
            Finish();
        }
        catch (OverflowException)
        {
            d.DropEffects();
            d.DropReasons();
            d.Fail(ReasonCode.Malformed, "the quantity makes a balance overflow");
            happened = d.Rejected(ReservationIn(command.Body));
            Finish();
        }
        if (isTrial)
        {
            d.DropEffects();
        }
        var answer = isTrial ? AnswerKind.Unremembered
            : happened is AllocationOutcomeEvent.Parked or AllocationOutcomeEvent.PendingApproval
            ? AnswerKind.Provisional : AnswerKind.Original;
        if (happened is AllocationOutcomeEvent.Rejected && cause is null)
        {
            // One that waited was taken: whatever ends it is its original.
            LeavePoolUnknown();
            answer = isTrial ? answer : Rejection;
        }
        return d.Answer(record, happened, answer, hash, cause);
    }

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

    private AllocationOutcomeEvent? Dispatch(AllocationCommandBody body)
    {
        if (!d.IsPoolKnownByName && d.Parked is null)
        {
            d.ForbidParkingUnlessCreated(CreatesPool(d.Kind));
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

    /// <summary>The reservation that a command names, the first of several; null where it names none.</summary>
    internal static string? ReservationIn(AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Hold hold =>
            hold.ReservationId ?? (hold.Lines.Count > 0 ? hold.Lines[0].ReservationId : null),
        AllocationCommandBody.Confirm confirm => confirm.ReservationId,
        AllocationCommandBody.Release release => release.ReservationId,
        AllocationCommandBody.Consume consume => consume.ReservationId,
        AllocationCommandBody.Return returned => returned.ReservationId,
        AllocationCommandBody.Extend extend => extend.ReservationId,
        AllocationCommandBody.Amend amend => amend.ReservationId,
        AllocationCommandBody.Split split => split.ReservationId,
        AllocationCommandBody.Reassign reassign => reassign.ReservationId,
        AllocationCommandBody.ForceRelease release => release.ReservationId,
        AllocationCommandBody.Import import => import.ReservationId,
        AllocationCommandBody.Repair repair => repair.ReservationId,
        _ => null,
    };
}
