using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.General;
using Alloc.Cli.Output;
using Alloc.Host;
using Alloc.Web;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Servers;

/// <summary>
/// <c>alloc serve</c>: one instance on a Kafka cluster; start as many as there is work
/// for.
/// </summary>
internal static class ServeCommand
{
    private static readonly SettingOption<CompressionType> Compression =
        ServerOptions.Compression(CompressionType.Lz4);

    public static Command Create() =>
        new Command("serve", "Run an instance on a Kafka cluster; start several to share the partitions")
            .TalksToKafka().TalksToRegistry()
            .Takes(
                ServerOptions.ApplicationId, ServerOptions.DataDirectory, ServerOptions.CheckpointDirectory,
                ServerOptions.CheckpointInterval,
                ServerOptions.Threads, ServerOptions.Partitions, ServerOptions.Replication, Compression,
                ServerOptions.ConsoleHost,
                ServerOptions.ConsolePort, ServerOptions.ConsoleUrl, ServerOptions.ConsoleCredentials,
                ServerOptions.ConsoleCertificate,
                ServerOptions.BehindTlsProxy, ServerOptions.NotReadyAfter, ServerOptions.ScanInterval,
                ServerOptions.OtlpEndpoint,
                ServerOptions.Roles, ServerOptions.NoProjection,
                ServerOptions.Shadow, ServerOptions.Level)
            .Runs((context, cancellation) => ServerRun.UntilToldAsync(RunAsync, context, cancellation));

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var console = ConsoleOf(context);
        console.Validate();
        var otlp = ServerOptions.Otlp(context);
        var roles = ServerOptions.RolesOf(context);
        Ports.EnsureFree([new("console", console.Host, console.Port, ServerOptions.ConsolePort.Name)]);
        using var run = new ServerRun(context);
        await using var host = await AllocationHost.StartAsync(
            new AllocationHostOptions
            {
                Client = settings,
                Console = console,
                ApplicationId = context.Get(ServerOptions.ApplicationId),
                StateDirectory = Path.Combine(context.Get(ServerOptions.DataDirectory), "state"),
                CheckpointDirectory = context.Get(ServerOptions.CheckpointDirectory),
                CheckpointInterval = context.Get(ServerOptions.CheckpointInterval),
                ThreadCount = context.Get(ServerOptions.Threads),
                PartitionCount = context.IsGiven(ServerOptions.Partitions)
                    ? context.Get(ServerOptions.Partitions)
                    : null,
                ReplicationFactor = (short)context.Get(ServerOptions.Replication),
                Endpoint = context.Get(ServerOptions.ConsoleUrl) is { } url
                    ? ClientOptions.Url(url, ServerOptions.ConsoleUrl.Name)
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
        var scheme = console.CertificateFile is null ? "http" : "https";
        var address = $"{scheme}://{(console.IsLoopback ? "localhost" : console.Host)}:{host.ConsolePort}";
        new Banner(
            $"Alloc {VersionCommand.Number}  instance {host.InstanceId} of {context.Get(ServerOptions.ApplicationId)}")
            .Line("Kafka", settings.Bootstrap)
            .Line("Registry", settings.Registry.ToString().TrimEnd('/'))
            .Line("Console", address)
            .Line("Metrics", $"{address}/metrics")
            .Line("State", context.Get(ServerOptions.DataDirectory))
            .Write(context.Screen, run.Elapsed, null);
        context.Host.Out.Flush();
        await run.RunAsync(host, Task.Delay(Timeout.Infinite, cancellation), cancellation).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static ConsoleOptions ConsoleOf(CommandContext context) => new()
    {
        Host = context.Get(ServerOptions.ConsoleHost),
        Port = context.Get(ServerOptions.ConsolePort),
        CredentialsFile = context.Get(ServerOptions.ConsoleCredentials),
        CertificateFile = context.Get(ServerOptions.ConsoleCertificate),
        IsBehindTlsProxy = context.Get(ServerOptions.BehindTlsProxy),
    };
}
