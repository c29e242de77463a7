using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Notation;
using Alloc.Processors.Workflow.Definition;

namespace Topology.Tests.Workflow.Definition;

/// <summary>What is in force before anybody applies a definition.</summary>
public sealed class ShippedDefinitionTests
{
    /// <summary>Orders that began under it finish by it: another text would be another version.</summary>
    [Fact]
    public void The_canonical_document_of_version_1_and_its_hash_never_change()
    {
        var shipped = DefinitionTexts.File("topology-tests/Workflow/Definition/version-1.definition.json").TrimEnd();

        Assert.Equal(shipped, DefinitionDocument.Write(WorkflowDefinition.Shipped));
        Assert.Equal(DefinitionDocument.HashOf(shipped), DefinitionDocument.HashOf(WorkflowDefinition.Shipped));
    }

    [Fact]
    public void It_is_valid_beside_the_shipped_policy_and_survives_its_canonical_form()
    {
        var reading = DefinitionReader.Parse(
            DefinitionDocument.Write(WorkflowDefinition.Shipped),
            groupRevocableMs: PolicyVersions.Version0.ConductTable.Min(row => row.GroupRevocableMs));

        Assert.Empty(reading.Errors);
        Assert.Empty(reading.Notes);
        Assert.Equal(WorkflowDefinition.Shipped, reading.Definition);
    }

    [Fact]
    public void Risky_orders_are_checked_before_anything_is_held() => Assert.Equal(
        ["high-risk: Fraud Hold Authorise Confirm Fulfil", "standard: Hold Fraud Authorise Confirm Fulfil"],
        WorkflowDefinition.Shipped.Segments.Select(segment => $"{segment.Id}: {string.Join(' ', segment.Steps)}"));

    [Fact]
    public void Every_step_has_a_limit_at_its_place() => Assert.Equal(
        [
            "Hold 2m Cancel", "Fraud 15m Cancel, in review routing Review", "Review 4h Cancel", "Authorise 3m Cancel",
            "Confirm 30s Cancel", "Fulfil 3d Exception", "Stop 1h Release", "Return 30d Exception",
        ],
        WorkflowDefinition.Shipped.Limits.Select(limit => $"{limit.Step} {DurationText.Show(limit.WithinMs)} "
            + limit.Then + (limit.InReviewRouting is { } routed ? $", in review routing {routed}" : "")));

    [Theory]
    [InlineData(WorkflowStep.Hold, "Cancel")]
    [InlineData(WorkflowStep.Fraud, "Cancel Review")]
    [InlineData(WorkflowStep.Review, "Cancel Exception")]
    [InlineData(WorkflowStep.Authorise, "Cancel")]
    [InlineData(WorkflowStep.Confirm, "Cancel")]
    [InlineData(WorkflowStep.Fulfil, "Exception")]
    [InlineData(WorkflowStep.Stop, "Release Exception")]
    [InlineData(WorkflowStep.Return, "Exception")]
    public void A_step_allows_what_can_be_done_there(WorkflowStep step, string actions) =>
        Assert.Equal(actions, string.Join(' ', LimitActions.Of(step)));
}
