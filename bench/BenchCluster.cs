using System.Net;
using System.Net.Sockets;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Host;
using Alloc.Schemas.Catalogue;

namespace Alloc.Bench;

/// <summary>
/// What a scenario runs on: a broker and a registry in processes of their own, and a topic prefix per scenario so that
/// scenarios of one run share the broker and nothing else.
/// </summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private readonly List<ChildProcess> children = [];
    private readonly BenchOptions options;
    private readonly TimeProvider time;
    private string? kafkaDirectory;

    private BenchCluster(BenchOptions options, string name, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        Name = name;
    }

    /// <summary>Which broker it is, for the report.</summary>
    public string Name { get; }

    public AllocClientOptions Settings { get; private set; } = null!;

    /// <summary>Bytes of memory that the embedded broker's process had at most; 0 for another broker.</summary>
    public long BrokerPeakBytes =>
        kafkaDirectory is null && children.Count > 0 ? Machine.PeakResidentBytes(children[0].Id) : 0;

    /// <summary>Starts the embedded broker, or Apache Kafka and the embedded registry.</summary>
    public static async Task<BenchCluster> StartAsync(BenchOptions options, bool apache, TimeProvider time,
        CancellationToken cancellation)
    {
        var cluster = new BenchCluster(options, options.Bootstrap is not null ? "given Kafka" : apache ? "Apache Kafka"
            : "embedded broker", time);
        var directory = Path.Combine(options.WorkDirectory, apache ? "apache" : "embedded");
        var kafkaPort = FreePort();
        var registryPort = FreePort();
        var broker = ChildProcess.Alloc(
            "bench", "serve-broker", "--kafka-port", $"{kafkaPort}", "--registry-port", $"{registryPort}",
            "--data-dir", directory);
        cluster.children.Add(broker);
        try
        {
            await broker.WaitForAsync(() => Task.FromResult(broker.Said.Contains("Registry", StringComparison.Ordinal)),
                StartDeadline, "a broker", cancellation).ConfigureAwait(false);
            var bootstrap = options.Bootstrap ?? $"127.0.0.1:{kafkaPort}";
            if (apache && options.Bootstrap is null)
            {
                bootstrap = await cluster.StartApacheAsync(Path.Combine(directory, "apache-kafka"),
                    cancellation).ConfigureAwait(false);
            }
            cluster.Settings = new AllocClientOptions
            {
                Bootstrap = bootstrap,
                Registry = new Uri($"http://127.0.0.1:{registryPort}"),
                Timeout = TimeSpan.FromSeconds(30),
            };
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Settings with a prefix of the scenario's own, its topics created.</summary>
    public async Task<AllocClientOptions> PrepareAsync(string scenario)
    {
        // A Kafka that was given may still have the topics of an earlier run.
        var settings = Settings with { TopicPrefix = $"{scenario}-{time.GetUtcNow().ToUnixTimeSeconds()}." };
        var catalogue = TopicCatalogue.Load().WithPrefix(settings.TopicPrefix);
        catalogue = catalogue.WithPartitionCount(settings.TopicPrefix + "allocation.commands", options.PartitionCount)
            .WithPartitionCount(settings.TopicPrefix + "workflow.stages", options.PartitionCount);
        using var admin = new KafkaClients(settings).Admin();
        await new TopicProvisioner(admin, settings.Timeout).CreateMissingAsync(catalogue, 1).ConfigureAwait(false);
        return settings;
    }

    public Schemas.Registry.GuardedRegistryClient OpenRegistry() => Registries.RunClient(Settings, time);

    /// <summary>Starts an instance of the engine over the scenario's topics and waits until it is ready.</summary>
    public async Task<EngineProcess> StartEngineAsync(
        AllocClientOptions settings, string name, string? checkpoints, CancellationToken cancellation) =>
        await EngineProcess.StartAsync(settings, options, name, checkpoints, time, cancellation).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        foreach (var child in children)
        {
            await child.DisposeAsync().ConfigureAwait(false);
        }
        if (kafkaDirectory is not null)
        {
            await ChildProcess.RunAsync(KafkaScript("kafka-down"), [kafkaDirectory, "-9"],
                CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<string> StartApacheAsync(string directory, CancellationToken cancellation)
    {
        var port = FreePort();
        await ChildProcess.RunAsync(KafkaScript("kafka-up"), [directory, $"{port}"], cancellation)
            .ConfigureAwait(false);
        kafkaDirectory = directory;
        return $"127.0.0.1:{port}";
    }

    private string KafkaScript(string name) => Path.Combine(
        options.KafkaHome ?? throw AllocException.Usage("--kafka-home is needed for Apache Kafka."), "bin", name);
}
