using System.Collections.Concurrent;
using Alloc.Engine.LogClient;

namespace Engine.Tests.Support;

/// <summary>What a commit that is to fail does before.</summary>
public enum CommitFault
{
    /// <summary>Nothing was committed, but the caller cannot know.</summary>
    FailsBefore,

    /// <summary>It was committed, but the caller is told that it failed.</summary>
    FailsAfter,
}

/// <summary>A log client that hands everything to another and lets chosen commits fail.</summary>
internal sealed class FaultyLog(ILogClient inner) : ILogClient
{
    private int commitCount;
    private int initCount;

    /// <summary>Decides by the number of the commit, from 1, whether it fails.</summary>
    public Func<int, CommitFault?> OnCommit { get; set; } = _ => null;

    /// <summary>Called on the stream thread before a commit is started.</summary>
    public Action<int>? BeforeCommit { get; set; }

    /// <summary>Called on the stream thread before a record of a transaction is sent.</summary>
    public Action? BeforeSend { get; set; }

    /// <summary>The commits that were handed to the other client, in order.</summary>
    public ConcurrentQueue<CommitOperation> Commits { get; } = [];

    /// <summary>The kind of failure that a failing commit reports.</summary>
    public LogFailure Failure { get; set; } = LogFailure.NewProducer;

    public int CommitCount => Volatile.Read(ref commitCount);

    public int InitializationCount => Volatile.Read(ref initCount);

    public ILogConsumer CreateGroupConsumer(GroupConsumerOptions options) => inner.CreateGroupConsumer(options);

    public ILogConsumer CreateRestoreConsumer(string clientId) => inner.CreateRestoreConsumer(clientId);

    public ILogProducer CreateTransactionalProducer(string transactionalId, string clientId) =>
        new Producer(this, inner.CreateTransactionalProducer(transactionalId, clientId));

    public ILogAppender CreateAppender(string clientId) => inner.CreateAppender(clientId);

    public ILogAdmin CreateAdmin(string clientId, string? group = null) => inner.CreateAdmin(clientId, group);

    private sealed class Producer(FaultyLog log, ILogProducer inner) : ILogProducer
    {
        public string TransactionalId => inner.TransactionalId;

        public LogOperation StartInit()
        {
            Interlocked.Increment(ref log.initCount);
            return inner.StartInit();
        }

        public void Begin() => inner.Begin();

        public void Send(in OutgoingRecord record, DeliveryHandler? handler)
        {
            log.BeforeSend?.Invoke();
            inner.Send(in record, handler);
        }

        public CommitOperation StartCommit(CommitRequest request)
        {
            var number = Interlocked.Increment(ref log.commitCount);
            log.BeforeCommit?.Invoke(number);
            switch (log.OnCommit(number))
            {
                case CommitFault.FailsBefore:
                    var failed = new CommitOperation();
                    failed.Fail(Error());
                    return failed;
                case CommitFault.FailsAfter:
                    var lost = new CommitOperation();
                    inner.StartCommit(request).Wait(TimeSpan.FromSeconds(20));
                    lost.Fail(Error());
                    return lost;
                default:
                    var commit = inner.StartCommit(request);
                    log.Commits.Enqueue(commit);
                    return commit;
            }
        }

        public void Dispose() => inner.Dispose();

        private LogException Error() => new("The answer to EndTxn was lost", log.Failure, "Test");
    }
}
