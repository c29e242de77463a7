using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Support;

/// <summary>The ledger on a <see cref="MemoryLog"/>: the whole engine but for the client, in virtual time.</summary>
internal sealed class MemoryRun : IAsyncDisposable
{
    public const string Commands = "commands";
    public const string Outcomes = "outcomes";
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-memory-").FullName;
    private readonly LedgerTopology topology = new(Commands, Outcomes, "latest", "dlq");
    private readonly MemoryStateProvider states = new();

    public MemoryRun()
    {
        Log.CreateTopic(Commands, timestampType: "LogAppendTime");
        Log.CreateTopic(Outcomes);
        Log.CreateTopic("latest", "compact");
        Options = new StreamsOptions
        {
            ApplicationId = "memory",
            BootstrapServers = "none",
            StateDirectory = directory,
            InstanceId = "one",
            // The clock stands while a test looks: a pace would wait for it.
            CommitPace = TimeSpan.Zero,
        };
    }

    public MemoryLog Log { get; } = new();

    public StreamsOptions Options { get; set; }

    public StreamsApplication Application { get; private set; } = null!;

    /// <summary>Starts the application and waits until it runs; the clock stands meanwhile.</summary>
    public async Task StartAsync()
    {
        await StartWithoutWaitingAsync();
        await Until.RunningAsync(Application);
    }

    public Task StartWithoutWaitingAsync()
    {
        Application = new StreamsApplication(topology.Build(), Options, Log.Clock, NullLoggerFactory.Instance,
            new StreamsSeams(Log, states, LocalFileSystem.Instance));
        return Application.StartAsync(CancellationToken.None);
    }

    /// <summary>Lets virtual time go on, whether the thread polls or waits, until the condition holds.</summary>
    public Task WhileTimePassesAsync(Func<bool> condition) => Until.TrueAsync(
        () =>
        {
            if (condition())
            {
                return true;
            }
            Log.PassTimeWithoutPolls(50);
            return false;
        },
        "it happened");

    /// <summary>Committed outcomes so far.</summary>
    public int OutcomeCount => Read().Count;

    /// <summary>Waits until so many committed outcomes are there; returns all of them.</summary>
    public async Task<List<LedgerTopology.Outcome>> OutcomesAsync(int count)
    {
        await Until.TrueAsync(() => Read().Count >= count, $"{count} outcomes");
        return Read();
    }

    /// <summary>Every command has one outcome, in order, and sequences have no gaps.</summary>
    public async Task AssertExactlyOnceAsync(int commandCount)
    {
        var outcomes = await OutcomesAsync(commandCount);
        Assert.Equal(Enumerable.Range(0, commandCount).Select(n => (long)n), outcomes.Where(o => o.IsOriginal)
            .Select(o => o.Offset));
        Assert.Equal(Enumerable.Range(1, outcomes.Count).Select(n => (long)n), outcomes.Select(o => o.Sequence));
    }

    public async ValueTask DisposeAsync()
    {
        await Application.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private List<LedgerTopology.Outcome> Read()
    {
        lock (Log.Gate)
        {
            return Log.Topic(Outcomes).Entries.Where(e => e.Kind == MemoryKind.Record)
                .Select(e => LedgerTopology.Outcome.Parse(e.Text)).ToList();
        }
    }
}
