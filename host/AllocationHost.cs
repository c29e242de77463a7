using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Alloc.Host.Lag;
using Alloc.Host.Metrics;
using Alloc.Host.Roles;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
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

/// <summary>What one instance runs with.</summary>
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

    /// <summary>What this instance does; at least one.</summary>
    public IReadOnlySet<InstanceRole> Roles { get; init; } = InstanceRoles.Usual;

    /// <summary>
    /// From comparison to comparison of a partition of the search with the ledger; zero: only when it is asked for.
    /// </summary>
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The collector that metrics are sent to; null for none.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>What every engine of this process compresses its records with.</summary>
    public required CompressionType Compression { get; init; }
}

/// <summary>
/// One instance: topics and schemas in place, its applications running, HTTP answering.
/// </summary>
internal sealed class AllocationHost : IAsyncDisposable
{
    /// <summary>How long one call at the start is tried again while Kafka asks for patience.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    private const string NoLedger =
        "This instance runs without the role allocation (--roles): ask one that has it (--console).";

    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PrometheusMetrics metrics = new();
    private readonly Peers peers = new();
    private readonly Startup startup = new();
    private readonly AllocationHostOptions options;
    private readonly GuardedRegistryClient registry;
    private readonly RegistryWait registryWait;
    private readonly PolicyWatch policies;
    private readonly TimeProvider time;
    private readonly ILoggerFactory loggers;
    private ConsoleListener? listener;
    private ConsoleServer? console;
    private InstanceApplications? applications;
    private MeterProvider? otlp;
    private LagService? lag;
    private CensusMetrics? census;

    private AllocationHost(AllocationHostOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        this.options = options;
        this.time = time;
        this.loggers = loggers;
        registry = Registries.ServerClient(options.Client, time);
        policies = new PolicyWatch(options.Client, registry);
        registryWait = new RegistryWait(startup, time, loggers.CreateLogger<RegistryWait>());
    }

    /// <summary>Finds the ledgers of pools.</summary>
    public LedgerDirectory Directory { get; private set; } = null!;

    public ISchemaRegistryClient Registry => registry;

    public int ConsolePort => console!.Port;

    /// <summary>Its name in the group of its first application.</summary>
    public string InstanceId => Primary?.InstanceId ?? "";

    /// <summary>Ends when nothing but a restart helps, with the failure.</summary>
    public Task Failed => failed.Task;

    private StreamsApplication? Primary => applications!.Hosted.Primary.Application();

    public static async Task<AllocationHost> StartAsync(
        AllocationHostOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var host = new AllocationHost(options, time, loggers);
        try
        {
            await host.StartAsync(cancellation).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until every task of the first application processes; tells how far restoring has come.</summary>
    /// <exception cref="AllocException">It failed instead.</exception>
    public async Task WaitUntilRunningAsync(Action<string> progress, CancellationToken cancellation)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20), time);
        while (Primary is not { State: StreamsState.Running })
        {
            if (applications!.Hosted.Failure is not null)
            {
                throw Describe();
            }
            var restoring = Primary?.RestoreProgress ?? [];
            progress(restoring.Count == 0
                ? "joining the group"
                : $"restoring {restoring.Sum(r => r.Restored):N0} of {restoring.Sum(r => r.Restored + r.Remaining):N0} "
                    + "outcomes");
            await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Sends once more, while the instruments are there.
        otlp?.Dispose();
        lag?.Dispose();
        census?.Dispose();
        if (console is not null)
        {
            await console.DisposeAsync().ConfigureAwait(false);
        }
        if (applications is not null)
        {
            await applications.DisposeAsync().ConfigureAwait(false);
        }
        listener?.Dispose();
        policies.Dispose();
        registry.Dispose();
        registryWait.Dispose();
        metrics.Dispose();
        peers.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        var broker = BrokerWait(startup, time, loggers.CreateLogger<AllocationHost>());
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
        applications = new InstanceApplications(options.Roles, new InstanceParts
        {
            Client = options.Client,
            Catalogue = catalogue,
            Allocation = allocation,
            Serdes = new AllocationSerdes(registry, allocation),
            Engine = EngineOptions(options, consoleOptions),
            Registry = registry,
            ScanInterval = options.ScanInterval,
            Time = time,
            Loggers = loggers,
        });
        applications.Stopped += OnStopped;
        var parts = PartsOf(applications, allocation);
        console = await ConsoleServer.StartAsync(
            consoleOptions,
            listener,
            routes =>
            {
                routes.Use(startup.GuardAsync);
                ConsoleRoutes.Map(routes, parts);
            },
            loggers,
            cancellation).ConfigureAwait(false);
        await registryWait.UntilAnsweredAsync(
            () => SchemaRegistration.RegisterAsync(catalogue, registry, cancellation), cancellation)
                .ConfigureAwait(false);
        policies.Start();
        await applications.StartAsync(broker, cancellation).ConfigureAwait(false);
        lag = new LagService(
            options.Client, catalogue,
            () => applications.Hosted.All.Select(a => a.Application()).OfType<StreamsApplication>(), time);
        lag.Start();
        if (applications.Of(InstanceRole.Allocation) is { } decides)
        {
            census = new CensusMetrics(
                p => decides.QueryStores(AllocationStores.Pools, p), allocation.PartitionCount,
                new PolicyBook(allocation.Policy));
            census.Start();
        }
        if (options.OtlpEndpoint is { } collector)
        {
            otlp = OtlpMetrics.Start(collector, InstanceId);
        }
        startup.Finish();
    }

    private ConsoleParts PartsOf(InstanceApplications running, AllocationOptions allocation)
    {
        var decides = running.Of(InstanceRole.Allocation);
        Directory = new LedgerDirectory(
            decides is null
                ? new NoOwners(NoLedger)
                : new GroupOwners(() => decides.FindOwners(allocation.CommandTopic), time),
            allocation.PartitionCount,
            p => decides?.QueryStores(AllocationStores.Pools, p) is { } stores ? new StoreLedgerReads(stores) : null,
            p => decides?.QueryLast(AllocationStores.Pools, p) is { } last
                ? new LastKnownLedger(new StoreLedgerReads(last.Stores), last.Age)
                : null);
        return new ConsoleParts
        {
            Applications = running.Hosted,
            Directory = Directory,
            Peers = peers,
            Startup = startup,
            Disks = new DiskSpace(
                [.. new[] { options.StateDirectory, options.CheckpointDirectory }.OfType<string>()]),
            Hypotheses = new Hypotheses(p => decides?.QueryStores(AllocationStores.Pools, p), allocation),
            Projection = () => running.Projection,
            Groups = () => lag?.Report(),
            Backlog = running.Backlog,
            Mismatches = running.Mismatches,
            ReadyPatience = options.NotReadyAfter,
            WriteMetrics = metrics.WriteAsync,
            Time = time,
        };
    }

    private static async Task<TopicCatalogue> PrepareTopicsAsync(
        AllocationHostOptions options, KafkaClients clients, ILoggerFactory loggers)
    {
        using var admin = clients.Admin();
        var provisioner = new TopicProvisioner(admin, options.Client.Timeout);
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

    private void OnStopped()
    {
        if (applications!.Hosted.Failure is not null)
        {
            failed.TrySetException(Describe());
        }
    }

    private AllocException Describe() => AllocException.Failed(
        $"The engine stopped: {applications!.Hosted.Failure}",
        "Nothing that was decided is lost. docs/operations.md, \"Recover\", says what to do.",
        Primary?.Failure);
}
