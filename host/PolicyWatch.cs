using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Host;

/// <summary>
/// Follows the topic of policies, so that metrics can say how long a partition has not taken the one that was applied
/// last. Decides nothing: partitions get policies from their own commands.
/// </summary>
internal sealed class PolicyWatch : IDisposable
{
    private static readonly TimeSpan FetchWait = TimeSpan.FromSeconds(5);
    private readonly TopicFollower<PolicyInForce> follower;
    private volatile PolicyApplication? newest;

    public PolicyWatch(AllocClientOptions settings, ISchemaRegistryClient registry) =>
        follower = new TopicFollower<PolicyInForce>(
            settings, registry, settings.TopicPrefix + TopicNames.Policy, Offset.Beginning, FetchWait, Observe);

    /// <summary>The application of the highest version; null: none was read.</summary>
    public PolicyApplication? Newest => newest;

    public void Start() => follower.Start();

    public void Dispose() => follower.Dispose();

    private void Observe(PolicyInForce applied, long timestampMs)
    {
        if (applied.Version >= (newest?.Version ?? 0))
        {
            newest = new PolicyApplication(applied.Version, timestampMs);
        }
    }
}
