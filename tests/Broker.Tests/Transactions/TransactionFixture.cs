using Alloc.Broker;
using Alloc.Broker.Protocol;
using Alloc.Broker.Transactions;
using Broker.Tests.Coordination;

namespace Broker.Tests.Transactions;

/// <summary>A transaction coordinator whose disk is as fast as the test lets it be, and whose logs are lists.</summary>
internal sealed class TransactionFixture : ITransactionStorage
{
    public const string Id = "tx";
    public static readonly TopicPartition A = new("a", 0);
    public static readonly TopicPartition B = new("b", 0);
    private readonly Queue<Action> continuations = new();

    public TransactionFixture(MemoryJournal? journal = null, Dictionary<TopicPartition, Log>? logs = null)
    {
        Journal = journal ?? new MemoryJournal();
        Logs = logs ?? new Dictionary<TopicPartition, Log> { [A] = new(), [B] = new() };
        Coordinator = new TransactionCoordinator(new TransactionLimits(), Journal, this);
        foreach (var record in Journal.Records.ToList())
        {
            Coordinator.Replay(record);
        }
    }

    public MemoryJournal Journal { get; }

    public TransactionCoordinator Coordinator { get; }

    public Dictionary<TopicPartition, Log> Logs { get; }

    public List<(long ProducerId, bool IsCommit)> CompletedOffsets { get; } = [];

    public List<TopicPartition> Synced { get; } = [];

    /// <summary>True holds back what waits for the disk until <see cref="Sync"/>.</summary>
    public bool IsSlow { get; set; }

    public bool IsFull { get; set; }

    public long NowMs { get; set; } = 1_000;

    public Transaction Transaction => Coordinator.Find(Id)!;

    public InitProducerIdResponse? TryInit(
        string? id = Id, long producerId = -1, short epoch = -1, int timeoutMs = 60_000)
    {
        InitProducerIdResponse? answer = null;
        Coordinator.InitProducerId(
            new InitProducerIdRequest(id, timeoutMs, producerId, epoch), NowMs, response => answer = response);
        return answer;
    }

    public TransactionalProducer Init(string id = Id)
    {
        var answer = TryInit(id)!.Value;
        Assert.Equal(ErrorCode.None, answer.Error);
        return new TransactionalProducer(id, answer.ProducerId, answer.Epoch);
    }

    /// <summary>Adds a partition and writes to it.</summary>
    public ErrorCode Write(TransactionalProducer producer, TopicPartition partition)
    {
        var error = Coordinator.AddPartitions(producer, [partition], NowMs);
        if (error == ErrorCode.None)
        {
            error = Coordinator.CheckAppend(producer.ProducerId, producer.Epoch, partition);
        }

        if (error == ErrorCode.None)
        {
            Logs[partition].Write(producer.ProducerId);
        }

        return error;
    }

    public Ending End(TransactionalProducer producer, bool isCommit)
    {
        var ending = new Ending();
        Coordinator.EndTransaction(producer, isCommit, NowMs, error => ending.Answer = error);
        return ending;
    }

    /// <summary>Lets what waits for the disk go on, once.</summary>
    public void Sync()
    {
        for (var count = continuations.Count; count > 0; count--)
        {
            continuations.Dequeue()();
        }
    }

    /// <summary>A crash of the process: a new coordinator finds journal and logs as they are.</summary>
    public TransactionFixture Restart(bool abortOpen = false)
    {
        var restarted = new TransactionFixture(Journal, Logs) { NowMs = NowMs };
        restarted.Coordinator.FinishAfterRecovery(NowMs, abortOpen, highestProducerId: -1);
        return restarted;
    }

    public void WhenDataDurable(IReadOnlyCollection<TopicPartition> partitions, Action continuation) =>
        Continue(() =>
        {
            Synced.AddRange(partitions);
            continuation();
        });

    public void WhenJournalDurable(Action continuation) => Continue(continuation);

    public long EndOffset(TopicPartition partition) => Logs[partition].Entries.Count;

    public void AppendMarker(TopicPartition partition, long endOffset, long producerId, short epoch, bool isCommit)
    {
        if (IsFull)
        {
            throw new Alloc.Broker.Storage.StorageException("no space left");
        }

        var first = Logs[partition].FirstOpen(producerId);
        if (first >= 0 && first < endOffset)
        {
            Logs[partition].Entries.Add($"{producerId}/{epoch} {(isCommit ? "commit" : "abort")}");
        }
    }

    public void CompleteOffsets(long producerId, IReadOnlyCollection<string> groups, bool isCommit)
    {
        if (groups.Count > 0)
        {
            CompletedOffsets.Add((producerId, isCommit));
        }
    }

    private void Continue(Action continuation)
    {
        if (IsSlow)
        {
            continuations.Enqueue(continuation);
        }
        else
        {
            continuation();
        }
    }

    internal sealed class Ending
    {
        public ErrorCode? Answer { get; set; }
    }

    internal sealed class Log
    {
        public List<string> Entries { get; } = [];

        public void Write(long producerId) => Entries.Add($"{producerId} data");

        public int FirstOpen(long producerId)
        {
            var lastMarker = Entries.FindLastIndex(e => e.StartsWith($"{producerId}/", StringComparison.Ordinal));
            return Entries.FindIndex(lastMarker + 1, e => e == $"{producerId} data");
        }
    }
}
