using Alloc.Client;
using Alloc.Host.Roles;
using Alloc.Schemas.Catalogue;
using Alloc.Tests.Support;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Host.Tests;

/// <summary>
/// A topic whose number of partitions is not that of its family would have keys in other partitions than the topics
/// that it is read with: no instance starts on it, whatever it is to do.
/// </summary>
[Collection("instances")]
public sealed class PartitionCountTests(PartitionCountTests.Kafka kafka) : IClassFixture<PartitionCountTests.Kafka>
{
    /// <summary>Every topic, and whether the topic that its family goes by is there before.</summary>
    public static TheoryData<string, bool> Topics()
    {
        var data = new TheoryData<string, bool>();
        foreach (var topic in TopicCatalogue.Load().Topics)
        {
            if (topic.PartitionsOf is not null)
            {
                data.Add(topic.Name, true);
                data.Add(topic.Name, false);
            }
            else if (topic.PartitionCount == 1)
            {
                data.Add(topic.Name, false);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public async Task A_topic_with_a_partition_more_than_its_family_is_refused_by_name(string name, bool isRootThere)
    {
        var prefix = $"{name}-{(isRootThere ? "after" : "before")}.";
        var client = kafka.Instance.Client with { TopicPrefix = prefix };
        var topic = TopicCatalogue.Load()[name];
        using (var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = client.Bootstrap }).Build())
        {
            List<TopicSpecification> topics =
                [new() { Name = prefix + name, NumPartitions = topic.PartitionCount + 1, ReplicationFactor = 1 }];
            if (isRootThere)
            {
                topics.Add(new()
                {
                    Name = prefix + topic.PartitionsOf,
                    NumPartitions = topic.PartitionCount,
                    ReplicationFactor = 1,
                });
            }
            await admin.CreateTopicsAsync(topics);
        }

        var e = await Assert.ThrowsAsync<AllocException>(() => kafka.Instance.StartHostAsync(
            prefix, client, roles: new HashSet<InstanceRole> { InstanceRole.Backlog }));

        Assert.Equal(FailureKind.Failed, e.Kind);
        Assert.Contains(
            $"{prefix}{name} has {topic.PartitionCount + 1} partitions, not {topic.PartitionCount}", e.Message,
            StringComparison.Ordinal);
        Assert.Contains("start on a new --topic-prefix", $"{e.Message} {e.Remedy}", StringComparison.Ordinal);
    }

    public sealed class Kafka : IAsyncLifetime
    {
        internal OneInstance Instance { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Instance = await OneInstance.StartServicesOnlyAsync();

        public ValueTask DisposeAsync() => Instance.DisposeAsync();
    }
}
