using Alloc.Engine.LogClient;

namespace Engine.Tests.Support;

/// <summary>What the probe of watermarks asks a broker, as a script: its clock, ends, and groups' offsets.</summary>
internal sealed class ScriptedBroker : ILogClient, ILogAppender, ILogWatch
{
    /// <summary>What was asked, in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The broker's clock; null while it does not answer.</summary>
    public long? ClockMs { get; set; } = 1_000_000;

    public Dictionary<TopicPartition, long> EndOffsets { get; } = [];

    public Dictionary<TopicPartition, long> Begins { get; } = [];

    public Dictionary<(string Group, TopicPartition Partition), long> Offsets { get; } = [];

    /// <summary>Groups that may not be asked.</summary>
    public HashSet<string> Refused { get; } = [];

    /// <summary>Runs when ends are asked for, before they are told.</summary>
    public Action? OnEnds { get; set; }

    /// <summary>How often a producer was made.</summary>
    public int AppenderCount { get; private set; }

    /// <summary>What kind of failure the clock's silence is.</summary>
    public LogFailure Failure { get; set; } = LogFailure.Abort;

    public ILogAppender CreateAppender(string clientId)
    {
        AppenderCount++;
        return this;
    }

    public void Append(in OutgoingRecord record, DeliveryHandler handler)
    {
        Asked.Add($"clock of {record.Partition.Topic}");
        if (ClockMs is { } nowMs)
        {
            handler(Asked.Count, nowMs, null);
        }
        else
        {
            handler(-1, -1, new LogException("Local: Message timed out", Failure, "Local_MsgTimedOut"));
        }
    }

    public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions)
    {
        Asked.Add($"ends of {string.Join(' ', partitions.Order(Comparer<TopicPartition>.Create(
            (l, r) => string.CompareOrdinal(l.ToString(), r.ToString()))))}");
        OnEnds?.Invoke();
        return EndOffsets.Where(e => partitions.Contains(e.Key)).ToDictionary();
    }

    public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
        partitions.ToDictionary(p => p, p => Begins.GetValueOrDefault(p));

    public ILogWatch Group(string group) => new GroupScript(this, group);

    public void Dispose()
    {
    }

    public long Beginning(TopicPartition partition) => throw new NotSupportedException();

    public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
        throw new NotSupportedException();

    public IReadOnlyList<GroupMember> Members() => throw new NotSupportedException();

    public long? TimestampAt(TopicPartition partition, long offset) => throw new NotSupportedException();

    public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) =>
        throw new NotSupportedException();

    public ILogConsumer CreateGroupConsumer(GroupConsumerOptions options) => throw new NotSupportedException();

    public ILogConsumer CreateRestoreConsumer(string clientId) => throw new NotSupportedException();

    public ILogProducer CreateTransactionalProducer(string transactionalId, string clientId) =>
        throw new NotSupportedException();

    public ILogAdmin CreateAdmin(string clientId, string? group = null) => throw new NotSupportedException();

    private sealed class GroupScript(ScriptedBroker broker, string group) : ILogWatch
    {
        public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions)
        {
            broker.Asked.Add($"offsets of {group}");
            return broker.Refused.Contains(group)
                ? throw new LogException("Broker: Group authorization failed", LogFailure.GiveUp, "Test")
                : broker.Offsets.Where(o => o.Key.Group == group && partitions.Contains(o.Key.Partition))
                    .ToDictionary(o => o.Key.Partition, o => o.Value);
        }

        public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
            throw new NotSupportedException();

        public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
            throw new NotSupportedException();

        public long Beginning(TopicPartition partition) => throw new NotSupportedException();

        public IReadOnlyList<GroupMember> Members() => throw new NotSupportedException();

        public long? TimestampAt(TopicPartition partition, long offset) => throw new NotSupportedException();

        public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) =>
            throw new NotSupportedException();
    }
}
