using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// Produce (0), 0–8; 0–2 are advertised for librdkafka's sake and refused. One batch of record format 2 per partition,
/// opened and checked, and stored as it came but for its offset, with LogAppendTime its time, and where the topic's
/// <c>compression.type</c> wants another codec its compression. acks 0 gets no answer, 1 an answer once the
/// operating system has the data, -1 as the broker's durability says; records inside a transaction wait for nothing,
/// since the transaction's end does.
/// </summary>
internal sealed class ProduceApi : Api<ProduceApi.Request>
{
    private const short AcksNone = 0;
    private const short AcksLeader = 1;
    private const short AcksAll = -1;

    protected override Request Read(ref KafkaReader reader)
    {
        var transactionalId = reader.Version >= 3 ? reader.ReadNullableString() : null;
        var acks = reader.ReadInt16();
        reader.ReadInt32();
        var parts = new List<Part>();
        for (var topics = reader.ReadArrayLength(6); topics > 0; topics--)
        {
            var topic = reader.ReadString();
            for (var partitions = reader.ReadArrayLength(8); partitions > 0; partitions--)
            {
                var partition = reader.ReadInt32();
                var records = reader.ReadNullableBytes() ?? default;
                parts.Add(new Part(topic, partition, records,
                    reader.Version < 3
                        ? new BatchVerdict(ErrorCode.UnsupportedForMessageFormat, null)
                        : RecordBatchValidator.CheckHeader(WritableFrame.Of(records))));
            }
        }
        return new Request(transactionalId, acks, parts);
    }

    protected override void Prepare(Request request, BrokerCore broker)
    {
        var nowMs = broker.Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var part in request.Parts)
        {
            if (part.Verdict.Error == ErrorCode.None && broker.Topics.ConfigOf(part.Topic) is { } config)
            {
                part.Taken = BatchIntake.Take(WritableFrame.MemoryOf(part.Records), config, nowMs);
            }
        }
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var results = new List<Result>(request.Parts.Count);
        var logs = new List<PartitionLog>(request.Parts.Count);
        var isTransactional = true;
        foreach (var part in request.Parts)
        {
            var log = broker.Topics.Find(part.Topic, part.Partition);
            var result = Append(request, part, log, broker);
            results.Add(new Result(part, result, ShowsStart(result.Error) ? log?.StartOffset ?? -1 : -1));
            if (log is not null && result.Error == ErrorCode.None)
            {
                logs.Add(log);
                isTransactional &= new RecordBatch(WritableFrame.Of(part.Records)).IsTransactional;
            }
        }
        if (request.Acks == AcksNone)
        {
            AnswerNothing(results, exchange);
            return;
        }
        var acknowledgement = request.Acks == AcksAll && !isTransactional
            ? Acknowledgement.Commit
            : Acknowledgement.Leader;
        if (logs.Count > 0 && broker.Durability.NeedsSync(acknowledgement))
        {
            broker.Durability.After(acknowledgement, logs, () => exchange.Answer(new Response(results)));
        }
        else
        {
            exchange.Answer(new Response(results));
        }
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new Response([.. request.Parts.Select(part => new Result(part, AppendResult.Refused(error), -1))]);

    /// <summary>Whether the partition's start is told, as in Kafka: not beside an error found before the log was
    /// asked.</summary>
    private static bool ShowsStart(ErrorCode error) => error is not (ErrorCode.InvalidRequiredAcks
        or ErrorCode.CorruptMessage or ErrorCode.MessageTooLarge or ErrorCode.RecordListTooLarge
        or ErrorCode.KafkaStorageError);

    private static AppendResult Append(Request request, Part part, PartitionLog? log, BrokerCore broker)
    {
        if (request.Acks is not (AcksNone or AcksLeader or AcksAll))
        {
            return AppendResult.Refused(ErrorCode.InvalidRequiredAcks);
        }
        if (log is null)
        {
            return AppendResult.Refused(ErrorCode.UnknownTopicOrPartition);
        }
        if (part.Verdict.Error != ErrorCode.None)
        {
            return AppendResult.Refused(part.Verdict.Error, part.Verdict.Message);
        }
        if (part.Taken is not { } taken)
        {
            // The topic was made after the request had come: clients ask again.
            return AppendResult.Refused(ErrorCode.UnknownTopicOrPartition);
        }
        if (taken.Verdict.Error != ErrorCode.None)
        {
            return AppendResult.Refused(taken.Verdict.Error, taken.Verdict.Message);
        }
        if (taken.Verdict.HasNullKey && log.Config.IsCompacted)
        {
            return AppendResult.Refused(ErrorCode.InvalidRecord, "A compacted topic takes no record without a key.");
        }
        var injected = broker.Options.Interceptor?.OnPartition(ApiKey.Produce, part.Topic, part.Partition)
            ?? ErrorCode.None;
        if (injected != ErrorCode.None)
        {
            return AppendResult.Refused(injected);
        }
        return Append(part, taken.Bytes.Span, log, broker);
    }

    private static AppendResult Append(Part part, Span<byte> bytes, PartitionLog log, BrokerCore broker)
    {
        var batch = new RecordBatch(bytes);
        if (batch.IsTransactional)
        {
            var producer = new ProducerIdentity(batch.ProducerId, batch.ProducerEpoch);
            var refused = broker.TransactionGate.CheckProduce(producer, part.Topic, part.Partition);
            if (refused != ErrorCode.None)
            {
                return AppendResult.Refused(refused);
            }
        }
        try
        {
            return log.AppendBatch(bytes);
        }
        catch (StorageException exception)
        {
            broker.Refusals.Report(exception);
            return AppendResult.Refused(ErrorCode.KafkaStorageError, exception.Message);
        }
    }

    /// <summary>Without acknowledgements a closed connection is the only way to report an error.</summary>
    private static void AnswerNothing(List<Result> results, Exchange exchange)
    {
        if (results.TrueForAll(r => r.Append.Error == ErrorCode.None))
        {
            exchange.AnswerNothing();
        }
        else
        {
            exchange.Close();
        }
    }

    internal sealed record Request(string? TransactionalId, short Acks, List<Part> Parts);

    internal sealed record Part(string Topic, int Partition, ReadOnlyMemory<byte> Records, BatchVerdict Verdict)
    {
        /// <summary>The batch, looked into; null where its header was refused or there was no such topic.</summary>
        public TakenBatch? Taken { get; set; }
    }

    private readonly record struct Result(Part Part, AppendResult Append, long LogStartOffset);

    private sealed record Response(List<Result> Results) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            var topics = Results.GroupBy(r => r.Part.Topic, StringComparer.Ordinal).ToList();
            writer.WriteArrayLength(topics.Count);
            foreach (var topic in topics)
            {
                writer.WriteString(topic.Key);
                writer.WriteArrayLength(topic.Count());
                foreach (var result in topic)
                {
                    Write(writer, result);
                }
            }
            if (writer.Version >= 1)
            {
                writer.WriteInt32(0);
            }
        }

        private static void Write(KafkaWriter writer, Result result)
        {
            writer.WriteInt32(result.Part.Partition);
            writer.WriteError(result.Append.Error);
            writer.WriteInt64(result.Append.BaseOffset);
            if (writer.Version >= 2)
            {
                writer.WriteInt64(result.Append.LogAppendTimeMs);
            }
            if (writer.Version >= 5)
            {
                writer.WriteInt64(result.LogStartOffset);
            }
            if (writer.Version >= 8)
            {
                writer.WriteArrayLength(0);
                writer.WriteNullableString(result.Append.Message);
            }
        }
    }
}
