using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Alloc.Engine.Topology;
using Alloc.Host.Projection;
using Alloc.Host.Projection.Scanning;
using Alloc.Host.Shadow;
using Alloc.Processors.Allocation;
using Alloc.Processors.Backlog;
using Alloc.Processors.ByOrder;
using Alloc.Processors.Projection.Scanning;
using Alloc.Processors.Reconciliation;
using Alloc.Processors.Shadow;
using Alloc.Processors.SupplyBridge;
using Alloc.Schemas.Catalogue;
using Alloc.Web.Reads;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Roles;

/// <summary>What the applications of an instance are made of.</summary>
internal sealed record InstanceParts
{
    public required AllocClientOptions Client { get; init; }

    /// <summary>The topics as they are here.</summary>
    public required TopicCatalogue Catalogue { get; init; }

    public required AllocationOptions Allocation { get; init; }

    public required AllocationSerdes Serdes { get; init; }

    /// <summary>What the application that decides runs with; the others differ in id and pace.</summary>
    public required StreamsOptions Engine { get; init; }

    public required ISchemaRegistryClient Registry { get; init; }

    /// <summary>From comparison to comparison of a partition of the search with the ledger; zero: never.</summary>
    public required TimeSpan ScanInterval { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    /// <summary>The name of a topic here.</summary>
    public string Topic(string name) => Catalogue[Client.TopicPrefix + name].Name;
}

/// <summary>
/// The applications that an instance runs. The most important starts first and must, or the instance does not; the
/// others start beside each other, and what becomes of them is said and hinders nobody.
/// </summary>
internal sealed class InstanceApplications : IAsyncDisposable
{
    private readonly InstanceParts parts;
    private readonly StreamsOptions besideEngine;
    private readonly List<RoleHost> hosts = [];
    private readonly RoleMetrics metrics;
    private readonly bool withProjection;
    private readonly PredictionWatch? predictions;
    private readonly ShadowWatch? shadow;
    private readonly ShadowMetrics shadowMetrics;
    private readonly StandingBack? scansStandBack;
    private readonly ScanTraffic? scanTraffic;
    private readonly LedgerResponder? ledgerScans;
    private ProjectionHost? projection;
    private string? projectionFailure;

    public InstanceApplications(IReadOnlySet<InstanceRole> roles, InstanceParts parts)
    {
        this.parts = parts;
        withProjection = roles.Contains(InstanceRole.Projection);
        var followersCount = roles.Count(r => !DecidesOrFeeds(r));
        besideEngine = roles.Contains(InstanceRole.Allocation) && followersCount > 0
            ? parts.Engine with
            {
                StandsBack = new DecisionsFirst(() => Of(InstanceRole.Allocation)?.Work, parts.Time)
                    .Others(followersCount),
            }
            : parts.Engine;
        foreach (var role in roles.Order().Where(r => r != InstanceRole.Projection))
        {
            var engine = DecidesOrFeeds(role) ? parts.Engine : besideEngine;
            hosts.Add(new RoleHost(role, TopologyOf(role), engine, parts.Time, parts.Loggers));
        }
        var all = hosts.Select(h => (h.Role, h.Hosted)).ToList();
        if (withProjection)
        {
            all.Add((InstanceRole.Projection, new HostedApplication(
                InstanceRoles.Word(InstanceRole.Projection), () => projection?.Application,
                () => projectionFailure ?? projection?.Status().Failure)));
        }
        Hosted = new HostedApplications([.. all.OrderBy(a => a.Role).Select(a => a.Hosted)]);
        metrics = new RoleMetrics(Hosted);
        if (Of(InstanceRole.Backlog) is { } backlog)
        {
            var options = BacklogOptions.For(parts.Catalogue, parts.Client.TopicPrefix);
            predictions = new PredictionWatch(parts.Client, parts.Registry, options.PredictionTopic);
            Backlog = new BacklogDirectory(backlog, options, () => predictions.Newest, parts.Time);
        }
        if (Of(InstanceRole.Reconciliation) is { } reconciles)
        {
            Mismatches = new MismatchDirectory(reconciles, ReconciliationOf(parts), parts.Time);
        }
        if (Of(InstanceRole.Shadow) is { } shadowed)
        {
            shadow = new ShadowWatch(
                parts.Client, parts.Registry, parts.Allocation.PartitionCount, () => shadowed.Inputs, parts.Time,
                parts.Loggers.CreateLogger<ShadowWatch>());
        }
        shadowMetrics = new ShadowMetrics(() => shadow?.Counts ?? ShadowMetrics.None);
        if (withProjection || Of(InstanceRole.Allocation) is not null)
        {
            scanTraffic = new ScanTraffic(parts.Client, parts.Registry, new ScanTopics(
                parts.Topic(TopicNames.Scans), parts.Topic(TopicNames.ScanReports),
                parts.Topic(TopicNames.RebuildRequests)));
        }
        if (Of(InstanceRole.Allocation) is { } decides)
        {
            scansStandBack = new DecisionsFirst(() => decides.Work, parts.Time).Scans;
            ledgerScans = new LedgerResponder(
                scanTraffic!, p => decides.Snapshot(LedgerSide.Stores, p), parts.Allocation.OutcomeTopic,
                scansStandBack, parts.Time, parts.Loggers.CreateLogger<LedgerResponder>());
        }
        foreach (var host in hosts)
        {
            host.Stopped += () => Stopped?.Invoke();
        }
    }

    /// <summary>Raised when one of them stopped by a fault.</summary>
    public event Action? Stopped;

    /// <summary>How the HTTP API sees them.</summary>
    public HostedApplications Hosted { get; }

    /// <summary>The search projection, once it has started.</summary>
    public ProjectionHost? Projection => projection;

    /// <summary>What waits; null where the backlog is not here.</summary>
    public BacklogDirectory? Backlog { get; }

    /// <summary>What disagrees; null where reconciliation is not here.</summary>
    public MismatchDirectory? Mismatches { get; }

    /// <summary>The application of a role; null where it is not here.</summary>
    public StreamsApplication? Of(InstanceRole role) => hosts.Find(h => h.Role == role)?.Application;

    public async Task StartAsync(BrokerWait broker, CancellationToken cancellation)
    {
        if (shadow is not null)
        {
            await shadow.StartAsync().ConfigureAwait(false);
        }
        if (hosts.Count > 0)
        {
            await hosts[0].StartAsync(isPrimary: true, cancellation).ConfigureAwait(false);
        }
        predictions?.Start();
        ledgerScans?.Start();
        scanTraffic?.Start();
        // Each waits for answers of the broker most of its time; none needs another.
        var others = hosts.Skip(1).Select(h => h.StartAsync(isPrimary: false, cancellation));
        await Task.WhenAll(withProjection ? others.Append(StartProjectionAsync(broker, cancellation)) : others)
            .ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        predictions?.Dispose();
        shadow?.Dispose();
        shadowMetrics.Dispose();
        if (projection is not null)
        {
            await projection.DisposeAsync().ConfigureAwait(false);
        }
        if (scanTraffic is not null)
        {
            await BlockingWork.Run(() =>
            {
                ledgerScans?.Dispose();
                scanTraffic.Dispose();
            }).ConfigureAwait(false);
        }
        foreach (var host in Enumerable.Reverse(hosts))
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }
        metrics.Dispose();
    }

    private static ReconciliationOptions ReconciliationOf(InstanceParts parts)
    {
        var id = parts.Engine.ApplicationId;
        return ReconciliationOptions.For(parts.Catalogue, parts.Client.TopicPrefix) with
        {
            AllocationGroup = id,
            ByOrderGroup = InstanceRoles.IdOf(id, InstanceRole.ByOrder),
            SupplyBridgeGroup = InstanceRoles.IdOf(id, InstanceRole.SupplyBridge),
        };
    }

    // What a warehouse says is due to be decided as well: the more there is to decide, the less may it be late.
    private static bool DecidesOrFeeds(InstanceRole role) =>
        role is InstanceRole.Allocation or InstanceRole.SupplyBridge;

    private async Task StartProjectionAsync(BrokerWait broker, CancellationToken cancellation)
    {
        try
        {
            projection = await ProjectionHost.StartAsync(
                new ProjectionHostOptions
                {
                    Client = parts.Client,
                    Allocation = parts.Allocation,
                    Engine = besideEngine,
                    Scanning = new ScanningOptions
                    {
                        Interval = parts.ScanInterval,
                        Jitter = Random.Shared.NextDouble,
                        Traffic = scanTraffic!,
                        StandsBack = scansStandBack,
                    },
                    RequestTopic = parts.Topic(TopicNames.RebuildRequests),
                    Registry = parts.Registry,
                },
                parts.Serdes.Outcomes, parts.Time, parts.Loggers, broker, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException && hosts.Count > 0)
        {
            projectionFailure = e.Message;
            Log.RoleStopped(
                parts.Loggers.CreateLogger<InstanceApplications>(), InstanceRoles.Word(InstanceRole.Projection),
                e.Message);
        }
    }

    private Topology TopologyOf(InstanceRole role)
    {
        switch (role)
        {
            case InstanceRole.Allocation:
                return AllocationTopology.Build(parts.Allocation, parts.Serdes);
            case InstanceRole.SupplyBridge:
                var supply = SupplyBridgeOptions.For(parts.Catalogue, parts.Client.TopicPrefix);
                return SupplyBridgeTopology.Build(supply, new SupplyBridgeSerdes(parts.Registry, supply));
            case InstanceRole.ByOrder:
                var byOrder = ByOrderOptions.For(parts.Catalogue, parts.Client.TopicPrefix);
                return ByOrderTopology.Build(byOrder, new ByOrderSerdes(parts.Registry, byOrder));
            case InstanceRole.Backlog:
                var backlog = BacklogOptions.For(parts.Catalogue, parts.Client.TopicPrefix);
                return BacklogTopology.Build(backlog, new BacklogSerdes(parts.Registry, backlog));
            case InstanceRole.Reconciliation:
                var reconciliation = ReconciliationOf(parts);
                return ReconciliationTopology.Build(
                    reconciliation, new ReconciliationSerdes(parts.Registry, reconciliation));
            case InstanceRole.Shadow:
                var shadow = parts.Allocation.ForShadow(parts.Topic(TopicNames.ShadowOutcomes));
                return ShadowTopology.Build(shadow, new AllocationSerdes(parts.Registry, shadow));
            default:
                throw new ArgumentOutOfRangeException(nameof(role), role, "It has no topology of one application.");
        }
    }
}
