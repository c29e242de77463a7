using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Spectre.Console;

namespace Alloc.Cli.Bench;

/// <summary>What the scenarios of one run share.</summary>
internal sealed record BenchRun(BenchOptions Options, BenchReport Report, TimeProvider Time, Action<string> Say);

/// <summary><c>alloc bench</c>: figures and ratios of one run, each scenario alone or all together.</summary>
internal static class BenchCommand
{
    private static readonly Option<bool> Quick = new("--quick")
    {
        Description = "Small sizes: shows that a scenario runs; the figures mean nothing",
        Recursive = true,
    };

    private static readonly Option<long?> Count = new("--count")
    {
        Description = "Commands of the throughput scenarios",
        Recursive = true,
    };

    private static readonly Option<int?> Pools = new("--pool-count")
    {
        Description = "Pools of the generated load",
        Recursive = true,
    };

    private static readonly Option<int?> Threads = new("--threads")
    {
        Description = "Stream threads of the engine",
        Recursive = true,
    };

    private static readonly Option<int?> Partitions = new("--partitions")
    {
        Description = "Partitions of the topics",
        Recursive = true,
    };

    private static readonly Option<string?> Bootstrap = new("--bootstrap", "-b")
    {
        Description = "A Kafka that is running; the embedded broker (and Apache Kafka) are started if not given",
        HelpName = "host:port",
        Recursive = true,
    };

    private static readonly SettingOption<string?> KafkaHome = new("--kafka-home",
        "Folder of an Apache Kafka with bin/kafka-up and bin/kafka-peer")
    {
        HelpName = "folder",
        Recursive = true,
    };

    private static readonly Option<string?> Results = new("--results")
    {
        Description = "Folder for the report, as Markdown and JSON",
        HelpName = "folder",
        Recursive = true,
    };

    private static readonly Option<string?> Work = new("--work-dir")
    {
        Description = "Folder for data while it runs; a temporary one if not given",
        HelpName = "folder",
        Recursive = true,
    };

    public static Command Create()
    {
        var bench = new Command(
            "bench", "Measure, and print ratios that can be trusted: same machine, same broker, same run")
            .Takes(Quick, Count, Pools, Threads, Partitions, Bootstrap, KafkaHome, Results, Work);
        return bench.With(
            Scenario("all", "Every scenario that the machine allows", AllAsync),
            Scenario("codec", "Avro alone: write and read one record", (run, _) =>
            {
                CodecScenario.Run(run.Report, (int)Math.Min(run.Options.Count, 2_000_000), run.Time);
                return Task.CompletedTask;
            }),
            Scenario("scrape", "A scrape of two thousand series while they move",
                (run, c) => ScrapeScenario.RunAsync(run.Report, run.Options, run.Time, c)),
            Scenario("fold", "The ledger alone, in memory", (run, c) =>
            {
                FoldScenario.Run(run.Report, run.Options, run.Time, c);
                return Task.CompletedTask;
            }),
            Scenario("growth", "One pool as its open holds and waiters grow, in memory and over RocksDB", (run, c) =>
            {
                GrowthScenario.Run(run.Report, run.Options, run.Time, c);
                return Task.CompletedTask;
            }),
            Scenario("topology", "The whole topology against the bare loop",
                (run, c) => OnClusterAsync(run, TopologyScenario.RunAsync, c)),
            Scenario("search", "The topology with and without the search projection; pages of a large customer",
                (run, c) => OnClusterAsync(run, SearchScenario.RunAsync, c)),
            Scenario("latency", "From a command's due time to its committed outcome, at light, half and full load",
                (run, c) => OnClusterAsync(run, LatencyScenario.RunAsync, c)),
            Scenario("restart", "Kill -9 with a large state; a move with and without a checkpoint",
                (run, c) => OnClusterAsync(run, RestartScenario.RunAsync, c)),
            Scenario("broker", "The embedded broker against Apache Kafka, same client", BrokersAsync),
            Scenario("peer", "The topology and Kafka Streams on one Apache Kafka", PeerAsync),
            BrokerCommand());
    }

    private static Command Scenario(string name, string description, Func<BenchRun, CancellationToken, Task> act) =>
        new Command(name, description).Runs((context, cancellation) => RunAsync(context, name, act, cancellation));

    private static async Task<int> RunAsync(
        CommandContext context, string name, Func<BenchRun, CancellationToken, Task> act,
        CancellationToken cancellation)
    {
        var temporary = context.Get(Work) is null ? Directory.CreateTempSubdirectory("alloc-bench-") : null;
        var options = Options(context, temporary?.FullName ?? Path.GetFullPath(context.Get(Work)!));
        var report = new BenchReport(Machine.Describe(options.WorkDirectory), context.Time.GetLocalNow());
        try
        {
            await act(new BenchRun(options, report, context.Time, context.Screen.Warn), cancellation)
                .ConfigureAwait(false);
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
        context.Screen.One(report.ToJson(), console =>
        {
            context.Screen.Rows(
                [.. report.Figures.Select(f => f.ToJson())],
                Column.Text("scenario", "scenario"), Column.Text("what", "what"), Column.Number("value", "shown"),
                    Column.Text("unit", "unit"),
                Column.Text("sizes and settings", "settings"));
            console.MarkupLine($"[dim]{Markup.Escape(JsonText.Line(Machine.Describe(options.WorkDirectory)))}[/]");
        });
        if (context.Get(Results) is { } directory)
        {
            await report.WriteAsync(directory, $"alloc bench {name}", cancellation).ConfigureAwait(false);
        }
        return ExitCode.Ok;
    }

    private static async Task AllAsync(BenchRun run, CancellationToken cancellation)
    {
        CodecScenario.Run(run.Report, (int)Math.Min(run.Options.Count, 2_000_000), run.Time);
        await ScrapeScenario.RunAsync(run.Report, run.Options, run.Time, cancellation).ConfigureAwait(false);
        FoldScenario.Run(run.Report, run.Options, run.Time, cancellation);
        GrowthScenario.Run(run.Report, run.Options, run.Time, cancellation);
        await BrokersAsync(run, cancellation).ConfigureAwait(false);
        if (run.Options.KafkaHome is not null)
        {
            await PeerAsync(run, cancellation).ConfigureAwait(false);
        }
        await using var cluster = await BenchCluster.StartAsync(run.Options, apache: false, run.Time,
            cancellation).ConfigureAwait(false);
        await TopologyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await LatencyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await RestartScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static async Task BrokersAsync(BenchRun run, CancellationToken cancellation)
    {
        foreach (var apache in run.Options.KafkaHome is null ? [false] : new[] { false, true })
        {
            await using var cluster = await BenchCluster.StartAsync(run.Options, apache, run.Time,
                cancellation).ConfigureAwait(false);
            await BrokerScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        }
        foreach (var what in new[] { BrokerScenario.Produce, BrokerScenario.Consume, BrokerScenario.Loop })
        {
            run.Report.AddRatio($"embedded broker to Apache Kafka, {what}",
                f => f.What == what && f.Settings.StartsWith("embedded", StringComparison.Ordinal),
                f => f.What == what && f.Settings.StartsWith("Apache", StringComparison.Ordinal));
        }
    }

    private static async Task PeerAsync(BenchRun run, CancellationToken cancellation)
    {
        await using var cluster = await BenchCluster.StartAsync(run.Options, apache: true, run.Time,
            cancellation).ConfigureAwait(false);
        await TopologyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await LatencyScenario.RunAsync(run, cluster, isLightOnly: true, cancellation).ConfigureAwait(false);
        await PeerScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static async Task OnClusterAsync(
        BenchRun run, Func<BenchRun, BenchCluster, CancellationToken, Task> scenario, CancellationToken cancellation)
    {
        await using var cluster = await BenchCluster.StartAsync(
            run.Options, apache: run.Options.KafkaHome is not null, run.Time, cancellation).ConfigureAwait(false);
        await scenario(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static BenchOptions Options(CommandContext context, string workDirectory)
    {
        var options = new BenchOptions
        {
            WorkDirectory = workDirectory,
            Bootstrap = context.Get(Bootstrap),
            KafkaHome = context.Get(KafkaHome) is { Length: > 0 } home ? home : null,
        };
        options = context.Get(Quick) ? options.Quick() : options;
        return options with
        {
            Count = context.Get(Count) ?? options.Count,
            PoolCount = context.Get(Pools) ?? options.PoolCount,
            ThreadCount = context.Get(Threads) ?? options.ThreadCount,
            PartitionCount = context.Get(Partitions) ?? options.PartitionCount,
        };
    }

    private static Command BrokerCommand()
    {
        var directory = new Option<string>("--data-dir")
        {
            Description = "Where the broker keeps its data",
            Required = true,
        };
        var kafkaPort = new Option<int>("--kafka-port") { Description = "The broker's port; 0 takes a free one" };
        var registryPort = new Option<int>("--registry-port")
        {
            Description = "The registry's port; 0 takes a free one",
        };
        return new Command("serve-broker", "Run only the embedded broker and registry, until interrupted")
            .Takes(directory, kafkaPort, registryPort)
            .Runs((context, cancellation) => BrokerHost.RunAsync(
                context, context.Get(directory), context.Get(kafkaPort), context.Get(registryPort), cancellation));
    }
}
