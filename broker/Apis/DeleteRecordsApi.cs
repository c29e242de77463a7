using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// DeleteRecords (21), 0–2 (KIP-107): moves a partition's start up to an offset, −1 standing for the high watermark.
/// The new start is on stable storage before the answer; segments wholly below it are removed.
/// </summary>
internal sealed class DeleteRecordsApi : Api<DeleteRecordsApi.Request>
{
    private const long UpToHighWatermark = -1;

    protected override Request Read(ref KafkaReader reader)
    {
        var parts = TopicArrays.Read(ref reader, static (ref KafkaReader r, string topic) =>
        {
            var part = new Part(new TopicPartition(topic, r.ReadInt32()), r.ReadInt64());
            r.SkipTags();
            return part;
        });
        reader.ReadInt32();
        return new Request(parts);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var moved = new List<PartitionLog>();
        // Of a partition that is named twice the last wish counts, as in Kafka.
        var parts = request.Parts.GroupBy(part => part.Name).Select(named => named.Last());
        var rows = parts.Select(part => Delete(part, moved, broker)).ToList();
        if (moved.Count == 0)
        {
            exchange.Answer(new Response(rows));
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
                    exchange.Answer(areWritten ? new Response(rows) : Refuse(request, ErrorCode.KafkaStorageError)!);
                }
            });
        }
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Parts.Select(part => new Row(part.Name, -1, error))]);

    private static Row Delete(Part part, List<PartitionLog> moved, BrokerCore broker)
    {
        if (broker.Topics.Find(part.Name.Topic, part.Name.Partition) is not { } log)
        {
            return new Row(part.Name, -1, ErrorCode.UnknownTopicOrPartition);
        }
        if (!log.Config.IsDeleted)
        {
            return new Row(part.Name, -1, ErrorCode.PolicyViolation);
        }
        var offset = part.Offset == UpToHighWatermark ? log.HighWatermark : part.Offset;
        if (offset < 0 || offset > log.HighWatermark)
        {
            return new Row(part.Name, -1, ErrorCode.OffsetOutOfRange);
        }
        if (offset > log.StartOffset)
        {
            log.MoveStart(offset);
            moved.Add(log);
        }
        return new Row(part.Name, log.StartOffset, ErrorCode.None);
    }

    internal sealed record Request(IReadOnlyList<Part> Parts);

    internal readonly record struct Part(TopicPartition Name, long Offset);

    private readonly record struct Row(TopicPartition Name, long LowWatermark, ErrorCode Error);

    private sealed record Response(IReadOnlyList<Row> Rows) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteInt32(0);
            TopicArrays.Write(writer, Rows, row => row.Name, static (w, row) =>
            {
                w.WriteInt64(row.LowWatermark);
                w.WriteError(row.Error);
                w.WriteTags();
            });
            writer.WriteTags();
        }
    }
}
