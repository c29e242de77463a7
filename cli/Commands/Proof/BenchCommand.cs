using System.CommandLine;
using Alloc.Bench;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Spectre.Console;

namespace Alloc.Cli.Commands.Proof;

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

    private static readonly Option<long?> Waiting = new("--waiting-count")
    {
        Description = "Items that wait when the backlog is asked and started again",
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

    internal static readonly Option<string?> Work = new("--work-dir")
    {
        Description = "Folder for data while it runs; a temporary one if not given",
        HelpName = "folder",
        Recursive = true,
    };

    public static Command Create()
    {
        var bench = new Command(
            "bench", "Measure, and print ratios that can be trusted: same machine, same broker, same run")
            .Takes(Quick, Count, Waiting, Pools, Threads, Partitions, Bootstrap, KafkaHome, Results, Work);
        return bench.With([.. BenchScenario.All.Select(Create), TruthCommand.Create(), BrokerCommand(), JoinCommand()]);
    }

    private static Command Create(BenchScenario scenario) =>
        new Command(scenario.Name, scenario.Description)
            .Runs((context, cancellation) => RunAsync(context, scenario, cancellation));

    private static async Task<int> RunAsync(
        CommandContext context, BenchScenario scenario, CancellationToken cancellation)
    {
        using var folder = new BenchFolder(context);
        var options = Options(context, folder.Path);
        var report = new BenchReport(Machine.Describe(options.WorkDirectory), context.Time.GetLocalNow());
        await scenario.RunAsync(new BenchRun(options, report, context.Time, context.Screen.Warn), cancellation)
            .ConfigureAwait(false);
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
            await report.WriteAsync(directory, $"alloc bench {scenario.Name}", cancellation).ConfigureAwait(false);
        }
        return ExitCode.Ok;
    }

    internal static BenchOptions Options(CommandContext context, string workDirectory)
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
            WaitingCount = context.Get(Waiting) ?? options.WaitingCount,
            PoolCount = context.Get(Pools) ?? options.PoolCount,
            ThreadCount = context.Get(Threads) ?? options.ThreadCount,
            PartitionCount = context.Get(Partitions) ?? options.PartitionCount,
        };
    }

    private static Command JoinCommand()
    {
        var directory = new Option<string>("--data-dir")
        {
            Description = "Where the join keeps its state",
            Required = true,
        };
        return new Command(JoinScenario.ServeCommand, "Run only the join of the join benchmark, until interrupted")
            .Takes(directory)
            .Runs(async (context, cancellation) =>
            {
                var bootstrap = context.Get(Bootstrap) ?? throw AllocException.Usage("--bootstrap is needed.");
                await JoinScenario.ServeAsync(bootstrap, context.Get(directory), context.Time, cancellation)
                    .ConfigureAwait(false);
                return ExitCode.Ok;
            });
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
