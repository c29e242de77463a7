using Alloc.Engine.LogClient;
using Alloc.Host.Lag;
using Confluent.Kafka;

namespace Host.Tests.Lag;

/// <summary>
/// What a real cluster tells of its groups, as it would tell it in a state that no broker here can be brought into.
/// </summary>
internal sealed class ChangedGroups(IGroupSource real, Func<ConsumerGroup, ConsumerGroup> change) : IGroupSource
{
    public GroupReading Read(
        Metadata cluster, IReadOnlyCollection<Alloc.Engine.LogClient.TopicPartition> partitions,
        Func<string, bool> wants, int limit)
    {
        var reading = real.Read(cluster, partitions, wants, limit);
        return reading with { Groups = [.. reading.Groups.Select(change)] };
    }

    public void Dispose() => real.Dispose();
}
