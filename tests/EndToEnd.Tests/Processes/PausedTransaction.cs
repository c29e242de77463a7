using Confluent.Kafka;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// Outcomes of a transaction that stood open when its writer was stopped: in the log, and not committed. Whoever takes
/// the partition over decides the same commands again, so readers of committed records must never see these.
/// </summary>
internal sealed class PausedTransaction
{
    private const string Outcomes = "allocation.outcomes";
    // Longer than a backlog's transaction of a busy instance, and well below the session.
    private const int StandingTicks = 14;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private readonly string bootstrap;
    private readonly TopicPartition partition;
    private readonly long from;
    private readonly long to;

    private PausedTransaction(string bootstrap, TopicPartition partition, long from, long to)
    {
        this.bootstrap = bootstrap;
        this.partition = partition;
        this.from = from;
        this.to = to;
    }

    /// <summary>
    /// Stops the process at a moment when it has a transaction open, which is most moments under load; it stays
    /// stopped. A stop at another moment is taken back at once.
    /// </summary>
    /// <param name="process">The instance.</param>
    /// <param name="load">What keeps it busy; once that has ended there is nothing to catch.</param>
    /// <param name="bootstrap">The brokers.</param>
    /// <param name="deadline">How long to try.</param>
    public static async Task<PausedTransaction> CatchAsync(
        AllocProcess process, AllocProcess load, string bootstrap, TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(150));
        using var committed = Reader(bootstrap, IsolationLevel.ReadCommitted);
        using var all = Reader(bootstrap, IsolationLevel.ReadUncommitted);
        while (true)
        {
            Assert.False(load.HasExited, $"The load ended before a transaction was caught open:\n{load.Said}");
            process.Signal(NativeSignal.Stop);
            // Whatever other instances have open ends meanwhile; what stands still is the stopped one's.
            var first = Open(committed, all);
            for (var tick = 0; tick < StandingTicks && first.Count > 0; tick++)
            {
                await ticks.WaitForNextTickAsync(timer.Token);
            }
            var second = Open(committed, all);
            foreach (var (partition, bounds) in second)
            {
                if (first.TryGetValue(partition, out var earlier) && earlier == bounds)
                {
                    return new PausedTransaction(bootstrap, partition, bounds.Stable, bounds.End);
                }
            }
            process.Signal(NativeSignal.Continue);
            await ticks.WaitForNextTickAsync(timer.Token);
        }
    }

    /// <summary>
    /// Waits until the broker has given the transaction up, which takes longer than the group waits for a silent
    /// member: then the writer owns nothing any more.
    /// </summary>
    public async Task AbortedAsync(TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        using var committed = Reader(bootstrap, IsolationLevel.ReadCommitted);
        while (committed.QueryWatermarkOffsets(partition, CallTimeout).High.Value < to)
        {
            await ticks.WaitForNextTickAsync(timer.Token);
        }
    }

    /// <summary>The records are in the log, and no reader of committed records sees one of them.</summary>
    public void ExpectAborted()
    {
        Assert.NotEmpty(Read(IsolationLevel.ReadUncommitted));
        Assert.Empty(Read(IsolationLevel.ReadCommitted));
    }

    private List<long> Read(IsolationLevel isolation)
    {
        using var reader = Reader(bootstrap, isolation);
        reader.Assign(new TopicPartitionOffset(partition, from));
        var found = new List<long>();
        while (reader.Consume(CallTimeout) is { IsPartitionEOF: false } record && record.Offset < to)
        {
            found.Add(record.Offset.Value);
        }
        return found;
    }

    /// <summary>Partitions whose log goes on beyond what is stable: a transaction is open there.</summary>
    private static Dictionary<TopicPartition, (long Stable, long End)> Open(
        IConsumer<Ignore, Ignore> committed, IConsumer<Ignore, Ignore> all)
    {
        var open = new Dictionary<TopicPartition, (long Stable, long End)>();
        for (var number = 0; number < CommandClient.PartitionCount; number++)
        {
            var partition = new TopicPartition(Outcomes, number);
            var stable = committed.QueryWatermarkOffsets(partition, CallTimeout).High.Value;
            var end = all.QueryWatermarkOffsets(partition, CallTimeout).High.Value;
            if (stable < end)
            {
                open[partition] = (stable, end);
            }
        }
        return open;
    }

    private static IConsumer<Ignore, Ignore> Reader(string bootstrap, IsolationLevel isolation) =>
        new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "paused",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Error,
            IsolationLevel = isolation,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
}
