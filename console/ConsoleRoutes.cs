using Alloc.Web.Endpoints;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web;

/// <summary>What the routes of an instance stand on.</summary>
public sealed record ConsoleParts
{
    /// <summary>What runs here.</summary>
    public required HostedApplications Applications { get; init; }

    /// <summary>Finds ledgers in the cluster.</summary>
    public required LedgerDirectory Directory { get; init; }

    /// <summary>Asks other instances.</summary>
    public required Peers Peers { get; init; }

    /// <summary>Whether the instance works yet.</summary>
    public required Startup Startup { get; init; }

    /// <summary>The disks that it writes to.</summary>
    public required DiskSpace Disks { get; init; }

    /// <summary>
    /// How long a partition may stand still while records wait in it, or Kafka be silent, before the instance is not
    /// ready. Default 5 s.
    /// </summary>
    public TimeSpan ReadyPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Decides what nobody asked for, to explain it.</summary>
    public required Hypotheses Hypotheses { get; init; }

    /// <summary>The search projection, where there is one.</summary>
    public Func<IProjection?> Projection { get; init; } = () => null;

    /// <summary>What is known of the consumer groups on the topics, as JSON; null before they are watched.</summary>
    public Func<System.Text.Json.Nodes.JsonObject?> Groups { get; init; } = () => null;

    /// <summary>What waits, where the backlog runs here.</summary>
    public BacklogDirectory? Backlog { get; init; }

    /// <summary>What disagrees, where reconciliation is here.</summary>
    public MismatchDirectory? Mismatches { get; init; }

    /// <summary>Writes the metrics in Prometheus' text format.</summary>
    public required Func<Stream, CancellationToken, Task> WriteMetrics { get; init; }

    /// <summary>What tells the time.</summary>
    public required TimeProvider Time { get; init; }
}

/// <summary>Every route of the HTTP API.</summary>
public static class ConsoleRoutes
{
    /// <summary>Adds the routes of an instance.</summary>
    public static void Map(IEndpointRouteBuilder routes, ConsoleParts parts)
    {
        BuildInfo.Publish();
        new InstanceEndpoints(
            parts.Applications, parts.Startup, parts.Disks, parts.ReadyPatience, parts.WriteMetrics).Map(routes);
        RunbookEndpoints.Map(routes);
        new LedgerEndpoints(
            parts.Directory, parts.Peers, parts.Hypotheses.Shipped, parts.Hypotheses.Refusals, parts.Time).Map(routes);
        new SettingsEndpoints(parts.Directory, parts.Peers).Map(routes);
        new WhyNotEndpoints(parts.Directory, parts.Peers, parts.Hypotheses, parts.Time).Map(routes);
        new DeficitEndpoints(parts.Directory, parts.Peers, parts.Hypotheses).Map(routes);
        new GroupEndpoints(parts.Groups).Map(routes);
        new BacklogEndpoints(parts.Backlog, parts.Peers, parts.Time).Map(routes);
        new MismatchEndpoints(parts.Mismatches, parts.Peers, parts.Time).Map(routes);
        new SearchEndpoints(parts.Projection, parts.Peers, parts.Time).Map(routes);
    }
}
