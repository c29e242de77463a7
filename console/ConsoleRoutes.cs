using Alloc.Engine.Runtime;
using Alloc.Web.Endpoints;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web;

/// <summary>Every route of the HTTP API.</summary>
public static class ConsoleRoutes
{
    /// <summary>Adds the routes of an instance.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="application">What runs here.</param>
    /// <param name="directory">Finds ledgers in the cluster.</param>
    /// <param name="peers">Asks other instances.</param>
    /// <param name="startup">Whether the instance works yet.</param>
    /// <param name="writeMetrics">Writes the metrics.</param>
    /// <param name="projection">The search projection, where there is one.</param>
    /// <param name="time">What tells the time.</param>
    public static void Map(
        IEndpointRouteBuilder routes, StreamsApplication application, LedgerDirectory directory,
        Peers peers, Startup startup,
        Action<TextWriter> writeMetrics, Func<IProjection?> projection, TimeProvider time)
    {
        BuildInfo.Publish();
        new InstanceEndpoints(application, startup, writeMetrics).Map(routes);
        new LedgerEndpoints(directory, peers).Map(routes);
        new SearchEndpoints(projection, peers, time).Map(routes);
    }
}
