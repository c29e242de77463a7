using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>Steps of a decision's trace. Those without numbers are made once.</summary>
internal static class Trace
{
    public static readonly DecisionStep IdempotencyPassed = Step(DecisionRule.Idempotency, RuleResult.Passed);
    public static readonly DecisionStep IdempotencyRepeat = Step(
        DecisionRule.Idempotency, RuleResult.Applied, "repeat");
    public static readonly DecisionStep IdempotencyConflict = Step(
        DecisionRule.Idempotency, RuleResult.Failed, "other content");
    public static readonly DecisionStep ShapePassed = Step(DecisionRule.Shape, RuleResult.Passed);
    public static readonly DecisionStep ShapeFailed = Step(DecisionRule.Shape, RuleResult.Failed);
    public static readonly DecisionStep AuthorityPassed = Step(DecisionRule.Authority, RuleResult.Passed);
    public static readonly DecisionStep PoolKnown = Step(DecisionRule.PoolKnown, RuleResult.Passed);
    public static readonly DecisionStep PoolUnknown = Step(DecisionRule.PoolKnown, RuleResult.Failed);
    public static readonly DecisionStep PoolCreated = Step(DecisionRule.PoolKnown, RuleResult.Applied, "created");
    public static readonly DecisionStep ConsumeUnseen = Step(DecisionRule.ConsumeSeen, RuleResult.Passed);
    public static readonly DecisionStep ConsumeSeen = Step(DecisionRule.ConsumeSeen, RuleResult.Applied, "repeat");

    private static readonly int Columns = Enum.GetValues<ReservationStatus>().Length;
    private static readonly DecisionStep[] Passed = Transitions(RuleResult.Applied);
    private static readonly DecisionStep[] Failed = Transitions(RuleResult.Failed);

    /// <summary>The cell of the transition table that applied.</summary>
    public static DecisionStep Transition(CommandKind kind, ReservationStatus column) =>
        Passed[((int)kind * Columns) + (int)column];

    /// <summary>The cell of the transition table that rejected.</summary>
    public static DecisionStep Rejection(CommandKind kind, ReservationStatus column) =>
        Failed[((int)kind * Columns) + (int)column];

    public static DecisionStep Step(DecisionRule rule, RuleResult result, string row = "") =>
        new() { Rule = rule, Row = row, Result = result };

    public static DecisionStep Step(
        DecisionRule rule, RuleResult result, string row, params DecisionNumber[] numbers) =>
        new() { Rule = rule, Row = row, Result = result, Numbers = numbers };

    public static DecisionNumber N(NumberName name, long value) => new() { Name = name, Value = value };

    private static DecisionStep[] Transitions(RuleResult result)
    {
        var kinds = Enum.GetValues<CommandKind>();
        var steps = new DecisionStep[kinds.Length * Columns];
        foreach (var kind in kinds)
        {
            foreach (var column in Enum.GetValues<ReservationStatus>())
            {
                steps[((int)kind * Columns) + (int)column] = Step(DecisionRule.Transition, result, $"{kind}/{column}");
            }
        }
        return steps;
    }
}
