using System.Text.Json.Nodes;
using Alloc.Engine.Processing;
using Alloc.Processors.Projection;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Alloc.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>Searches for reservations over all pools and instances, and the projection that answers.</summary>
internal sealed class SearchEndpoints(Func<IProjection?> projection, Peers peers, TimeProvider time)
{
    private const string Off =
        "This instance runs without the search projection (--no-projection): ask one that has it (--console).";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/reservations", SearchAsync).Takes(ReservationQueries.Parameters);
        routes.MapGet("/v1/projection", StatusAsync);
        routes.MapPost("/v1/projection/rebuild", RebuildAsync).Needs(Role.Operator).Takes(
            QueryParameter.Text("scope"), QueryParameter.Flag("check"), QueryParameter.Number("generation", 0));
    }

    /// <summary>
    /// GET /v1/reservations?order=&amp;customer=&amp;pool=&amp;status=&amp;olderThan=&amp;newerThan=&amp;limit=
    /// &amp;cursor=
    /// </summary>
    /// <remarks>
    /// A page may be short, even empty, and have a next one: each looks at a bounded number of entries.
    /// </remarks>
    private async Task SearchAsync(HttpContext context)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (request, problem) = ReservationQueries.Read(context.Request.Query, nowMs);
        if (request is null)
        {
            await Problem.WriteAsync(context, 400, "Bad request", problem!).ConfigureAwait(false);
            return;
        }
        if (projection() is not { } here)
        {
            await Problem.WriteAsync(context, 503, "No search", Off).ConfigureAwait(false);
            return;
        }
        var gathered = new GatheredPages(request.Limit);
        var owners = new Dictionary<Uri, List<int>>();
        for (var partition = 0; partition < here.PartitionCount; partition++)
        {
            if (here.Open(partition) is { } search)
            {
                Add(gathered, partition, search, request);
            }
            else if (!Peers.IsForwarded(context.Request))
            {
                await FindAsync(here, partition, owners, gathered, context.RequestAborted).ConfigureAwait(false);
            }
        }
        foreach (var lag in here.Status().Partitions)
        {
            gathered.Lag(lag.Lag.TotalSeconds);
        }
        foreach (var (owner, partitions) in owners)
        {
            gathered.Add(
                await peers.AskAsync(owner, context.Request, context.RequestAborted).ConfigureAwait(false), partitions);
        }
        var answer = gathered.Answer();
        if (here.Status().Failure is { } failure)
        {
            answer["failure"] = failure;
        }
        await JsonAnswer.WriteAsync(context, 200, answer).ConfigureAwait(false);
    }

    private static void Add(
        GatheredPages gathered, int partition, ReservationSearch search, ReservationRequest request)
    {
        try
        {
            gathered.Add(search.Run(request.Query, request.After, request.Limit));
        }
        catch (StreamsException e)
        {
            gathered.Miss(
                partition, $"Entries of partition {partition} cannot be read ({e.Message}) alloc projection rebuild "
                    + "--scope all builds them anew.");
        }
    }

    private static async Task FindAsync(
        IProjection here, int partition, Dictionary<Uri, List<int>> owners, GatheredPages gathered,
        CancellationToken cancellation)
    {
        var (owner, detail) = await PartitionOwners.FindAsync(here.Application, here.Topic, partition, cancellation)
            .ConfigureAwait(false);
        if (owner is null)
        {
            gathered.Miss(partition, detail);
        }
        else if (!owners.TryAdd(owner, [partition]))
        {
            owners[owner].Add(partition);
        }
    }

    /// <summary>GET /v1/projection: how far it is, at every instance.</summary>
    private async Task StatusAsync(HttpContext context)
    {
        var instances = new JsonArray(StatusJson(context));
        if (!Peers.IsForwarded(context.Request))
        {
            await ForOthersAsync(context, body => instances.Add(body["instances"]![0]!.DeepClone()))
                .ConfigureAwait(false);
        }
        await JsonAnswer.WriteAsync(context, 200, new JsonObject { ["instances"] = instances }).ConfigureAwait(false);
    }

    /// <summary>
    /// POST /v1/projection/rebuild?scope=&amp;check=: begins a new generation at every instance; with a scope, builds a
    /// pool or a partition anew at the instance that has it.
    /// </summary>
    private async Task RebuildAsync(HttpContext context)
    {
        if (projection() is not { } here)
        {
            await Problem.WriteAsync(context, 409, "No search", Off).ConfigureAwait(false);
            return;
        }
        if (context.Request.Query["scope"].ToString() is { Length: > 0 } scope and not "all")
        {
            await ScopeRebuilds.BeginAsync(context, here, scope, peers).ConfigureAwait(false);
            return;
        }
        var asked = int.TryParse(context.Request.Query["generation"].ToString(), out var number) ? number : (int?)null;
        var generation = await Task.Run(() => here.BeginRebuild(asked), context.RequestAborted).ConfigureAwait(false);
        if (!Peers.IsForwarded(context.Request))
        {
            await ForOthersAsync(context, _ => { }, $"/v1/projection/rebuild?generation={generation}")
                .ConfigureAwait(false);
        }
        await JsonAnswer.WriteAsync(context, 202, new JsonObject { ["generation"] = generation })
            .ConfigureAwait(false);
    }

    private async Task ForOthersAsync(HttpContext context, Action<JsonObject> take, string? target = null)
    {
        if (projection() is not { } here)
        {
            return;
        }
        IReadOnlyList<Uri> others;
        try
        {
            others = await PartitionOwners.OthersAsync(here.Application, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return;
        }
        foreach (var other in others)
        {
            if (await peers.AskAsync(other, context.Request, context.RequestAborted, target).ConfigureAwait(false)
                is { Body: JsonObject body } answer && (int)answer.Status < 400)
            {
                take(body);
            }
        }
    }

    private JsonObject StatusJson(HttpContext context)
    {
        var status = projection()?.Status();
        return new JsonObject
        {
            ["instance"] = $"{context.Request.Scheme}://{context.Request.Host}",
            ["generation"] = status?.Generation,
            ["state"] = status?.State ?? "Off",
            ["failure"] = status?.Failure,
            ["partitions"] = new JsonArray([.. (status?.Partitions ?? []).Select(p => (JsonNode)new JsonObject
            {
                ["partition"] = p.Partition,
                ["lagRecords"] = p.LagRecords,
                ["lagSeconds"] = p.Lag.TotalSeconds,
            })]),
            ["rebuild"] = status?.Rebuild is not { } rebuild ? null : new JsonObject
            {
                ["generation"] = rebuild.Generation,
                ["folded"] = rebuild.Folded,
                ["total"] = rebuild.Total,
                ["failure"] = rebuild.Failure,
            },
            ["scopeRebuild"] = status?.Scope is { } scope ? ScopeRebuilds.Json(scope) : null,
        };
    }
}
