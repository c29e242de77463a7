using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Hosting.Demo;

/// <summary>The policies of the demo's stories: the examples of the documentation, kept inside the program.</summary>
internal static class DemoPolicy
{
    /// <summary>The text of an example.</summary>
    public static string Text(string name)
    {
        using var stream = typeof(DemoPolicy).Assembly.GetManifestResourceStream($"{name}.policy.yaml")
            ?? throw new InvalidOperationException($"The program has no policy {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>
    /// What puts an example in force, partition by partition. A later start repeats it; that is a no-op.
    /// </summary>
    public static IEnumerable<(int Partition, AllocationCommand Command)> Activations(
        string name, int partitionCount, long nowMs)
    {
        var policy = PolicyDocument.ParseAny(Text(name)).Policy
            ?? throw new InvalidOperationException($"The policy {name} of the demo is not valid.");
        var document = PolicyDocument.Write(policy);
        var hash = PolicyDocument.HashOf(document);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            yield return (partition, new AllocationCommand
            {
                CommandId = $"demo-policy-{hash}-{nowMs}-{partition}",
                PoolId = ReservedKeys.Policy,
                Actor = new Actor { Type = ActorType.Operator, Id = "demo" },
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
}
