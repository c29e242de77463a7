using Alloc.Processors.Workflow.Definition;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>The definition's steps as an order's.</summary>
internal static class DefinedSteps
{
    extension(WorkflowDefinition definition)
    {
        /// <summary>How long an order waits in a step, and what happens then.</summary>
        public LimitRow Limit(OrderStep step) => definition.Limit(Of(step));

        /// <summary>How long a warehouse has that was asked to stop.</summary>
        public LimitRow StopLimit => definition.Limit(WorkflowStep.Stop);

        /// <summary>The step that comes after one.</summary>
        public OrderStep StepAfter(string segmentId, OrderStep step) => step == OrderStep.Plan
            ? Of(definition.Segment(segmentId)!.Steps[0])
            : Of(definition.NextStep(segmentId, Of(step))!.Value);

        /// <summary>Whether orders that began by a version go on by another.</summary>
        public bool MayMove(int from, int to) =>
            to == definition.Version && definition.MigrationOf(from) == MigrationRule.Move;

        private LimitRow Limit(WorkflowStep step) => definition.LimitOf(step)
            ?? throw new InvalidOperationException($"Definition {definition.Version} has no limit for {step}.");
    }

    private static WorkflowStep Of(OrderStep step) => step switch
    {
        OrderStep.Hold => WorkflowStep.Hold,
        OrderStep.Fraud => WorkflowStep.Fraud,
        OrderStep.Review => WorkflowStep.Review,
        OrderStep.Authorise => WorkflowStep.Authorise,
        OrderStep.Confirm => WorkflowStep.Confirm,
        OrderStep.Fulfil => WorkflowStep.Fulfil,
        OrderStep.Return => WorkflowStep.Return,
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "No definition has such a step."),
    };

    private static OrderStep Of(WorkflowStep step) => step switch
    {
        WorkflowStep.Hold => OrderStep.Hold,
        WorkflowStep.Fraud => OrderStep.Fraud,
        WorkflowStep.Authorise => OrderStep.Authorise,
        WorkflowStep.Confirm => OrderStep.Confirm,
        WorkflowStep.Fulfil => OrderStep.Fulfil,
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "No segment has such a step."),
    };
}
