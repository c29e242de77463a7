using Alloc.Engine.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Support;

/// <summary>The ledger's topics on a cluster, and applications that run it.</summary>
internal sealed class LedgerRun
{
    private readonly TestCluster cluster;

    private LedgerRun(TestCluster cluster)
    {
        this.cluster = cluster;
        Name = TestCluster.UniqueName("ledger");
    }

    public string Name { get; }

    public string Commands => $"{Name}.commands";

    public string Outcomes => $"{Name}.outcomes";

    public string Latest => $"{Name}.latest";

    public string DeadLetters => $"{Name}.dlq";

    public LedgerTopology Topology { get; private set; } = null!;

    public static async Task<LedgerRun> CreateAsync(
        TestCluster cluster, int partitions, params (string Name, string Value)[] outcomesConfiguration)
    {
        var run = new LedgerRun(cluster);
        await cluster.CreateTopicAsync(run.Commands, partitions, ("message.timestamp.type", "LogAppendTime"));
        await cluster.CreateTopicAsync(run.Outcomes, partitions, outcomesConfiguration);
        await cluster.CreateTopicAsync(run.Latest, partitions, ("cleanup.policy", "compact"));
        run.Topology = new LedgerTopology(run.Commands, run.Outcomes, run.Latest, run.DeadLetters)
        {
            PartitionCount = partitions,
        };
        return run;
    }

    public StreamsOptions Options(string? stateDirectory = null) => new()
    {
        ApplicationId = Name,
        BootstrapServers = cluster.BootstrapServers,
        StateDirectory = stateDirectory ?? cluster.NewDirectory("state"),
        SessionTimeout = TimeSpan.FromSeconds(6),
        RequestTimeout = TimeSpan.FromSeconds(5),
        ClientConfiguration = Environment.GetEnvironmentVariable("ALLOC_TEST_DEBUG") is { Length: > 0 } debug
            ? new Dictionary<string, string> { ["debug"] = debug }
            : new Dictionary<string, string>(),
    };

    public StreamsApplication Create(StreamsOptions options, StreamsSeams? seams = null)
    {
        ILoggerFactory loggers = Environment.GetEnvironmentVariable("ALLOC_TEST_LOG") is null
            ? NullLoggerFactory.Instance
            : new ConsoleLoggers();
        return seams is null
            ? new StreamsApplication(Topology.Build(), options, TimeProvider.System, loggers)
            : new StreamsApplication(Topology.Build(), options, TimeProvider.System, loggers, seams);
    }

    public async Task<StreamsApplication> StartAsync(StreamsOptions options, StreamsSeams? seams = null)
    {
        var application = Create(options, seams);
        await application.StartAsync(CancellationToken.None);
        return application;
    }

    /// <summary>Checks that every command of the topic has one original outcome and sequences have no gaps.</summary>
    public List<LogLine> AssertExactlyOnce(int commandCount, int timeoutSeconds = 60)
    {
        cluster.ReadUntil(Outcomes, l => l.Count(IsOriginal) >= commandCount, timeoutSeconds);
        return AssertDecidedOnce(commandCount);
    }

    /// <summary>The same of what is decided already, in one look.</summary>
    public List<LogLine> AssertDecidedOnce(int commandCount)
    {
        var outcomes = cluster.ReadAll(Outcomes);
        foreach (var group in outcomes.GroupBy(o => o.Key))
        {
            var sequences = group.Select(o => LedgerTopology.Outcome.Parse(o.Value!).Sequence).ToList();
            Assert.Equal(Enumerable.Range(1, sequences.Count).Select(n => (long)n), sequences);
        }
        var sources = outcomes.Where(IsOriginal).Select(o => LedgerTopology.Outcome.Parse(o.Value!))
            .Select(o => (o.Partition, o.Offset)).ToList();
        Assert.Equal(commandCount, sources.Count);
        Assert.Equal(commandCount, sources.Distinct().Count());
        return outcomes;
    }

    private static bool IsOriginal(LogLine line) => LedgerTopology.Outcome.Parse(line.Value!).IsOriginal;
}

/// <summary>Waits for a condition with a deadline.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<bool> condition, string what, int timeoutSeconds = 60)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var deadline = DateTime.UtcNow.AddSeconds(timeoutSeconds);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"After {timeoutSeconds} s still not: {what}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Starts an application and waits until it runs; one that does not is closed.</summary>
    public static async Task<StreamsApplication> StartedAsync(StreamsApplication application)
    {
        try
        {
            await application.StartAsync(CancellationToken.None);
            await RunningAsync(application);
            return application;
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    public static Task RunningAsync(StreamsApplication application, int timeoutSeconds = 60) => TrueAsync(
        () => application.Failure is { } failure ? throw new InvalidOperationException("stopped", failure)
            : application.State == StreamsState.Running && application.Tasks.Count > 0, "running", timeoutSeconds);
}

/// <summary>Logs to the console when a test is looked into.</summary>
internal sealed class ConsoleLoggers : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >=
        (Environment.GetEnvironmentVariable("ALLOC_TEST_DEBUG") is null ? LogLevel.Information : LogLevel.Debug);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception}");
        }
    }
}
