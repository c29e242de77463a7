using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// DeleteRecords (21), 0–1 (KIP-107): moves a partition's start up to an offset, −1 standing for the high watermark.
/// The new start is on stable storage before the answer; segments wholly below it are removed.
/// </summary>
internal sealed class DeleteRecordsApi : Api<DeleteRecordsApi.Request>
{
    private const long UpToHighWatermark = -1;

    protected override Request Read(ref KafkaReader reader)
    {
        var topics = new Topic[reader.ReadArrayLength(6)];
        for (var index = 0; index < topics.Length; index++)
        {
            var name = reader.ReadString();
            var parts = new Part[reader.ReadArrayLength(12)];
            for (var part = 0; part < parts.Length; part++)
            {
                parts[part] = new Part(reader.ReadInt32(), reader.ReadInt64());
            }
            topics[index] = new Topic(name, parts);
        }
        reader.ReadInt32();
        return new Request(topics);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var moved = new List<PartitionLog>();
        var topics = request.Topics.Select(topic => (topic.Name,
            topic.Parts.Select(part => Delete(topic.Name, part, moved, broker)).ToArray())).ToArray();
        if (moved.Count == 0)
        {
            exchange.Answer(new Response(topics));
            return;
        }
        var left = moved.Count;
        var areWritten = true;
        foreach (var log in moved)
        {
            log.Checkpoint(broker.Durability, isWritten =>
            {
                areWritten &= isWritten;
                if (--left == 0)
                {
                    exchange.Answer(areWritten ? new Response(topics) : Refuse(request, ErrorCode.KafkaStorageError)!);
                }
            });
        }
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Topics.Select(topic => (topic.Name,
            topic.Parts.Select(part => new Row(part.Partition, -1, error)).ToArray()))]);

    private static Row Delete(string topic, Part part, List<PartitionLog> moved, BrokerCore broker)
    {
        if (broker.Topics.Find(topic, part.Partition) is not { } log)
        {
            return new Row(part.Partition, -1, ErrorCode.UnknownTopicOrPartition);
        }
        if (!log.Config.IsDeleted)
        {
            return new Row(part.Partition, -1, ErrorCode.PolicyViolation);
        }
        var offset = part.Offset == UpToHighWatermark ? log.HighWatermark : part.Offset;
        if (offset < 0 || offset > log.HighWatermark)
        {
            return new Row(part.Partition, -1, ErrorCode.OffsetOutOfRange);
        }
        if (offset > log.StartOffset)
        {
            log.MoveStart(offset);
            moved.Add(log);
        }
        return new Row(part.Partition, log.StartOffset, ErrorCode.None);
    }

    internal sealed record Request(Topic[] Topics);

    internal sealed record Topic(string Name, Part[] Parts);

    internal readonly record struct Part(int Partition, long Offset);

    private readonly record struct Row(int Partition, long LowWatermark, ErrorCode Error);

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
                    writer.WriteInt32(row.Partition);
                    writer.WriteInt64(row.LowWatermark);
                    writer.WriteError(row.Error);
                }
            }
        }
    }
}
