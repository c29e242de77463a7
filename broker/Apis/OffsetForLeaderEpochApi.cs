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
        var topics = new Topic[reader.ReadArrayLength(6)];
        for (var index = 0; index < topics.Length; index++)
        {
            var name = reader.ReadString();
            var parts = new Part[reader.ReadArrayLength(12)];
            for (var part = 0; part < parts.Length; part++)
            {
                parts[part] = new Part(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
            }
            topics[index] = new Topic(name, parts);
        }
        return new Request(topics);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.Topics.Select(topic => (topic.Name,
            topic.Parts.Select(part => Find(part, broker.Topics.Find(topic.Name, part.Partition))).ToArray()))]));

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Topics.Select(topic => (topic.Name,
            topic.Parts.Select(part => new Row(error, part.Partition, -1, -1)).ToArray()))]);

    private static Row Find(Part part, PartitionLog? log)
    {
        if (log is null)
        {
            return new Row(ErrorCode.UnknownTopicOrPartition, part.Partition, -1, -1);
        }
        if (part.CurrentEpoch > PartitionLog.LeaderEpoch)
        {
            return new Row(ErrorCode.UnknownLeaderEpoch, part.Partition, -1, -1);
        }
        return part.WantedEpoch == PartitionLog.LeaderEpoch
            ? new Row(ErrorCode.None, part.Partition, PartitionLog.LeaderEpoch, log.HighWatermark)
            : new Row(ErrorCode.None, part.Partition, -1, -1);
    }

    internal sealed record Request(Topic[] Topics);

    internal sealed record Topic(string Name, Part[] Parts);

    internal readonly record struct Part(int Partition, int CurrentEpoch, int WantedEpoch);

    private readonly record struct Row(ErrorCode Error, int Partition, int Epoch, long EndOffset);

    private sealed record Response((string Name, Row[] Rows)[] Topics) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            writer.WriteArrayLength(Topics.Length);
            foreach (var (name, rows) in Topics)
            {
                writer.WriteString(name);
                writer.WriteArrayLength(rows.Length);
                foreach (var row in rows)
                {
                    writer.WriteError(row.Error);
                    writer.WriteInt32(row.Partition);
                    writer.WriteInt32(row.Epoch);
                    writer.WriteInt64(row.EndOffset);
                }
            }
        }
    }
}
