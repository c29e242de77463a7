using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;

namespace Engine.Tests.Support;

/// <summary>Reads committed records of a <see cref="MemoryLog"/>.</summary>
internal sealed class MemoryLogConsumer(MemoryLog log, bool isMember) : ILogConsumer
{
    private readonly Dictionary<TopicPartition, long> positions = [];
    private readonly Dictionary<TopicPartition, long> toldEnds = [];
    private readonly HashSet<TopicPartition> paused = [];
    private List<TopicPartition> subscribed = [];
    private IRebalanceListener? listener;
    private bool isAssigned;

    public void Subscribe(IReadOnlyCollection<string> topics, IRebalanceListener rebalanceListener)
    {
        log.Note("subscribe");
        listener = rebalanceListener;
        subscribed = topics.Select(t => new TopicPartition(t, 0)).ToList();
    }

    public void Unsubscribe() => subscribed = [];

    public void Poll(TimeSpan timeout, out PollResult result)
    {
        result = default;
        log.PollCount += isMember ? 1 : 0;
        if (isMember && TellListener())
        {
            return;
        }
        if (!isMember)
        {
            log.OnRestorePoll?.Invoke();
        }
        if (!TryRead(ref result) && (!isMember || log.PassTime(timeout)))
        {
            TryRead(ref result);
        }
    }

    public void Assign(IReadOnlyCollection<TopicPartitionOffset> partitions)
    {
        positions.Clear();
        toldEnds.Clear();
        foreach (var (partition, offset) in partitions)
        {
            positions[partition] = offset;
        }
    }

    public void Pause(IReadOnlyCollection<TopicPartition> partitions)
    {
        log.Note("pause");
        paused.UnionWith(partitions);
    }

    public void Resume(IReadOnlyCollection<TopicPartition> partitions)
    {
        log.Note("resume");
        paused.ExceptWith(partitions);
    }

    public long EndOffset(TopicPartition partition)
    {
        lock (log.Gate)
        {
            return log.Topic(partition.Topic).LastStableOffset;
        }
    }

    public IReadOnlyDictionary<TopicPartition, long> Committed(
        IReadOnlyCollection<TopicPartition> partitions, TimeSpan timeout)
    {
        log.Note("committed offsets");
        lock (log.Gate)
        {
            return log.Committed.Where(c => partitions.Contains(c.Key)).ToDictionary();
        }
    }

    public void Close() => log.Note("close");

    public void Dispose()
    {
    }

    private bool TellListener()
    {
        if (subscribed.Count > 0 && !isAssigned)
        {
            isAssigned = true;
            LogGroupMetadata? membership = null;
            if (log.AssignmentsWithoutMember > 0)
            {
                log.AssignmentsWithoutMember--;
            }
            else
            {
                membership = new LogGroupMetadata($"member-{log.Memberships.Count + 1}", new object());
                log.Memberships.Add(membership);
            }
            listener!.OnAssigned(subscribed, membership);
            return true;
        }
        MemoryRebalance next;
        lock (log.Gate)
        {
            if (!log.Rebalances.TryDequeue(out next))
            {
                return false;
            }
        }
        log.Note(next == MemoryRebalance.Lost ? "lost" : "revoked");
        if (next == MemoryRebalance.Lost)
        {
            listener!.OnLost(subscribed);
        }
        else
        {
            listener!.OnRevoked(subscribed);
        }
        log.Note("handler done");
        positions.Clear();
        isAssigned = false;
        return true;
    }

    private bool TryRead(ref PollResult result)
    {
        lock (log.Gate)
        {
            foreach (var partition in positions.Keys.Where(p => !paused.Contains(p)))
            {
                var topic = log.Topic(partition.Topic);
                var offset = positions[partition];
                while (offset < topic.LastStableOffset && topic.Entries[(int)offset].Kind != MemoryKind.Record)
                {
                    offset++;
                }
                positions[partition] = offset;
                result.Partition = partition;
                if (offset < topic.LastStableOffset)
                {
                    var record = topic.Entries[(int)offset];
                    result.Kind = PollKind.Record;
                    result.Offset = offset;
                    result.TimestampMs = record.TimestampMs;
                    result.Key = record.Key;
                    result.Value = record.Value;
                    positions[partition] = offset + 1;
                    return true;
                }
                if (toldEnds.GetValueOrDefault(partition, -1) != offset)
                {
                    toldEnds[partition] = offset;
                    result.Kind = PollKind.EndOfPartition;
                    result.Offset = offset;
                    return true;
                }
            }
            result = default;
            return false;
        }
    }
}

/// <summary>Writes transactions of a <see cref="MemoryLog"/>.</summary>
internal sealed class MemoryLogProducer(MemoryLog log, string transactionalId) : ILogProducer
{
    private readonly List<(OutgoingRecord Record, DeliveryHandler? Handler)> records = [];

    public string TransactionalId => transactionalId;

    public LogOperation StartInit()
    {
        log.Note($"init {transactionalId[^1]}");
        log.OnInit?.Invoke(transactionalId);
        var operation = new LogOperation();
        operation.Succeed();
        return operation;
    }

    public void Begin() => log.Note($"begin {transactionalId[^1]}");

    public void Send(in OutgoingRecord record, DeliveryHandler? handler)
    {
        log.Note($"send {transactionalId[^1]}");
        records.Add((record, handler));
    }

    public CommitOperation StartCommit(CommitRequest request)
    {
        try
        {
            request.SendRest?.Invoke();
        }
        catch (StreamsException error)
        {
            var failed = new CommitOperation();
            failed.Fail(error);
            return failed;
        }
        log.Note($"commit {transactionalId[^1]}");
        var commit = new MemoryCommit(log, request, [.. records]);
        records.Clear();
        log.Start(commit);
        return commit.Operation;
    }

    public void Dispose() => log.Note($"dispose {transactionalId[^1]}");
}

/// <summary>A commit that was started; the test may decide how it ends.</summary>
internal sealed class MemoryCommit(
    MemoryLog log, CommitRequest request, IReadOnlyList<(OutgoingRecord Record, DeliveryHandler? Handler)> records)
{
    public CommitRequest Request { get; } = request;

    public CommitOperation Operation { get; } = new();

    public int RecordCount => records.Count;

    /// <summary>Appends everything, commits the offsets, and says so.</summary>
    public void Succeed()
    {
        Append();
        Operation.Reach(CommitStage.Committed);
    }

    /// <summary>Commits, but tells the caller nothing yet.</summary>
    public void Append()
    {
        lock (log.Gate)
        {
            foreach (var (record, handler) in records)
            {
                var offset = log.Append(
                    record.Partition.Topic, record.Key, record.Value, record.TimestampMs, MemoryKind.Record);
                handler?.Invoke(offset, record.TimestampMs, null);
            }
            foreach (var topic in records.Select(r => r.Record.Partition.Topic).Distinct())
            {
                log.Append(topic, null, null, -1, MemoryKind.Marker);
            }
            foreach (var (partition, offset) in Request.Offsets)
            {
                log.Committed[partition] = offset;
            }
        }
    }
}

/// <summary>Appends to a <see cref="MemoryLog"/> once it is ready; reports later than the record can be read.</summary>
internal sealed class MemoryLogAppender(MemoryLog log) : ILogAppender
{
    private readonly long readyAtMs = log.Clock.NowMs() + log.AppenderWarmUpMs;

    public void Append(in OutgoingRecord record, DeliveryHandler handler)
    {
        var appended = record;
        if (record.Partition.Topic.EndsWith("-clock", StringComparison.Ordinal))
        {
            // Asked for by a thread beside those that poll, for which no virtual time passes.
            Tell(record.Partition.Topic, handler);
            return;
        }
        lock (log.Gate)
        {
            log.At(Math.Max(log.Clock.NowMs(), readyAtMs), () => Append(appended, handler));
        }
    }

    public void Dispose()
    {
    }

    private void Tell(string topic, DeliveryHandler handler)
    {
        lock (log.Gate)
        {
            if (log.ClockFailure is { } failure)
            {
                handler(-1, -1, failure);
                return;
            }
            var offset = log.Append(topic, null, [], -1, MemoryKind.Record);
            handler(offset, log.Topic(topic).Entries[(int)offset].TimestampMs, null);
        }
    }

    private void Append(OutgoingRecord record, DeliveryHandler handler)
    {
        lock (log.Gate)
        {
            var offset = log.Append(record.Partition.Topic, record.Key, record.Value, -1, MemoryKind.Record);
            var stampMs = log.Topic(record.Partition.Topic).Entries[(int)offset].TimestampMs;
            log.At(log.Clock.NowMs() + log.ReportDelayMs(), () => handler(offset, stampMs, null));
        }
    }
}

/// <summary>Topics and bounds of a <see cref="MemoryLog"/>, whose topics have one partition each.</summary>
internal sealed class MemoryLogAdmin(MemoryLog log, string? group = null) : ILogAdmin
{
    public IReadOnlyDictionary<string, TopicDescription> DescribeTopics(
        IReadOnlyCollection<string> topics) => log.Topics()
        .Where(t => topics.Contains(t.Name))
        .ToDictionary(t => t.Name, t => new TopicDescription(t.Name, 1, t.CleanupPolicy, t.TimestampType));

    public void CreateTopics(IReadOnlyCollection<NewTopic> topics)
    {
        foreach (var topic in topics)
        {
            log.CreateTopic(
                topic.Name, topic.Configuration.GetValueOrDefault("cleanup.policy", "delete"),
                topic.Configuration.GetValueOrDefault("message.timestamp.type", "CreateTime"));
        }
    }

    public LogBounds Bounds(TopicPartition partition)
    {
        log.Note($"bounds {partition.Topic}");
        lock (log.Gate)
        {
            return new LogBounds(0, log.Topic(partition.Topic).Entries.Count);
        }
    }

    public void DeleteRecords(IReadOnlyDictionary<TopicPartition, long> before)
    {
        // Offsets stay what they are: nobody reads before those that were committed.
    }

    public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions)
    {
        lock (log.Gate)
        {
            return partitions.ToDictionary(p => p, p => (long)log.Topic(p.Topic).Entries.Count);
        }
    }

    public long Beginning(TopicPartition partition) => 0;

    public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
        partitions.ToDictionary(p => p, _ => 0L);

    public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions)
    {
        lock (log.Gate)
        {
            return group is null
                ? new Dictionary<TopicPartition, long>()
                : log.UpstreamCommitted.Where(c => partitions.Contains(c.Key)).ToDictionary();
        }
    }

    public IReadOnlyList<GroupMember> Members() => [];

    public long? TimestampAt(TopicPartition partition, long offset)
    {
        lock (log.Gate)
        {
            var entries = log.Topic(partition.Topic).Entries;
            return offset < entries.Count ? entries[(int)offset].TimestampMs : null;
        }
    }

    public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) => null;

    public void Dispose()
    {
    }
}
