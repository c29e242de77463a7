using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// ListOffsets (2), 1–7; flexible from 6. Time −1 is the end (the last stable offset for read-committed readers), −2
/// the start, −3 the record with the highest timestamp (7, KIP-734), any other the first record of that time or later.
/// A partition that is named twice is refused (42), as Kafka does.
/// </summary>
internal sealed class ListOffsetsApi : Api<ListOffsetsApi.Request>
{
    private const long Latest = -1;
    private const long Earliest = -2;
    private const long MaxTimestamp = -3;

    protected override Request Read(ref KafkaReader reader)
    {
        reader.ReadInt32();
        var isReadCommitted = reader.Version >= 2 && reader.ReadInt8() == 1;
        var topics = new Topic[reader.ReadArrayLength(5)];
        for (var index = 0; index < topics.Length; index++)
        {
            var name = reader.ReadString();
            var partitions = new Part[reader.ReadArrayLength(12)];
            for (var part = 0; part < partitions.Length; part++)
            {
                var partition = reader.ReadInt32();
                var epoch = reader.Version >= 4 ? reader.ReadInt32() : -1;
                partitions[part] = new Part(partition, epoch, reader.ReadInt64());
                reader.SkipTags();
            }
            reader.SkipTags();
            topics[index] = new Topic(name, partitions);
        }
        return new Request(isReadCommitted, topics);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker) =>
        exchange.Answer(new Response([.. request.Topics.Select(topic => new TopicRow(topic.Name,
            [.. topic.Parts.GroupBy(part => part.Partition).Select(named => named.Count() > 1
                ? new Row(named.Key, ErrorCode.InvalidRequest, -1, -1)
                : Find(named.First(), broker.Topics.Find(topic.Name, named.Key), request.IsReadCommitted))]))]));

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Topics.Select(topic => new TopicRow(topic.Name,
            [.. topic.Parts.Select(part => new Row(part.Partition, error, -1, -1))]))]);

    private static Row Find(Part part, PartitionLog? log, bool isReadCommitted)
    {
        if (log is null)
        {
            return new Row(part.Partition, ErrorCode.UnknownTopicOrPartition, -1, -1);
        }
        if (part.LeaderEpoch >= 0 && part.LeaderEpoch != PartitionLog.LeaderEpoch)
        {
            return new Row(part.Partition, ErrorCode.UnknownLeaderEpoch, -1, -1);
        }
        var found = part.TimestampMs switch
        {
            Latest => (log.UpperBound(isReadCommitted), -1),
            Earliest => (log.StartOffset, -1),
            MaxTimestamp => log.FindMaxTimestamp(),
            _ => log.FindByTime(part.TimestampMs, log.UpperBound(isReadCommitted)),
        };
        return new Row(part.Partition, ErrorCode.None, found?.TimestampMs ?? -1, found?.Offset ?? -1);
    }

    internal sealed record Request(bool IsReadCommitted, Topic[] Topics);

    internal sealed record Topic(string Name, Part[] Parts);

    internal readonly record struct Part(int Partition, int LeaderEpoch, long TimestampMs);

    private sealed record TopicRow(string Name, Row[] Rows);

    private readonly record struct Row(int Partition, ErrorCode Error, long TimestampMs, long Offset);

    private sealed record Response(TopicRow[] Topics) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            if (writer.Version >= 2)
            {
                writer.WriteInt32(0);
            }
            writer.WriteArrayLength(Topics.Length);
            foreach (var topic in Topics)
            {
                writer.WriteString(topic.Name);
                writer.WriteArrayLength(topic.Rows.Length);
                foreach (var row in topic.Rows)
                {
                    writer.WriteInt32(row.Partition);
                    writer.WriteError(row.Error);
                    writer.WriteInt64(row.TimestampMs);
                    writer.WriteInt64(row.Offset);
                    if (writer.Version >= 4)
                    {
                        writer.WriteInt32(row.Error == ErrorCode.None && row.Offset >= 0
                            ? PartitionLog.LeaderEpoch
                            : -1);
                    }
                    writer.WriteTags();
                }
                writer.WriteTags();
            }
            writer.WriteTags();
        }
    }
}
