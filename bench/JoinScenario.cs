using System.Globalization;
using System.Text.RegularExpressions;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Engine.Joins;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;

namespace Alloc.Bench;

/// <summary>
/// The windowed left join on RocksDB, exactly once, on one stream thread: on the records that the peers' generator
/// writes, and with Kafka Streams and Streamiz on the same records and broker in the same run, each with the same
/// meter. And, without a broker, what a record costs as more and more of them wait.
/// </summary>
internal static partial class JoinScenario
{
    /// <summary>The process that a run of the scenario starts for the join of ours.</summary>
    public const string ServeCommand = "serve-join";

    private const string Meter = "kafka-peer";
    private static readonly JoinWindows Windows = JoinWindows.OfTimeDifferenceAndGrace(
        TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5));

    private sealed record Side(string Name, string Topic, string What);

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        JoinGrowth.Run(run, cancellation);
        if (run.Options.KafkaHome is null)
        {
            run.Say("no peers: --kafka-home is not given");
            return;
        }
        string[] at = ["--bootstrap", cluster.Settings.Bootstrap];
        var count = run.Options.Count / 2;
        run.Say($"{count:N0} works that enter, of which 95 in 100 leave");
        await ChildProcess.RunAsync(
            Tool(run, Meter),
            [
                "generate-join", .. at, "--count", $"{count}", "--partitions", $"{run.Options.PartitionCount}",
                "--seed", $"{run.Options.Seed}",
            ],
            cancellation).ConfigureAwait(false);
        var place = $"{cluster.Name}; {count:N0} works, 95 in 100 pair, window 60 s, grace 5 s, "
            + $"{run.Options.PartitionCount} partitions, one stream thread";
        var ours = new Side("our join", "alloc.joined", Pairs("our join"));
        await MeasureAsync(run, cluster, ours, count, () => StartOurs(run, cluster), place, cancellation)
            .ConfigureAwait(false);
        string[] heavy = ["--threads", "1", "--cache", "0", "--commit", "500"];
        foreach (var (name, program, more) in new[]
        {
            ("Kafka Streams", "kafka-peer", Array.Empty<string>()),
            ("Streamiz", "streamiz-peer", ["--records", "5000"]),
        })
        {
            if (!File.Exists(Tool(run, program)))
            {
                continue;
            }
            var side = new Side(name, $"{program}.joined", Pairs(name));
            await MeasureAsync(run, cluster, side, count, () => ChildProcess.Start(Tool(run, program),
                [
                    "join", .. at, "--app", $"{program}-join", "--state", State(run, program), "--joined", side.Topic,
                    .. heavy, .. more,
                ]), $"{place}, cache off, commit every 500 ms", cancellation).ConfigureAwait(false);
            run.Report.AddRatio(
                $"our join to {name}, {cluster.Name}", f => f.What == ours.What, f => f.What == side.What);
        }
    }

    /// <summary>Runs the join of ours until the process is ended.</summary>
    public static async Task ServeAsync(
        string bootstrap, string directory, TimeProvider time, CancellationToken cancellation)
    {
        const string Application = "alloc-join";
        await using var application = new StreamsApplication(
            JoinTopology.Build(Application, "peer.entered", "peer.left", "alloc.joined", Windows),
            new StreamsOptions
            {
                ApplicationId = Application,
                BootstrapServers = bootstrap,
                StateDirectory = directory,
                // An item lives for 130 thousand records here: of most, the files never see anything.
                State = new StateStoreOptions
                {
                    WriteAfterRecordCount = 300_000,
                    MaximumUnwrittenRecordCount = 900_000,
                    WriteAfterBytes = 192L << 20,
                },
            }, time, NullLoggerFactory.Instance);
        await application.StartAsync(cancellation).ConfigureAwait(false);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation).ConfigureAwait(false);
    }

    private static async Task MeasureAsync(
        BenchRun run, BenchCluster cluster, Side side, long count, Func<ChildProcess> start, string place,
        CancellationToken cancellation)
    {
        run.Say($"{side.Name}: joining them");
        using (var admin = new KafkaClients(cluster.Settings).Admin())
        {
            await admin.CreateTopicsAsync(
            [
                new TopicSpecification
                {
                    Name = side.Topic, NumPartitions = run.Options.PartitionCount, ReplicationFactor = 1,
                },
            ]).ConfigureAwait(false);
        }
        await using var join = start();
        await using var meter = ChildProcess.Start(
            Tool(run, Meter),
            [
                "measure", "--bootstrap", cluster.Settings.Bootstrap, "--outcomes", side.Topic, "--count",
                $"{count * 94 / 100}",
            ]);
        await join.WaitForAsync(
            () => Task.FromResult(RateLine().IsMatch(meter.Said)), run.Options.Deadline, "done", cancellation)
            .ConfigureAwait(false);
        var rate = double.Parse(
            RateLine().Match(meter.Said).Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        run.Report.Add(new Figure("join", side.What, rate, "/s", place));
        await join.KillAsync().ConfigureAwait(false);
    }

    private static string Pairs(string name) => $"results of a windowed left join a second, {name}";

    private static ChildProcess StartOurs(BenchRun run, BenchCluster cluster) => ChildProcess.Alloc(
        "bench", ServeCommand, "--bootstrap", cluster.Settings.Bootstrap, "--data-dir", State(run, "alloc"));

    private static string State(BenchRun run, string program)
    {
        var state = Path.Combine(run.Options.WorkDirectory, $"{program}-join-state");
        Directory.CreateDirectory(state);
        return state;
    }

    private static string Tool(BenchRun run, string program) => Path.Combine(
        run.Options.KafkaHome ?? throw AllocException.Usage("--kafka-home is needed for the peers."), "bin", program);

    [GeneratedRegex(@"([\d,]+)/s after the first tenth")]
    private static partial Regex RateLine();
}
