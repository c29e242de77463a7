using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>How a decision becomes an outcome.</summary>
internal static class Outcomes
{
    /// <summary>What became of the command at hand.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="source">The record that is folded.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="answer">How the outcome relates to its command.</param>
    /// <param name="cause">Set when the command is not the record that is folded.</param>
    public static AllocationOutcome Answer(
        Decision d, in LedgerRecord source, AllocationOutcomeEvent happened, in AnswerKind answer, Cause? cause)
    {
        var command = d.Command!;
        var effects = d.Effects;
        return new AllocationOutcome
        {
            PoolId = d.Pool.PoolId,
            Sequence = checked(d.Pool.Sequence + 1),
            Source = PositionOf(source),
            TMs = d.T,
            PolicyVersion = d.Policy.Version,
            Epoch = d.Slice.Epoch,
            Original = answer.IsOriginal,
            CommandId = command.CommandId,
            CommandKind = d.Kind,
            PayloadHash = d.Hash,
            RequestedPoolId = d.Pool.PoolId == command.PoolId ? null : command.PoolId,
            RememberUntilMs = answer.IsRemembered ? RememberUntil(d, happened) : null,
            Actor = command.Actor,
            CorrelationId = command.CorrelationId,
            CausationId = command.CausationId,
            CausedBy = cause,
            DuplicateOf = answer.DuplicateOf,
            BalancesBefore = d.Pool.Balances,
            BalancesAfter = effects.BalancesAfter,
            Entries = Exactly(effects.Entries),
            After = Exactly(effects.After),
            Charges = effects.Charges.ToArray(),
            Timers = Exactly(effects.Timers),
            SupplySources = Exactly(effects.Sources),
            SupplyFacts = Exactly(effects.Facts),
            ConsumeIds = Exactly(effects.Consumes),
            Approvals = Exactly(effects.Approvals),
            Cooldowns = Exactly(effects.Cooldowns),
            Decision = Exactly(d.Trace),
            Event = happened,
        };
    }

    /// <summary>What happened in the wake of a command.</summary>
    public static AllocationOutcome Consequence(
        Decision d, in LedgerRecord source, AllocationOutcomeEvent happened)
    {
        var effects = d.Effects;
        return new AllocationOutcome
        {
            PoolId = d.Pool.PoolId,
            Sequence = checked(d.Pool.Sequence + 1),
            Source = PositionOf(source),
            TMs = d.T,
            PolicyVersion = d.Policy.Version,
            Epoch = d.Slice.Epoch,
            Original = false,
            CausedBy = CauseOf(source),
            BalancesBefore = d.Pool.Balances,
            BalancesAfter = effects.BalancesAfter,
            Entries = Exactly(effects.Entries),
            After = Exactly(effects.After),
            Charges = effects.Charges.ToArray(),
            Timers = Exactly(effects.Timers),
            SupplySources = Exactly(effects.Sources),
            Approvals = Exactly(effects.Approvals),
            Cooldowns = Exactly(effects.Cooldowns),
            Decision = Exactly(d.Trace),
            Event = happened,
        };
    }

    /// <summary>The command of the record that is folded, as a cause.</summary>
    public static Cause CauseOf(in LedgerRecord source) =>
        new() { PoolId = source.Command.PoolId, CommandId = source.Command.CommandId };

    // A command that waits for an approval is known as long as it waits.
    private static long RememberUntil(Decision d, AllocationOutcomeEvent happened)
    {
        var limits = d.Policy.Limits;
        return checked(d.T + (happened is AllocationOutcomeEvent.PendingApproval
            ? Math.Max(limits.CommandRetentionMs, limits.ApprovalMs + 1)
            : limits.CommandRetentionMs));
    }

    private static SourcePosition PositionOf(in LedgerRecord source) =>
        new() { Topic = source.Topic, Partition = source.Partition, Offset = source.Offset };

    // Lists are used again: an outcome has arrays of its own.
    private static T[] Exactly<T>(List<T> list) => list.Count == 0 ? [] : list.ToArray();
}
