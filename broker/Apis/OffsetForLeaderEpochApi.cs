using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>OffsetForLeaderEpoch (23), 2–3 (KIP-320). There is one epoch, and it ends at the high watermark.</summary>
internal sealed class OffsetForLeaderEpochApi : Api<OffsetForLeaderEpochApi.Request>
{
    protected override Request Read(ref KafkaReader reader)
    {
        if (reader.Version >= 3)
        {
            reader.ReadInt32();
        }
        return new Request(TopicArrays.Read(ref reader, static (ref KafkaReader r, string topic) =>
            new Part(new TopicPartition(topic, r.ReadInt32()), r.ReadInt32(), r.ReadInt32())));
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.Parts.Select(part =>
            Find(part, broker.Topics.Find(part.Name.Topic, part.Name.Partition)))]));

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Parts.Select(part => new Row(error, part.Name, -1, -1))]);

    private static Row Find(Part part, PartitionLog? log)
    {
        if (log is null)
        {
            return new Row(ErrorCode.UnknownTopicOrPartition, part.Name, -1, -1);
        }
        if (part.CurrentEpoch > PartitionLog.LeaderEpoch)
        {
            return new Row(ErrorCode.UnknownLeaderEpoch, part.Name, -1, -1);
        }
        return part.WantedEpoch == PartitionLog.LeaderEpoch
            ? new Row(ErrorCode.None, part.Name, PartitionLog.LeaderEpoch, log.HighWatermark)
            : new Row(ErrorCode.None, part.Name, -1, -1);
    }

    internal sealed record Request(IReadOnlyList<Part> Parts);

    internal readonly record struct Part(TopicPartition Name, int CurrentEpoch, int WantedEpoch);

    private readonly record struct Row(ErrorCode Error, TopicPartition Name, int Epoch, long EndOffset);

    private sealed record Response(IReadOnlyList<Row> Rows) : IResponse
    {
        /// <summary>Unlike in other answers, the error stands before the partition's number.</summary>
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            var topics = Rows.GroupBy(row => row.Name.Topic).ToList();
            writer.WriteArrayLength(topics.Count);
            foreach (var topic in topics)
            {
                writer.WriteString(topic.Key);
                writer.WriteArrayLength(topic.Count());
                foreach (var row in topic)
                {
                    writer.WriteError(row.Error);
                    writer.WriteInt32(row.Name.Partition);
                    writer.WriteInt32(row.Epoch);
                    writer.WriteInt64(row.EndOffset);
                }
            }
        }
    }
}
