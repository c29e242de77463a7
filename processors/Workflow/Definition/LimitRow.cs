namespace Alloc.Processors.Workflow.Definition;

/// <summary>What happens to an order at the limit of what it waits for.</summary>
public enum LimitAction
{
    /// <summary>What was done is undone, and the order is cancelled.</summary>
    Cancel,

    /// <summary>A person decides.</summary>
    Review,

    /// <summary>It comes into the exception queue, where people look at it.</summary>
    Exception,

    /// <summary>What was not used up is released; what left becomes a return.</summary>
    Release,
}

/// <summary>How long an order waits for a step, and what happens then.</summary>
/// <param name="Step">The step.</param>
/// <param name="WithinMs">How long, in milliseconds, from 1 second to 90 days.</param>
/// <param name="Then">What happens then; which a step allows, <see cref="LimitActions"/> says.</param>
public sealed record LimitRow(WorkflowStep Step, long WithinMs, LimitAction Then)
{
    /// <summary>What happens instead while reviews are routed to people; null: the same. Fraud only.</summary>
    public LimitAction? InReviewRouting { get; init; }

    /// <summary>What happens at the limit.</summary>
    /// <param name="reviewRouting">
    /// Whether reviews are routed to people now, and <see cref="WorkflowDefinition.HasRoom"/> for one more.
    /// </param>
    public LimitAction At(bool reviewRouting) => reviewRouting ? InReviewRouting ?? Then : Then;
}

/// <summary>What may happen at the limit of a step.</summary>
internal static class LimitActions
{
    /// <summary>The actions that a step allows, at least one.</summary>
    public static IReadOnlyList<LimitAction> Of(WorkflowStep step) => step switch
    {
        WorkflowStep.Hold => [LimitAction.Cancel],
        WorkflowStep.Fraud => [LimitAction.Cancel, LimitAction.Review],
        WorkflowStep.Review => [LimitAction.Cancel, LimitAction.Exception],
        WorkflowStep.Authorise => [LimitAction.Cancel],
        WorkflowStep.Confirm => [LimitAction.Cancel],
        WorkflowStep.Fulfil => [LimitAction.Exception],
        WorkflowStep.Stop => [LimitAction.Release, LimitAction.Exception],
        WorkflowStep.Return => [LimitAction.Exception],
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "There is no such step."),
    };

    /// <summary>The actions that a step allows while reviews are routed to people; empty: the same as ever.</summary>
    public static IReadOnlyList<LimitAction> InReviewRouting(WorkflowStep step) =>
        step == WorkflowStep.Fraud ? [LimitAction.Review] : [];
}
