using Alloc.Cli.Commands.Documents;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Policies;

/// <summary>A policy that was applied.</summary>
/// <param name="Record">What the topic says of it.</param>
/// <param name="Policy">It, read.</param>
/// <param name="WrittenAtMs">When it was written, by the clock of who wrote it.</param>
internal sealed record AppliedPolicy(PolicyInForce Record, AllocationPolicy Policy, long WrittenAtMs);

/// <summary>The topic of policies.</summary>
internal sealed class PolicyTopic(AllocClientOptions settings, ISchemaRegistryClient registry)
    : DocumentTopic<PolicyInForce, AppliedPolicy>(settings, registry, TopicNames.Policy, "policy")
{
    private protected override AppliedPolicy? Applied(PolicyInForce record, long writtenAtMs, out string? problem)
    {
        var reading = PolicyDocument.Parse(record.Document);
        problem = reading.Policy is null ? reading.Errors[0].Show() : null;
        return reading.Policy is { } policy ? new AppliedPolicy(record, policy, writtenAtMs) : null;
    }
}
