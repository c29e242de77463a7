using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// Metadata (3), 0–9: one broker that leads every partition. Version 0 asks for all topics by an empty list, later ones
/// by null. A topic that is not there is made only where both the client (from 4) and the broker's options allow it.
/// </summary>
internal sealed class MetadataApi : Api<MetadataApi.Request>
{
    private const int UnknownOperations = int.MinValue;
    private const int TopicOperations = 0b1101_1111_1000;

    /// <summary>What may be done with the cluster: everything, a bit for each of Kafka's numbers.</summary>
    internal const int ClusterOperations = 0b1_1111_1010_0000;

    protected override Request Read(ref KafkaReader reader)
    {
        var topics = ReadTopics(ref reader);
        if (reader.Version == 0 && topics?.Length == 0)
        {
            topics = null;
        }
        var mayCreate = reader.Version < 4 || reader.ReadBoolean();
        var wantsCluster = reader.Version >= 8 && reader.ReadBoolean();
        var wantsTopics = reader.Version >= 8 && reader.ReadBoolean();
        return new Request(topics, mayCreate, wantsCluster, wantsTopics);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var topics = request.Topics is null
            ? broker.Topics.All.Select(t => Describe(t.Name, t)).ToList()
            : [.. request.Topics.Distinct(StringComparer.Ordinal)
                .Select(name => Describe(name, FindOrCreate(name, request, broker)))];
        exchange.Answer(new Response(request, exchange.BrokerHost, exchange.BrokerPort, broker.ClusterId, topics));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response(request, "", 0, "", [.. (request.Topics ?? []).Select(name => new TopicRow(error, name, 0))]);

    private static string[]? ReadTopics(ref KafkaReader reader)
    {
        var count = reader.ReadNullableArrayLength(2);
        if (count < 0)
        {
            return null;
        }
        var topics = new string[count];
        for (var index = 0; index < count; index++)
        {
            topics[index] = reader.ReadString();
            reader.SkipTags();
        }
        return topics;
    }

    private static Topic? FindOrCreate(string name, Request request, BrokerCore broker)
    {
        if (broker.Topics.Find(name) is { } topic)
        {
            return topic;
        }
        if (!request.MayCreate || !broker.Options.AutoCreateTopics || TopicName.Problem(name) is not null
            || broker.Topics.FindCollision(name) is not null)
        {
            return null;
        }
        return broker.Topics.Create(name, broker.Options.DefaultPartitionCount, TopicConfig.Default);
    }

    private static TopicRow Describe(string name, Topic? topic) => topic is not null
        ? new TopicRow(ErrorCode.None, name, topic.Partitions.Count)
        : new TopicRow(
            TopicName.Problem(name) is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.InvalidTopic, name, 0);

    internal sealed record Request(
        string[]? Topics, bool MayCreate, bool WantsClusterOperations, bool WantsTopicOperations);

    private sealed record TopicRow(ErrorCode Error, string Name, int PartitionCount);

    private sealed record Response(
        Request Request, string Host, int Port, string ClusterId, List<TopicRow> Topics) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 3)
            {
                writer.WriteInt32(0);
            }
            writer.WriteArrayLength(1);
            writer.WriteInt32(BrokerCore.NodeId);
            writer.WriteString(Host);
            writer.WriteInt32(Port);
            if (writer.Version >= 1)
            {
                writer.WriteNullableString(null);
            }
            writer.WriteTags();
            if (writer.Version >= 2)
            {
                writer.WriteNullableString(ClusterId);
            }
            if (writer.Version >= 1)
            {
                writer.WriteInt32(BrokerCore.NodeId);
            }
            writer.WriteArrayLength(Topics.Count);
            foreach (var topic in Topics)
            {
                Write(writer, topic);
            }
            if (writer.Version >= 8)
            {
                writer.WriteInt32(Request.WantsClusterOperations ? ClusterOperations : UnknownOperations);
            }
            writer.WriteTags();
        }

        private void Write(KafkaWriter writer, TopicRow topic)
        {
            writer.WriteError(topic.Error);
            writer.WriteString(topic.Name);
            if (writer.Version >= 1)
            {
                writer.WriteBoolean(false);
            }
            writer.WriteArrayLength(topic.PartitionCount);
            for (var partition = 0; partition < topic.PartitionCount; partition++)
            {
                writer.WriteError(ErrorCode.None);
                writer.WriteInt32(partition);
                writer.WriteInt32(BrokerCore.NodeId);
                if (writer.Version >= 7)
                {
                    writer.WriteInt32(PartitionLog.LeaderEpoch);
                }
                writer.WriteInt32Array([BrokerCore.NodeId]);
                writer.WriteInt32Array([BrokerCore.NodeId]);
                if (writer.Version >= 5)
                {
                    writer.WriteInt32Array([]);
                }
                writer.WriteTags();
            }
            if (writer.Version >= 8)
            {
                writer.WriteInt32(Request.WantsTopicOperations ? TopicOperations : UnknownOperations);
            }
            writer.WriteTags();
        }
    }
}
