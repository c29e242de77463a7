using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>How the outcome is put together.</summary>
internal sealed partial class Decision
{
    /// <summary>The event of a rejection, with all reasons found; nothing moves.</summary>
    public AllocationOutcomeEvent Rejected(string? reservationId = null)
    {
        var found = reasons.ToArray();
        return new AllocationOutcomeEvent.Rejected { Reasons = found, ReservationId = reservationId };
    }

    /// <summary>What became of the command.</summary>
    /// <param name="source">The record that is folded.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="answer">How the outcome relates to its command.</param>
    /// <param name="hash">The command's payload hash.</param>
    /// <param name="cause">Set when the command is not the record that is folded.</param>
    public AllocationOutcome Answer(
        in LedgerRecord source, AllocationOutcomeEvent happened, in AnswerKind answer,
        ReadOnlyMemory<byte>? hash, Cause? cause)
    {
        var command = Command!;
        var named = Pool.PoolId == command.PoolId ? null : command.PoolId;
        return new AllocationOutcome
        {
            PoolId = Pool.PoolId,
            Sequence = checked(Pool.Sequence + 1),
            Source = new SourcePosition { Topic = source.Topic, Partition = source.Partition, Offset = source.Offset },
            TMs = T,
            PolicyVersion = Policy.Version,
            Epoch = Slice.Epoch,
            Original = answer.IsOriginal,
            CommandId = command.CommandId,
            CommandKind = Kind,
            PayloadHash = hash,
            RequestedPoolId = named,
            RememberUntilMs = answer.IsRemembered ? RememberUntil(happened) : null,
            Actor = command.Actor,
            CorrelationId = command.CorrelationId,
            CausationId = command.CausationId,
            CausedBy = cause,
            DuplicateOf = answer.DuplicateOf,
            BalancesBefore = Pool.Balances,
            BalancesAfter = BalancesNow(),
            Entries = Exactly(entries),
            After = Exactly(after),
            Charges = charges.ToArray(),
            Timers = Exactly(timers),
            SupplySources = Exactly(sources),
            SupplyFacts = Exactly(facts),
            ConsumeIds = Exactly(consumes),
            Approvals = Exactly(approvals),
            Cooldowns = Exactly(cooldowns),
            Decision = Exactly(trace),
            Event = happened,
        };
    }

    /// <summary>What happened in the wake of a command.</summary>
    public AllocationOutcome Consequence(in LedgerRecord source, AllocationOutcomeEvent happened) => new()
    {
        PoolId = Pool.PoolId,
        Sequence = checked(Pool.Sequence + 1),
        Source = new SourcePosition { Topic = source.Topic, Partition = source.Partition, Offset = source.Offset },
        TMs = T,
        PolicyVersion = Policy.Version,
        Epoch = Slice.Epoch,
        Original = false,
        CausedBy = CauseOf(source),
        BalancesBefore = Pool.Balances,
        BalancesAfter = BalancesNow(),
        Entries = Exactly(entries),
        After = Exactly(after),
        Charges = charges.ToArray(),
        Timers = Exactly(timers),
        SupplySources = Exactly(sources),
        Approvals = Exactly(approvals),
        Cooldowns = Exactly(cooldowns),
        Decision = Exactly(trace),
        Event = happened,
    };

    // A command that waits for an approval is known as long as it waits.
    private long RememberUntil(AllocationOutcomeEvent happened)
    {
        var limits = Policy.Limits;
        return checked(T + (happened is AllocationOutcomeEvent.PendingApproval
            ? Math.Max(limits.CommandRetentionMs, limits.ApprovalMs + 1)
            : limits.CommandRetentionMs));
    }

    /// <summary>The command of the record that is folded, as a cause.</summary>
    public static Cause CauseOf(in LedgerRecord source) =>
        new() { PoolId = source.Command.PoolId, CommandId = source.Command.CommandId };

    private static T[] Exactly<T>(List<T> list) => list.Count == 0 ? [] : list.ToArray();

    private Balances BalancesNow() => entries.Count == 0
        ? Pool.Balances
        : new Balances
        {
            External = External,
            Free = Free,
            Held = Held,
            Confirmed = Confirmed,
            Consumed = Consumed,
            Blocked = Blocked,
        };
}

/// <summary>How an outcome relates to the command that it answers.</summary>
/// <param name="IsOriginal">The one outcome that decides it.</param>
/// <param name="IsRemembered">A repeat is answered with it.</param>
/// <param name="DuplicateOf">The outcome that it repeats.</param>
internal readonly record struct AnswerKind(bool IsOriginal, bool IsRemembered, string? DuplicateOf)
{
    /// <summary>Decides the command.</summary>
    public static AnswerKind Original => new(true, true, null);

    /// <summary>Answers until the command is decided.</summary>
    public static AnswerKind Provisional => new(false, true, null);

    /// <summary>
    /// Answers a command that is malformed, misaddressed, or has the id of another one: nothing of it is registered.
    /// </summary>
    public static AnswerKind Refusal => new(false, false, null);

    /// <summary>Answers a command that is only tried.</summary>
    public static AnswerKind Unremembered => new(true, false, null);

    /// <summary>Answers a repeat.</summary>
    public static AnswerKind Repeat(string outcomeId) => new(false, false, outcomeId);
}
