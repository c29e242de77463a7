namespace Alloc.Processors.Workflow.Definition;

/// <summary>What an order waits for. Five are steps of a segment; the others come where they are called for.</summary>
public enum WorkflowStep
{
    /// <summary>The ledger holds the units of every line.</summary>
    Hold,

    /// <summary>The fraud service decides. A segment may leave it out.</summary>
    Fraud,

    /// <summary>A person decides what the fraud service left open; no step of a segment.</summary>
    Review,

    /// <summary>The payment is authorised.</summary>
    Authorise,

    /// <summary>The ledger confirms every line; at its end nothing can be taken back any more.</summary>
    Confirm,

    /// <summary>The goods leave.</summary>
    Fulfil,

    /// <summary>The warehouse stops what it prepares, where the order is cancelled; no step of a segment.</summary>
    Stop,

    /// <summary>Goods come back; no step of a segment.</summary>
    Return,
}

/// <summary>Which step is what.</summary>
internal static class WorkflowSteps
{
    /// <summary>The steps that segments put in order.</summary>
    public static IReadOnlyList<WorkflowStep> OfSegments { get; } =
    [
        WorkflowStep.Hold, WorkflowStep.Fraud, WorkflowStep.Authorise, WorkflowStep.Confirm, WorkflowStep.Fulfil,
    ];

    /// <summary>What can be taken back, or changed nothing: it has its place before Confirm.</summary>
    public static IReadOnlyList<WorkflowStep> BeforeConfirm { get; } =
        [WorkflowStep.Hold, WorkflowStep.Fraud, WorkflowStep.Authorise];
}
