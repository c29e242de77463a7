using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>
/// Fetch (1), 4–11, without sessions: a request for one (KIP-227) is answered in full with session id 0, one that
/// continues a session gets error 70. Waits, without a thread, until min bytes are there (counted to the last stable
/// offset for read-committed readers) or max wait is over. Batches go out as they are stored, and only whole ones; the
/// first batch of an answer goes out whatever its size.
/// </summary>
/// <remarks>No leader changes and no follower ever fetches: epochs other than 0 are refused, replica id and rack are
/// ignored.</remarks>
internal sealed class FetchApi : Api<FetchApi.Request>
{
    private const int LongestWaitMs = 60_000;

    protected override Request Read(ref KafkaReader reader)
    {
        reader.ReadInt32();
        var maxWaitMs = reader.ReadInt32();
        var minBytes = reader.ReadInt32();
        var maxBytes = reader.ReadInt32();
        var isReadCommitted = reader.ReadInt8() == 1;
        var sessionId = reader.Version >= 7 ? reader.ReadInt32() : 0;
        var sessionEpoch = reader.Version >= 7 ? reader.ReadInt32() : -1;
        var parts = new List<FetchPart>();
        for (var topics = reader.ReadArrayLength(6); topics > 0; topics--)
        {
            var topic = reader.ReadString();
            for (var partitions = reader.ReadArrayLength(16); partitions > 0; partitions--)
            {
                var partition = reader.ReadInt32();
                var leaderEpoch = reader.Version >= 9 ? reader.ReadInt32() : -1;
                var offset = reader.ReadInt64();
                if (reader.Version >= 5)
                {
                    reader.ReadInt64();
                }
                parts.Add(new FetchPart(topic, partition, leaderEpoch, offset, reader.ReadInt32()));
            }
        }
        return new Request(Math.Clamp(maxWaitMs, 0, LongestWaitMs), minBytes, maxBytes, isReadCommitted, sessionId,
            sessionEpoch, parts);
    }

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        if (request.SessionId != 0)
        {
            exchange.Answer(new FetchResponse(ErrorCode.FetchSessionIdNotFound, [], 0));
            return;
        }
        if (request.MaxWaitMs == 0 || IsReady(request, broker))
        {
            Answer(request, exchange, broker);
            return;
        }
        FetchWait.Start(request, exchange, broker);
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) =>
        new FetchResponse(ErrorCode.None, [.. request.Parts.Select(part => FetchedPart.Refused(part, error))], 0);

    /// <summary>Whether an answer need not wait: enough bytes, or an error to report.</summary>
    internal static bool IsReady(Request request, BrokerCore broker)
    {
        long total = 0;
        foreach (var part in request.Parts)
        {
            var log = broker.Topics.Find(part.Topic, part.Partition);
            if (Judge(part, log, broker) != ErrorCode.None)
            {
                return true;
            }
            total += Math.Min(
                log!.CountBytes(part.Offset, request.IsReadCommitted, part.MaxBytes), Math.Max(1, part.MaxBytes));
            if (total >= request.MinBytes && total > 0)
            {
                return true;
            }
        }
        return total >= request.MinBytes;
    }

    /// <summary>Answers with what is there now.</summary>
    internal static void Answer(Request request, Exchange exchange, BrokerCore broker)
    {
        var fetched = new List<FetchedPart>(request.Parts.Count);
        foreach (var part in request.Parts)
        {
            var log = broker.Topics.Find(part.Topic, part.Partition);
            var error = Judge(part, log, broker);
            fetched.Add(error == ErrorCode.None
                ? Take(part, log!, request.IsReadCommitted)
                : FetchedPart.Refused(part, error));
        }
        exchange.Answer(new FetchResponse(
            ErrorCode.None, fetched, Math.Min(request.MaxBytes, broker.Options.MaxFetchBytes)));
    }

    private static FetchedPart Take(FetchPart part, PartitionLog log, bool isReadCommitted)
    {
        var slice = log.Find(part.Offset, isReadCommitted);
        slice?.Segment.Lease();
        return new FetchedPart(part, ErrorCode.None, log.HighWatermark, log.LastStableOffset, log.StartOffset, slice,
            isReadCommitted && slice is not null
                ? log.Producers.Aborted.Between(part.Offset, log.LastStableOffset)
                : isReadCommitted ? [] : null);
    }

    private static ErrorCode Judge(FetchPart part, PartitionLog? log, BrokerCore broker)
    {
        if (log is null || log.IsDeleted)
        {
            return ErrorCode.UnknownTopicOrPartition;
        }
        if (part.LeaderEpoch >= 0 && part.LeaderEpoch != PartitionLog.LeaderEpoch)
        {
            return ErrorCode.UnknownLeaderEpoch;
        }
        if (part.Offset < log.StartOffset || part.Offset > log.HighWatermark)
        {
            return ErrorCode.OffsetOutOfRange;
        }
        return broker.Options.Interceptor?.OnPartition(ApiKey.Fetch, part.Topic, part.Partition) ?? ErrorCode.None;
    }

    internal sealed record Request(int MaxWaitMs, int MinBytes, int MaxBytes, bool IsReadCommitted, int SessionId,
        int SessionEpoch, List<FetchPart> Parts);
}

/// <summary>One partition that a client wants records of.</summary>
internal sealed record FetchPart(string Topic, int Partition, int LeaderEpoch, long Offset, int MaxBytes);

/// <summary>A fetch that waits for records: watches its partitions until there are enough or its time is
/// over.</summary>
internal sealed class FetchWait : ILogWatcher
{
    private readonly FetchApi.Request request;
    private readonly Exchange exchange;
    private readonly BrokerCore broker;
    private readonly List<PartitionLog> logs;
    private readonly LoopTimer timer;

    private FetchWait(FetchApi.Request request, Exchange exchange, BrokerCore broker)
    {
        this.request = request;
        this.exchange = exchange;
        this.broker = broker;
        logs = [.. request.Parts.Select(p => broker.Topics.Find(p.Topic, p.Partition)).OfType<PartitionLog>()];
        logs.ForEach(log => log.Watch(this));
        timer = broker.Loop.Schedule(TimeSpan.FromMilliseconds(request.MaxWaitMs), Finish);
    }

    public static void Start(FetchApi.Request request, Exchange exchange, BrokerCore broker) =>
        _ = new FetchWait(request, exchange, broker);

    public void LogChanged(PartitionLog log)
    {
        if (exchange.IsCompleted || FetchApi.IsReady(request, broker))
        {
            timer.Cancel();
            Finish();
        }
    }

    private void Finish()
    {
        logs.ForEach(log => log.Unwatch(this));
        if (!exchange.IsCompleted)
        {
            FetchApi.Answer(request, exchange, broker);
        }
    }
}
