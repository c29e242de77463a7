namespace Alloc.Processors.Workflow.Definition;

/// <summary>The definition that is shipped: two segments, a limit for every step.</summary>
internal static class ShippedDefinition
{
    private const long Second = DefinitionRanges.Second;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Day = DefinitionRanges.Day;

    /// <summary>Version 1. No code of an outside system is mapped: which there are, only a business knows.</summary>
    public static WorkflowDefinition Version1 { get; } = new()
    {
        Version = 1,
        Segments =
        [
            new SegmentRow(
                "high-risk",
                new SegmentCondition { Attributes = [new AttributeCondition("risk", ["high"])] },
                [
                    WorkflowStep.Fraud, WorkflowStep.Hold, WorkflowStep.Authorise, WorkflowStep.Confirm,
                    WorkflowStep.Fulfil,
                ]),
            new SegmentRow(
                "standard",
                null,
                [
                    WorkflowStep.Hold, WorkflowStep.Fraud, WorkflowStep.Authorise, WorkflowStep.Confirm,
                    WorkflowStep.Fulfil,
                ]),
        ],
        Limits =
        [
            new(WorkflowStep.Hold, 2 * Minute, LimitAction.Cancel),
            new(WorkflowStep.Fraud, 15 * Minute, LimitAction.Cancel) { InReviewRouting = LimitAction.Review },
            new(WorkflowStep.Review, 4 * Hour, LimitAction.Cancel),
            new(WorkflowStep.Authorise, 3 * Minute, LimitAction.Cancel),
            new(WorkflowStep.Confirm, 30 * Second, LimitAction.Cancel),
            new(WorkflowStep.Fulfil, 3 * Day, LimitAction.Exception),
            new(WorkflowStep.Stop, Hour, LimitAction.Release),
            new(WorkflowStep.Return, 30 * Day, LimitAction.Exception),
        ],
        Payment = new PaymentRules(
            Tries: 3, FirstPauseMs: Second, Factor: 4, AnswerWithinMs: 10 * Second, Reauthorisations: 1),
        Compensation = new CompensationRules(
            Tries: 8, FirstPauseMs: Second, Factor: 2, LongestPauseMs: 5 * Minute, AnswerWithinMs: 30 * Second),
        Review = new ReviewRules(Reviewers: 2, PerCaseMs: 10 * Minute, AcceptBelow: 20, RejectFrom: 80),
        Promise = new PromiseRules(NotifyAtMostEveryMs: Hour),
    };
}
