using Alloc.Cli.Commands.Policies;
using Alloc.Client;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Demo;

/// <summary>The policies of the demo's stories: the examples of the documentation, kept inside the program.</summary>
internal static class DemoPolicy
{
    /// <summary>The text of an example.</summary>
    public static string Text(string name) => DemoDocument.Text($"{name}.policy.yaml");

    /// <summary>
    /// Applies an example as <c>alloc policy apply</c> would, unless a policy was applied before: by an earlier start,
    /// or by whoever tries one on the demo.
    /// </summary>
    public static async Task ApplyAsync(
        string name, int partitionCount, AllocClientOptions settings, ISchemaRegistryClient registry, long nowMs,
        CancellationToken cancellation)
    {
        var topic = new PolicyTopic(settings, registry);
        if (topic.Newest(cancellation) is not null)
        {
            return;
        }
        var policy = Read(name);
        var document = PolicyDocument.Write(policy);
        using var fanOut = new PolicyFanOut(settings, topic, registry);
        await fanOut.BeginAsync(cancellation).ConfigureAwait(false);
        await fanOut.CommitAsync(
            new PolicyInForce
            {
                Version = policy.Version,
                Document = document,
                ContentHash = PolicyDocument.HashOf(document),
                EffectiveAtMs = nowMs,
                Base = PolicyVersions.Version0.Version,
            },
            Activations(name, partitionCount, nowMs).ToDictionary(a => a.Partition, a => a.Command),
            cancellation).ConfigureAwait(false);
    }

    /// <summary>What puts an example in force, partition by partition.</summary>
    public static IEnumerable<(int Partition, AllocationCommand Command)> Activations(
        string name, int partitionCount, long nowMs)
    {
        var policy = Read(name);
        var document = PolicyDocument.Write(policy);
        var hash = PolicyDocument.HashOf(document);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            yield return (partition, new AllocationCommand
            {
                CommandId = $"policy/{policy.Version}/{hash[..16]}/{partition}/demo/{nowMs}",
                PoolId = ReservedKeys.Policy,
                Actor = new Actor { Type = ActorType.Operator, Id = DemoDocument.Actor },
                CorrelationId = $"demo-policy-{name}",
                IssuedAtMs = nowMs,
                Body = new AllocationCommandBody.PolicyActivate
                {
                    Document = document,
                    Version = policy.Version,
                    ContentHash = hash,
                    EffectiveAtMs = nowMs,
                },
            });
        }
    }

    private static AllocationPolicy Read(string name) => PolicyDocument.ParseAny(Text(name)).Policy
        ?? throw new InvalidOperationException($"The policy {name} of the demo is not valid.");
}
