using System.CommandLine;
using System.CommandLine.Parsing;
using Alloc.Broker;
using Alloc.Broker.Registry;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.General;
using Alloc.Cli.Demo;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Host;
using Alloc.Web;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Servers;

/// <summary>
/// <c>alloc dev</c>: broker, registry, engine and HTTP in one process, data on disk, nothing else to install.
/// </summary>
internal static class DevCommand
{
    private const string Loopback = "127.0.0.1";

    private static readonly SettingOption<DemoScenario?> Demo = new(
        "--demo", $"Let customers hold, pay, cancel and forget: {string.Join(", ", DemoScenario.Names)}")
    {
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = DemoOf,
        HelpName = "story",
    };

    private static readonly SettingOption<int> DemoRate = new("--demo-rate", "Commands a second of the demo")
    {
        DefaultValueFactory = _ => 40,
        HelpName = "count",
    };

    private static readonly SettingOption<int> DemoSeed = new(
        "--demo-seed", "The demo does the same things for the same seed")
    {
        DefaultValueFactory = _ => 1,
        HelpName = "number",
    };

    private static readonly SettingOption<DurabilityMode> Durability =
        Choice.Of<SettingOption<DurabilityMode>, DurabilityMode>(
        new SettingOption<DurabilityMode>("--durability", "When the broker's answers wait for the disk"),
        DurabilityMode.Commit);

    /// <summary>None, so that clients without the codecs' libraries read all that is written.</summary>
    private static readonly SettingOption<CompressionType> Compression =
        ServerOptions.Compression(CompressionType.None);

    public static Command Create() =>
        new Command("dev", "Run everything in one process: broker, registry, engine, HTTP")
            .Takes(
                Demo, ServerOptions.DataDirectory, ServerOptions.KafkaPort, ServerOptions.RegistryPort,
                ServerOptions.ConsolePort,
                ServerOptions.Partitions, ServerOptions.Threads, Durability, Compression, DemoRate, DemoSeed,
                ServerOptions.NotReadyAfter, ServerOptions.ScanInterval, ServerOptions.OtlpEndpoint,
                ServerOptions.Roles,
                ServerOptions.NoProjection, ServerOptions.Shadow, ServerOptions.Level)
            .Runs((context, cancellation) => ServerRun.UntilToldAsync(RunAsync, context, cancellation));

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var otlp = ServerOptions.Otlp(context);
        var roles = ServerOptions.RolesOf(context);
        Ports.EnsureFree(
        [
            new("Kafka", Loopback, context.Get(ServerOptions.KafkaPort), ServerOptions.KafkaPort.Name),
            new("registry", Loopback, context.Get(ServerOptions.RegistryPort), ServerOptions.RegistryPort.Name),
            new("console", Loopback, context.Get(ServerOptions.ConsolePort), ServerOptions.ConsolePort.Name),
        ]);
        using var run = new ServerRun(context);
        var fault = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var embedded = await StartEmbeddedAsync(context, run, fault, cancellation).ConfigureAwait(false);
        var settings = new AllocClientOptions
        {
            Bootstrap = embedded.Broker.BootstrapServers,
            Registry = new Uri($"http://{Loopback}:{embedded.Registry.Port}"),
        };
        var data = context.Get(ServerOptions.DataDirectory);
        await using var host = await AllocationHost.StartAsync(
            new AllocationHostOptions
            {
                Client = settings,
                Console = new ConsoleOptions { Host = Loopback, Port = context.Get(ServerOptions.ConsolePort) },
                ApplicationId = "allocation",
                StateDirectory = Path.Combine(data, "state"),
                CheckpointDirectory = Path.Combine(data, "checkpoints"),
                ThreadCount = context.Get(ServerOptions.Threads),
                PartitionCount = context.IsGiven(ServerOptions.Partitions)
                    ? context.Get(ServerOptions.Partitions)
                    : null,
                NotReadyAfter = context.Get(ServerOptions.NotReadyAfter),
                ScanInterval = context.Get(ServerOptions.ScanInterval),
                OtlpEndpoint = otlp,
                Roles = roles,
                Compression = context.Get(Compression),
            },
            context.Time,
            run.Loggers,
            cancellation).ConfigureAwait(false);
        await run.WaitUntilReadyAsync(host, cancellation).ConfigureAwait(false);
        ShowBanner(context, run, embedded, host);

        using var demoEnd = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var demo = context.Get(Demo) is { } story
            ? StartDemo(story, context, run, settings, host, demoEnd.Token)
            : Task.CompletedTask;
        await run.RunAsync(host, fault.Task, cancellation).ConfigureAwait(false);
        await demoEnd.CancelAsync().ConfigureAwait(false);
        await demo.ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static Task<EmbeddedServices> StartEmbeddedAsync(
        CommandContext context, ServerRun run, TaskCompletionSource fault, CancellationToken cancellation)
    {
        var directory = Path.Combine(context.Get(ServerOptions.DataDirectory), "kafka");
        return EmbeddedServices.StartAsync(
            new BrokerOptions
            {
                DataDirectory = directory,
                Host = Loopback,
                Port = context.Get(ServerOptions.KafkaPort),
                Durability = context.Get(Durability),
                OnFault = e => fault.TrySetException(AllocException.Failed(
                    $"The embedded broker stopped: {e.Message}",
                    "Nothing that was answered is lost; start again when the cause is gone.", e)),
            },
            new RegistryOptions
            {
                DataDirectory = directory,
                Host = Loopback,
                Port = context.Get(ServerOptions.RegistryPort),
            },
            context.Time,
            run.Loggers,
            cancellation);
    }

    private static DemoScenario? DemoOf(ArgumentResult result)
    {
        var name = result.Tokens.Count == 0 ? "true" : result.Tokens[0].Value;
        if (string.Equals(name, "false", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        if (string.Equals(name, "true", StringComparison.OrdinalIgnoreCase))
        {
            return DemoScenario.Usual;
        }
        if (DemoScenario.Find(name) is { } story)
        {
            return story;
        }
        result.AddError($"'{name}' is none of {string.Join(", ", DemoScenario.Names)}.");
        return null;
    }

    private static Task StartDemo(
        DemoScenario story, CommandContext context, ServerRun run, AllocClientOptions settings, AllocationHost host,
        CancellationToken cancellation) =>
        DemoRunner.RunAsync(
            new DemoTraffic(story, settings, host.Registry, context.Get(DemoRate), context.Get(DemoSeed), context.Time),
            host.Directory, run.Status, run.Loggers, context.Time, cancellation);

    private static void ShowBanner(
        CommandContext context, ServerRun run, EmbeddedServices embedded, AllocationHost host)
    {
        var banner = new Banner($"Alloc {VersionCommand.Number}  one process (development; production: alloc serve)")
            .Line("Kafka", $"localhost:{embedded.Broker.Port}",
                $"embedded, data in {context.Get(ServerOptions.DataDirectory)}")
            .Line("Registry", $"http://localhost:{embedded.Registry.Port}")
            .Line("Console", $"http://localhost:{host.ConsolePort}")
            .Line("Metrics", $"http://localhost:{host.ConsolePort}/metrics");
        if (context.Get(Demo) is { } story)
        {
            var pools = story.Pools.Count == 1 ? "1 pool" : $"{story.Pools.Count} pools";
            banner.Line("Demo", $"{pools}, {context.Get(DemoRate)} commands/s, {story.Story}");
        }
        banner.Write(context.Screen, run.Elapsed, NextCommand(context, embedded));
        context.Host.Out.Flush();
    }

    /// <summary>
    /// A command that works when pasted: on a fresh data directory the demo's pools are there, without it one is made
    /// first.
    /// </summary>
    private static string NextCommand(CommandContext context, EmbeddedServices embedded)
    {
        var name = Invocation.Name(context.Host.Environment);
        var where = embedded.Broker.Port == 9092 || IsSaid(context, "ALLOC_BOOTSTRAP")
            ? ""
            : $" --bootstrap localhost:{embedded.Broker.Port}";
        where += embedded.Registry.Port == 8081 || IsSaid(context, "ALLOC_REGISTRY")
            ? ""
            : $" --registry http://localhost:{embedded.Registry.Port}";
        return context.Get(Demo) is { } story
            ? $"{name} reservation hold --pool {story.Pools[0].Id} --quantity 2 --id order-1{where}"
            : $"{name} pool configure seats-A --kind capacity --unit seat{where}";
    }

    private static bool IsSaid(CommandContext context, string variable) =>
        !string.IsNullOrEmpty(context.Host.Environment(variable));
}
