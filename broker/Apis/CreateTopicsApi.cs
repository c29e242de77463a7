using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// CreateTopics (19), 0–5. Partition count and replication factor may be −1 (KIP-464). The one replica is this broker:
/// a replication factor over 1 is answered with 38, and replica assignments may name this broker only.
/// </summary>
internal sealed class CreateTopicsApi : Api<CreateTopicsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        var topics = new NewTopic[reader.ReadArrayLength(16)];
        for (var index = 0; index < topics.Length; index++)
        {
            var name = reader.ReadString();
            var partitionCount = reader.ReadInt32();
            var replicationFactor = reader.ReadInt16();
            var assignments = new Assignment[reader.ReadArrayLength(8)];
            for (var assignment = 0; assignment < assignments.Length; assignment++)
            {
                assignments[assignment] = new Assignment(reader.ReadInt32(), reader.ReadInt32Array());
                reader.SkipTags();
            }
            var configs = new KeyValuePair<string, string?>[reader.ReadArrayLength(4)];
            for (var config = 0; config < configs.Length; config++)
            {
                configs[config] = new(reader.ReadString(), reader.ReadNullableString());
                reader.SkipTags();
            }
            reader.SkipTags();
            topics[index] = new NewTopic(name, partitionCount, replicationFactor, assignments, configs);
        }
        reader.ReadInt32();
        return new Request(topics, reader.Version >= 1 && reader.ReadBoolean());
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var repeated = request.Topics.GroupBy(t => t.Name, StringComparer.Ordinal).Where(g => g.Count() > 1)
            .Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        var rows = new List<TopicErrorRow>();
        foreach (var topic in request.Topics.DistinctBy(t => t.Name, StringComparer.Ordinal))
        {
            rows.Add(repeated.Contains(topic.Name)
                ? new TopicErrorRow(topic.Name, ErrorCode.InvalidRequest, "The request names the topic more than once.")
                : Create(topic, request.IsValidationOnly, broker));
        }
        broker.Topics.WhenDurable(broker.Durability, () => exchange.Answer(new Response(rows)));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Topics.Select(t => new TopicErrorRow(t.Name, error, null))]);

    private static TopicErrorRow Create(NewTopic topic, bool isValidationOnly, BrokerCore broker)
    {
        var (error, message) = Judge(topic, broker, out var partitionCount);
        if (error != ErrorCode.None)
        {
            return new TopicErrorRow(topic.Name, error, message);
        }
        var config = new TopicConfig(topic.Configs.ToDictionary(c => c.Key, c => c.Value!, StringComparer.Ordinal));
        var made = new TopicErrorRow(topic.Name, ErrorCode.None, null)
        {
            PartitionCount = partitionCount,
            Config = config,
        };
        if (isValidationOnly)
        {
            return made;
        }
        try
        {
            broker.Topics.Create(topic.Name, partitionCount, config);
            Log.TopicCreated(broker.Logger, topic.Name, partitionCount);
            return made;
        }
        catch (StorageException exception)
        {
            broker.Refusals.Report(exception);
            return new TopicErrorRow(topic.Name, ErrorCode.KafkaStorageError, exception.Message);
        }
    }

    private static (ErrorCode Error, string? Message) Judge(NewTopic topic, BrokerCore broker, out int partitionCount)
    {
        partitionCount = topic.Assignments.Length > 0 ? topic.Assignments.Length
            : topic.PartitionCount == -1 ? broker.Options.DefaultPartitionCount
            : topic.PartitionCount;
        if (TopicName.Problem(topic.Name) is { } problem)
        {
            return (ErrorCode.InvalidTopic, problem);
        }
        if (broker.Topics.Find(topic.Name) is not null)
        {
            return (ErrorCode.TopicAlreadyExists, $"Topic '{topic.Name}' already exists.");
        }
        if (broker.Topics.FindCollision(topic.Name) is { } present)
        {
            return (ErrorCode.InvalidTopic, $"Topic '{topic.Name}' collides with existing topic: {present}");
        }
        if (partitionCount <= 0)
        {
            return (ErrorCode.InvalidPartitions, "Number of partitions was set to an invalid non-positive value.");
        }
        var existing = broker.Topics.All.Sum(t => (long)t.Partitions.Count);
        if (existing + partitionCount > broker.Options.MaxPartitions)
        {
            return (ErrorCode.PolicyViolation,
                $"{existing} partitions exist; {broker.Options.MaxPartitions} is this broker's limit.");
        }
        return JudgeReplicas(topic) ?? JudgeConfigs(topic) ?? (ErrorCode.None, null);
    }

    private static (ErrorCode, string?)? JudgeReplicas(NewTopic topic)
    {
        if (topic.Assignments.Length > 0)
        {
            if (topic.PartitionCount != -1 || topic.ReplicationFactor != -1)
            {
                return (ErrorCode.InvalidRequest, "Both a partition count and replica assignments were given.");
            }
            return topic.Assignments.All(a => a.Replicas is [BrokerCore.NodeId])
                && topic.Assignments.Select(a => a.Partition).Order()
                    .SequenceEqual(Enumerable.Range(0, topic.Assignments.Length))
                ? null
                : (ErrorCode.InvalidReplicaAssignment,
                    $"Partitions run from 0 on and their one replica is {BrokerCore.NodeId}.");
        }
        return topic.ReplicationFactor is -1 or 1
            ? null
            : (ErrorCode.InvalidReplicationFactor,
                $"Replication factor {topic.ReplicationFactor} is not possible: there is 1 broker.");
    }

    private static (ErrorCode, string?)? JudgeConfigs(NewTopic topic)
    {
        var problem = topic.Configs.Select(c => TopicConfig.Problem(c.Key, c.Value)).FirstOrDefault(p => p is not null);
        if (problem is null
            && topic.Configs.DistinctBy(c => c.Key, StringComparer.Ordinal).Count() != topic.Configs.Length)
        {
            problem = "A configuration is given twice.";
        }
        return problem is null ? null : (ErrorCode.InvalidConfig, problem);
    }

    internal sealed record Request(NewTopic[] Topics, bool IsValidationOnly);

    internal sealed record NewTopic(string Name, int PartitionCount, short ReplicationFactor, Assignment[] Assignments,
        KeyValuePair<string, string?>[] Configs);

    internal readonly record struct Assignment(int Partition, int[] Replicas);

    private sealed record Response(List<TopicErrorRow> Topics) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 2)
            {
                writer.WriteInt32(0);
            }
            writer.WriteArrayLength(Topics.Count);
            foreach (var topic in Topics)
            {
                writer.WriteString(topic.Name);
                writer.WriteError(topic.Error);
                if (writer.Version >= 1)
                {
                    writer.WriteNullableString(topic.Message);
                }
                if (writer.Version >= 5)
                {
                    WriteDetails(writer, topic);
                }
                writer.WriteTags();
            }
            writer.WriteTags();
        }

        /// <summary>What version 5 tells of a topic that was made (KIP-525): size and settings.</summary>
        private static void WriteDetails(KafkaWriter writer, TopicErrorRow topic)
        {
            writer.WriteInt32(topic.PartitionCount);
            writer.WriteInt16(topic.Config is null ? (short)-1 : (short)1);
            writer.WriteArrayLength(topic.Config is null ? 0 : TopicConfig.Definitions.Count());
            foreach (var definition in topic.Config is null ? [] : TopicConfig.Definitions)
            {
                writer.WriteString(definition.Name);
                writer.WriteNullableString(topic.Config![definition.Name]);
                writer.WriteBoolean(false);
                writer.WriteInt8(DescribeConfigsApi.SourceOf(topic.Config, definition.Name));
                writer.WriteBoolean(false);
                writer.WriteTags();
            }
        }
    }
}

/// <summary>A topic and what became of it.</summary>
internal sealed record TopicErrorRow(string Name, ErrorCode Error, string? Message)
{
    /// <summary>Partitions of a topic that was made or could be; −1 where it could not.</summary>
    public int PartitionCount { get; init; } = -1;

    /// <summary>The topic's settings; null where it was not made.</summary>
    public TopicConfig? Config { get; init; }
}
