using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Alloc.Host.Metrics;
using Alloc.Host.Projection;
using Alloc.Host.Shadow;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;
using Alloc.Web;
using Alloc.Web.Reads;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Alloc.Host;

/// <summary>What one instance of the allocation application runs with.</summary>
internal sealed record AllocationHostOptions
{
    public required AllocClientOptions Client { get; init; }

    public required ConsoleOptions Console { get; init; }

    /// <summary>Group, and first part of transactional ids.</summary>
    public required string ApplicationId { get; init; }

    public required string StateDirectory { get; init; }

    public string? CheckpointDirectory { get; init; }

    public TimeSpan? CheckpointInterval { get; init; }

    public int ThreadCount { get; init; } = 1;

    /// <summary>Partitions of topics that are still to be made; null for the catalogue's number.</summary>
    public int? PartitionCount { get; init; }

    public short ReplicationFactor { get; init; } = 1;

    /// <summary>
    /// Where other instances reach this one; null for the console's own address when that is not loopback.
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary>How long nothing may be decided while commands wait before the instance says that it is not ready.
    /// </summary>
    public TimeSpan NotReadyAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the search projection runs in this process too.</summary>
    public bool WithProjection { get; init; } = true;

    /// <summary>Whether slices in mode Shadow are decided in this process too, to a topic of their own.</summary>
    public bool WithShadow { get; init; }

    /// <summary>The collector that metrics are sent to; null for none.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>What every engine of this process compresses its records with.</summary>
    public required CompressionType Compression { get; init; }
}

/// <summary>
/// One instance of the allocation application: topics and schemas in place, engine running, HTTP answering.
/// </summary>
internal sealed class AllocationHost : IAsyncDisposable
{
    /// <summary>How long one call at the start is tried again while Kafka asks for patience.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamsApplication application;
    private readonly GuardedRegistryClient registry;
    private readonly RegistryWait registryWait;
    private readonly ConsoleServer console;
    private readonly PrometheusMetrics metrics;
    private readonly PolicyWatch policies;
    private readonly Peers peers;
    private readonly TimeProvider time;
    private ProjectionHost? projection;
    private ShadowHost? shadow;
    private MeterProvider? otlp;

    private AllocationHost(
        StreamsApplication application, GuardedRegistryClient registry, RegistryWait registryWait,
        ConsoleServer console,
        PrometheusMetrics metrics, PolicyWatch policies, Peers peers, LedgerDirectory directory, TimeProvider time)
    {
        this.registryWait = registryWait;
        this.application = application;
        this.registry = registry;
        this.console = console;
        this.metrics = metrics;
        this.policies = policies;
        this.peers = peers;
        this.time = time;
        Directory = directory;
        application.StateChanged += OnStateChanged;
    }

    public LedgerDirectory Directory { get; }

    public ISchemaRegistryClient Registry => registry;

    public int ConsolePort => console.Port;

    public string InstanceId => application.InstanceId;

    /// <summary>Ends when the application stopped by a failure, with that failure.</summary>
    public Task Failed => failed.Task;

    public static async Task<AllocationHost> StartAsync(
        AllocationHostOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var registry = Registries.ServerClient(options.Client, time);
        var metrics = new PrometheusMetrics();
        var peers = new Peers();
        var policies = new PolicyWatch(options.Client, registry);
        var startup = new Startup();
        var registryWait = new RegistryWait(startup, time, loggers.CreateLogger<RegistryWait>());
        var broker = BrokerWait(startup, time, loggers.CreateLogger<AllocationHost>());
        StreamsApplication? application = null;
        ConsoleServer? console = null;
        ProjectionHost? projection = null;
        ConsoleListener? listener = null;
        try
        {
            var clients = new KafkaClients(options.Client);
            await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
            var catalogue = await broker.UntilAnsweredAsync(
                "which topics there are", () => PrepareTopicsAsync(options, clients, loggers), cancellation)
                .ConfigureAwait(false);
            listener = ConsoleListener.Bind(options.Console);
            var consoleOptions = options.Console with { Port = listener.Port };
            var allocation = AllocationOptions.For(catalogue, options.Client.TopicPrefix) with
            {
                AppliedPolicy = () => policies.Newest,
            };
            var serdes = new AllocationSerdes(registry, allocation);
            var engine = EngineOptions(options, consoleOptions);
            application = new StreamsApplication(
                AllocationTopology.Build(allocation, serdes),
                engine,
                time,
                loggers);
            var running = application;
            var directory = new LedgerDirectory(
                new GroupOwners(() => running.FindOwners(allocation.CommandTopic), time), allocation.PartitionCount,
                p => running.QueryStores(AllocationStores.Pools, p) is { } stores ? new StoreLedgerReads(stores) : null,
                p => running.QueryLast(AllocationStores.Pools, p) is { } last
                    ? new LastKnownLedger(new StoreLedgerReads(last.Stores), last.Age)
                    : null);
            console = await ConsoleServer.StartAsync(
                consoleOptions,
                listener,
                routes =>
                {
                    routes.Use(startup.GuardAsync);
                    ConsoleRoutes.Map(routes, new ConsoleParts
                    {
                        Application = application,
                        Directory = directory,
                        Peers = peers,
                        Startup = startup,
                        Disks = new DiskSpace(
                            [.. new[] { options.StateDirectory, options.CheckpointDirectory }.OfType<string>()]),
                        Hypotheses = new Hypotheses(
                            p => running.QueryStores(AllocationStores.Pools, p), allocation),
                        Projection = () => projection,
                        ReadyPatience = options.NotReadyAfter,
                        WriteMetrics = metrics.WriteAsync,
                        Time = time,
                    });
                },
                loggers,
                cancellation).ConfigureAwait(false);
            var host = new AllocationHost(
                application, registry, registryWait, console, metrics, policies, peers, directory, time);
            await registryWait.UntilAnsweredAsync(
                () => SchemaRegistration.RegisterAsync(catalogue, registry, cancellation), cancellation)
                    .ConfigureAwait(false);
            policies.Start();
            await application.StartAsync(cancellation).ConfigureAwait(false);
            if (options.WithProjection)
            {
                projection = await ProjectionHost.StartAsync(
                    new ProjectionHostOptions { Client = options.Client, Allocation = allocation, Engine = engine },
                    serdes.Outcomes, time, loggers, broker, cancellation).ConfigureAwait(false);
                host.projection = projection;
            }
            if (options.WithShadow)
            {
                var topic = catalogue[options.Client.TopicPrefix + TopicNames.ShadowOutcomes].Name;
                host.shadow = await ShadowHost.StartAsync(
                    allocation, topic, engine, registry, time, loggers, cancellation).ConfigureAwait(false);
            }
            if (options.OtlpEndpoint is { } collector)
            {
                host.otlp = OtlpMetrics.Start(collector, host.InstanceId);
            }
            startup.Finish();
            return host;
        }
        catch
        {
            if (projection is not null)
            {
                await projection.DisposeAsync().ConfigureAwait(false);
            }
            await DisposeAsync(application, console).ConfigureAwait(false);
            listener?.Dispose();
            policies.Dispose();
            registry.Dispose();
            registryWait.Dispose();
            metrics.Dispose();
            peers.Dispose();
            throw;
        }
    }

    /// <summary>Waits until every task of this instance processes; tells how far restoring has come.</summary>
    /// <exception cref="AllocException">The application failed instead.</exception>
    public async Task WaitUntilRunningAsync(Action<string> progress, CancellationToken cancellation)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20), time);
        while (application.State != StreamsState.Running)
        {
            ThrowIfFailed();
            var restoring = application.RestoreProgress;
            progress(restoring.Count == 0
                ? "joining the group"
                : $"restoring {restoring.Sum(r => r.Restored):N0} of {restoring.Sum(r => r.Restored + r.Remaining):N0} "
                    + "outcomes");
            await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (shadow is not null)
        {
            await shadow.DisposeAsync().ConfigureAwait(false);
        }
        if (projection is not null)
        {
            await projection.DisposeAsync().ConfigureAwait(false);
        }
        // Sends once more, while the instruments are there.
        otlp?.Dispose();
        await DisposeAsync(application, console).ConfigureAwait(false);
        policies.Dispose();
        registry.Dispose();
        registryWait.Dispose();
        metrics.Dispose();
        peers.Dispose();
    }

    private static async ValueTask DisposeAsync(StreamsApplication? application, ConsoleServer? console)
    {
        if (console is not null)
        {
            await console.DisposeAsync().ConfigureAwait(false);
        }
        if (application is not null)
        {
            await application.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<TopicCatalogue> PrepareTopicsAsync(
        AllocationHostOptions options, KafkaClients clients, ILoggerFactory loggers)
    {
        var provisioner = new TopicProvisioner(clients, options.Client.Timeout);
        var prefix = options.Client.TopicPrefix;
        var catalogue = provisioner.Adopt(
            TopicCatalogue.Load().WithPrefix(prefix), prefix + TopicNames.Commands, options.PartitionCount);
        var logger = loggers.CreateLogger<AllocationHost>();
        foreach (var topic in await provisioner.CreateMissingAsync(catalogue, options.ReplicationFactor)
            .ConfigureAwait(false))
        {
            Log.TopicCreated(logger, topic);
        }
        var problems = await provisioner.VerifyAsync(catalogue).ConfigureAwait(false);
        foreach (var problem in problems.Where(p => !p.IsFatal))
        {
            Log.TopicDiffers(logger, problem.Topic, problem.Problem, problem.Remedy);
        }
        if (problems.FirstOrDefault(p => p.IsFatal) is { } fatal)
        {
            throw AllocException.Failed($"Topic {fatal.Topic} {fatal.Problem}.", fatal.Remedy);
        }
        return catalogue;
    }

    /// <summary>
    /// The one place where a call at the start is tried again, because Kafka starts itself or its leaders move.
    /// </summary>
    private static BrokerWait BrokerWait(Startup startup, TimeProvider time, ILogger logger) => new(
        time, StartPatience, (what, waited, reason) =>
        {
            startup.WaitFor($"Waits for Kafka to answer {what}: {reason}");
            Log.KafkaAway(logger, what, waited.TotalSeconds, reason);
        });

    private static StreamsOptions EngineOptions(AllocationHostOptions options, ConsoleOptions console) => new()
    {
        ApplicationId = options.ApplicationId,
        BootstrapServers = options.Client.Bootstrap,
        StateDirectory = options.StateDirectory,
        CheckpointDirectory = options.CheckpointDirectory,
        CheckpointInterval = options.CheckpointInterval,
        ThreadCount = options.ThreadCount,
        Endpoint = (options.Endpoint ?? Address(console)).ToString().TrimEnd('/'),
        ReplicationFactor = options.ReplicationFactor,
        Compression = options.Compression.ToString().ToLowerInvariant(),
        ClientConfiguration = options.Client.KafkaProperties,
    };

    private static Uri Address(ConsoleOptions console)
    {
        var scheme = console.CertificateFile is null ? "http" : "https";
        var host = console.Host is "*" or "0.0.0.0" ? System.Net.Dns.GetHostName() : console.Host;
        return new Uri($"{scheme}://{host}:{console.Port}");
    }

    private void OnStateChanged(StreamsState before, StreamsState after)
    {
        if (after == StreamsState.Error)
        {
            failed.TrySetException(Describe());
        }
    }

    private void ThrowIfFailed()
    {
        if (application.State == StreamsState.Error)
        {
            throw Describe();
        }
    }

    private AllocException Describe() => AllocException.Failed(
        $"The engine stopped: {application.Failure?.Message ?? "no reason was given"}",
        "Nothing that was decided is lost. docs/operations.md, \"Recover\", says what to do.",
        application.Failure);
}
