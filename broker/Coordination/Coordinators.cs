using Alloc.Broker.Groups;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;
using Alloc.Broker.Transactions;

namespace Alloc.Broker.Coordination;

/// <summary>
/// Groups and transactions in the broker: gives the two coordinators their journal, the partition logs, the disk's
/// promises and the time, and recovers them.
/// </summary>
internal sealed class Coordinators : IStateJournal, ITransactionStorage, ITransactionGate, IDisposable
{
    private const int CoordinatorEpoch = 0;
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(50);
    private readonly BrokerCore broker;
    private readonly Action syncJournal;
    private readonly string directory;
    private readonly long startedAtMs;
    private StateJournal? journal;
    private long memberCount;
    private bool isRecovering;

    public Coordinators(BrokerCore broker)
    {
        this.broker = broker;
        directory = Path.Combine(broker.Options.DataDirectory, "coordinators");
        startedAtMs = broker.Loop.NowMs;
        syncJournal = () => journal!.Sync();
        Groups = new GroupCoordinator(new GroupLimits(), this, NewMemberId);
        Transactions = new TransactionCoordinator(new TransactionLimits(), this, this);
        broker.Topics.Deleted += OnTopicDeleted;
    }

    public GroupCoordinator Groups { get; }

    public TransactionCoordinator Transactions { get; }

    /// <summary>Recovers both coordinators and ends what the last run left open. Before the loop gets work.</summary>
    /// <exception cref="BrokerStartException">The journal is damaged or the disk refuses.</exception>
    public void Open(RecoveryMode mode)
    {
        isRecovering = true;
        var nowMs = broker.Loop.NowMs;
        try
        {
            journal = StateJournal.Open(directory, broker.Disk, mode, record => Replay(record, nowMs));
            var logs = broker.Topics.All.SelectMany(t => t.Partitions).ToList();
            var highestProducerId = logs.SelectMany(l => l.Producers.All).Max(p => (long?)p.ProducerId) ?? -1;
            Transactions.FinishAfterRecovery(nowMs, abortOpen: mode == RecoveryMode.NewBoot, highestProducerId);
            Groups.DropPendingExcept(Transactions.IsOpen);
            foreach (var log in logs)
            {
                AbortUnknown(log);
            }

            journal.Rewrite(WriteSnapshot);
            journal.Sync();
        }
        catch (Exception exception) when (
            exception is JournalDamagedException or StorageException or IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException(exception.Message, exception);
        }

        isRecovering = false;
    }

    /// <summary>Lets time pass from now on.</summary>
    public void Start() => broker.Loop.Post(() => broker.Loop.Schedule(TickInterval, Tick));

    public bool HasPartition(TopicPartition partition) => LogOf(partition) is not null;

    /// <summary>Answers a request that changed the coordinators' state, once the broker's mode allows it.</summary>
    public void Answer(Exchange exchange, IResponse response)
    {
        if (broker.Durability.NeedsSync(Acknowledgement.Leader))
        {
            broker.Durability.Sync(syncJournal, () => exchange.Answer(response));
        }
        else
        {
            exchange.Answer(response);
        }
    }

    void IStateJournal.Append(ReadOnlySpan<byte> record) => journal!.Append(record);

    void ITransactionStorage.WhenDataDurable(IReadOnlyCollection<TopicPartition> partitions, Action continuation)
    {
        var logs = partitions.Select(LogOf).OfType<PartitionLog>();
        Continue(partitions.Count > 0,
            () => broker.Durability.After(Acknowledgement.Commit, logs, continuation), continuation);
    }

    void ITransactionStorage.WhenJournalDurable(Action continuation) =>
        Continue(true, () => broker.Durability.After(Acknowledgement.Commit, syncJournal, continuation), continuation);

    long ITransactionStorage.EndOffset(TopicPartition partition) => LogOf(partition)?.HighWatermark ?? 0;

    void ITransactionStorage.AppendMarker(
        TopicPartition partition, long endOffset, long producerId, short epoch, bool isCommit)
    {
        if (LogOf(partition) is { } log && log.Producers.Find(producerId) is { TransactionStartOffset: >= 0 } state &&
            state.TransactionStartOffset < endOffset)
        {
            log.AppendMarker(new ProducerIdentity(producerId, epoch), CoordinatorEpoch, isCommit);
        }
    }

    void ITransactionStorage.CompleteOffsets(long producerId, IReadOnlyCollection<string> groups, bool isCommit) =>
        Groups.CompleteTransaction(producerId, groups, isCommit);

    ErrorCode ITransactionGate.CheckProduce(ProducerIdentity producer, string topic, int partition) =>
        Transactions.CheckAppend(producer.ProducerId, producer.Epoch, new TopicPartition(topic, partition));

    public void Dispose() => journal?.Dispose();

    private void Continue(bool mayWait, Action wait, Action continuation)
    {
        if (isRecovering || !mayWait || !broker.Durability.NeedsSync(Acknowledgement.Commit))
        {
            continuation();
        }
        else
        {
            wait();
        }
    }

    private void Replay(ReadOnlySpan<byte> record, long nowMs)
    {
        if (!Groups.Replay(record, nowMs))
        {
            Transactions.Replay(record);
        }
    }

    /// <summary>
    /// Aborts, after a restart of the machine took the coordinator's records, what only the log knows of.
    /// </summary>
    private void AbortUnknown(PartitionLog log)
    {
        var partition = new TopicPartition(log.Topic, log.Partition);
        foreach (var state in log.Producers.All.Where(p => p.TransactionStartOffset >= 0).ToList())
        {
            if (!Transactions.IsOpenIn(state.ProducerId, partition))
            {
                log.AppendMarker(
                    new ProducerIdentity(state.ProducerId, state.Epoch), CoordinatorEpoch, isCommit: false);
            }
        }
    }

    private void Tick()
    {
        broker.Loop.Schedule(TickInterval, Tick);
        try
        {
            Groups.Tick(broker.Loop.NowMs);
            Transactions.Tick(broker.Loop.NowMs);
            if (journal!.WantsRewrite)
            {
                journal.Rewrite(WriteSnapshot);
                broker.Durability.Sync(syncJournal, static () => { });
            }
        }
        catch (StorageException exception)
        {
            broker.Refusals.Report(exception);
        }
    }

    private void WriteSnapshot(IStateJournal target)
    {
        Groups.WriteSnapshot(target);
        Transactions.WriteSnapshot(target);
    }

    private void OnTopicDeleted(Topic topic)
    {
        var partitions = topic.Partitions.Select(l => new TopicPartition(l.Topic, l.Partition)).ToList();
        Groups.OnPartitionsDeleted(partitions);
        Transactions.OnPartitionsDeleted(partitions);
    }

    private PartitionLog? LogOf(TopicPartition partition) => broker.Topics.Find(partition.Topic, partition.Partition);

    /// <summary>Unique as long as the broker's clock does not run backwards over a restart.</summary>
    private string NewMemberId(string name) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}-{startedAtMs:x}-{++memberCount:x}");
}
