using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>CreatePartitions (37), 0–3 (KIP-195): a topic only grows. Assignments may only name this broker.</summary>
internal sealed class CreatePartitionsApi : Api<CreatePartitionsApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        var topics = new Growth[reader.ReadArrayLength(10)];
        for (var index = 0; index < topics.Length; index++)
        {
            var name = reader.ReadString();
            var count = reader.ReadInt32();
            var assignments = new int[Math.Max(0, reader.ReadNullableArrayLength(4))][];
            for (var assignment = 0; assignment < assignments.Length; assignment++)
            {
                assignments[assignment] = reader.ReadInt32Array();
                reader.SkipTags();
            }
            topics[index] = new Growth(name, count, assignments);
            reader.SkipTags();
        }
        reader.ReadInt32();
        return new Request(topics, reader.ReadBoolean());
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var rows = request.Topics.Select(topic => Grow(topic, request.IsValidationOnly, broker)).ToList();
        broker.Topics.WhenDurable(broker.Durability, () => exchange.Answer(new Response(rows)));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Topics.Select(t => new TopicErrorRow(t.Name, error, null))]);

    private static TopicErrorRow Grow(Growth growth, bool isValidationOnly, BrokerCore broker)
    {
        if (broker.Topics.Find(growth.Name) is not { } topic)
        {
            return new TopicErrorRow(growth.Name, ErrorCode.UnknownTopicOrPartition, "There is no such topic.");
        }
        var existing = topic.Partitions.Count;
        if (growth.Count <= existing)
        {
            return new TopicErrorRow(growth.Name, ErrorCode.InvalidPartitions,
                $"Topic currently has {existing} partitions, which is higher than or equal to the requested "
                + $"{growth.Count}.");
        }
        if (growth.Assignments.Length > 0 && (growth.Assignments.Length != growth.Count - existing
            || growth.Assignments.Any(a => a is not [BrokerCore.NodeId])))
        {
            return new TopicErrorRow(growth.Name, ErrorCode.InvalidReplicaAssignment,
                $"Each new partition has one replica, {BrokerCore.NodeId}.");
        }
        var total = broker.Topics.All.Sum(t => (long)t.Partitions.Count) - existing + growth.Count;
        if (total > broker.Options.MaxPartitions)
        {
            return new TopicErrorRow(growth.Name, ErrorCode.PolicyViolation,
                $"There would be {total} partitions; {broker.Options.MaxPartitions} is this broker's limit.");
        }
        try
        {
            if (!isValidationOnly)
            {
                broker.Topics.AddPartitions(topic, growth.Count);
            }
            return new TopicErrorRow(growth.Name, ErrorCode.None, null);
        }
        catch (StorageException exception)
        {
            broker.Refusals.Report(exception);
            return new TopicErrorRow(growth.Name, ErrorCode.KafkaStorageError, exception.Message);
        }
    }

    internal sealed record Request(Growth[] Topics, bool IsValidationOnly);

    internal sealed record Growth(string Name, int Count, int[][] Assignments);

    private sealed record Response(List<TopicErrorRow> Topics) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteArrayLength(Topics.Count);
            foreach (var topic in Topics)
            {
                writer.WriteString(topic.Name);
                writer.WriteError(topic.Error);
                writer.WriteNullableString(topic.Message);
                writer.WriteTags();
            }
            writer.WriteTags();
        }
    }
}
