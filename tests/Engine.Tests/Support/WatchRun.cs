using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Support;

/// <summary>
/// <see cref="WatchTopology"/> on a <see cref="MemoryLog"/>: the whole engine but for the client, in virtual time; only
/// the probe of watermarks looks by the machine's clock, often.
/// </summary>
internal sealed class WatchRun : IAsyncDisposable
{
    public const string Left = "left";
    public const string Right = "right";
    public const string Missed = "missed";
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-watch-").FullName;

    public WatchRun()
    {
        Log.CreateTopic(Left);
        Log.CreateTopic(Right);
        Log.CreateTopic(Missed);
    }

    public MemoryLog Log { get; } = new();

    public WatchTopology Topology { get; set; } = new(Left, Right, Missed);

    public WatermarkRules Rules { get; set; } = WatermarkRules.Sound;

    public StreamsApplication Application { get; private set; } = null!;

    public StreamsOptions Options { get; set; } = new()
    {
        ApplicationId = "watch",
        BootstrapServers = "none",
        StateDirectory = "",
        InstanceId = "one",
        // The clock stands while a test looks: a pace would wait for it.
        CommitPace = TimeSpan.Zero,
    };

    /// <summary>Starts the application, with no state but what the log has, and waits until it runs.</summary>
    public async Task StartAsync()
    {
        await StartWithoutWaitingAsync();
        await Until.RunningAsync(Application);
    }

    public Task StartWithoutWaitingAsync()
    {
        Application = new StreamsApplication(
            Topology.Build(), Options with { StateDirectory = directory }, Log.Clock, NullLoggerFactory.Instance,
            new StreamsSeams(Log, new MemoryStateProvider(), LocalFileSystem.Instance)
            {
                WatermarkRules = Rules,
                WatermarkInterval = TimeSpan.FromMilliseconds(5),
            });
        return Application.StartAsync(CancellationToken.None);
    }

    public WatermarkStatus Watermark(string topic) => Application.Watermarks.Single(w => w.Topic == topic);

    /// <summary>Waits until a source is known up to a time.</summary>
    public Task KnownAsync(string topic, long ms) =>
        Until.TrueAsync(() => Watermark(topic).WatermarkMs >= ms, $"{topic} is known up to {ms}");

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

    /// <summary>What was reported as missed and committed.</summary>
    public List<MemoryRecord> MissedRecords()
    {
        lock (Log.Gate)
        {
            return [.. Log.Topic(Missed).Entries.Where(e => e.Kind == MemoryKind.Record)];
        }
    }

    public Task MissedAsync(int count) =>
        Until.TrueAsync(() => MissedRecords().Count >= count, $"{count} are reported as missed");

    public async ValueTask DisposeAsync()
    {
        await Application.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
