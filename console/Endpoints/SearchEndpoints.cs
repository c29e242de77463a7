using System.Text.Json.Nodes;
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
    private const string NotAll = "Give allowIncomplete=true to begin it at the others.";

    private const string Off =
        "This instance runs without the search projection (--roles, --no-projection): ask one that has it (--console).";

    private static readonly NumberParameter Generation = QueryParameter.Number("generation", 0, int.MaxValue);
    private static readonly FlagParameter AllowIncomplete = QueryParameter.Flag("allowIncomplete");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/reservations", SearchAsync).Takes(ReservationQueries.Parameters);
        routes.MapGet("/v1/projection", StatusAsync);
        routes.MapPost("/v1/projection/rebuild", RebuildAsync).Needs(Role.Operator).Takes(
            QueryParameter.Text("scope"), ScopeRebuilds.Check, Generation, AllowIncomplete);
        routes.MapPost("/v1/projection/scan", ScanAsync).Needs(Role.Operator).Takes(QueryParameter.Text("scope"));
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
        var gathered = new GatheredPages(here, request);
        var report = await new ScatterGather(here.PartitionCount, here.Owners, peers).GatherAsync(context, gathered)
            .ConfigureAwait(false);
        foreach (var lag in here.Status().Partitions)
        {
            gathered.Lag(lag.Lag.TotalSeconds);
        }
        gathered.Failure = here.Status().Failure ?? gathered.Failure;
        var answer = gathered.Answer(report);
        await JsonAnswer.WriteAsync(context, 200, answer).ConfigureAwait(false);
    }

    /// <summary>GET /v1/projection: how far it is, at every instance; those that do not answer are named.</summary>
    private async Task StatusAsync(HttpContext context)
    {
        var instances = new JsonArray(StatusJson(context));
        var missing = await ForOthersAsync(
            context, "/v1/projection", HttpMethods.Get, body => instances.Add(body["instances"]![0]!.DeepClone()))
            .ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["instances"] = instances,
            ["complete"] = missing.Count == 0,
            ["missing"] = missing,
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// POST /v1/projection/rebuild?scope=&amp;check=&amp;allowIncomplete=: begins a new generation at every instance,
    /// or at none where one does not answer; with a scope, builds a pool or a partition anew at the instance that has
    /// it.
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
        var silent = await ForOthersAsync(context, "/v1/projection", HttpMethods.Get, _ => { }).ConfigureAwait(false);
        if (silent.Count > 0 && !AllowIncomplete.Of(context.Request.Query))
        {
            await Problem.WriteAsync(
                context, 503, "Not all instances answer",
                $"Nothing was begun: {string.Join(' ', silent.Select(s => s!["why"]))} {NotAll}",
                new JsonObject { ["missing"] = silent }).ConfigureAwait(false);
            return;
        }
        var asked = (int?)Generation.Of(context.Request.Query);
        var generation = await Task.Run(() => here.BeginRebuild(asked), context.RequestAborted).ConfigureAwait(false);
        var missing = await ForOthersAsync(
            context, $"/v1/projection/rebuild?generation={generation}", HttpMethods.Post, _ => { })
            .ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, 202, new JsonObject
        {
            ["generation"] = generation,
            ["complete"] = missing.Count == 0,
            ["missing"] = missing,
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// POST /v1/projection/scan?scope=: has a pool or a partition compared with the ledger at the instance that has it.
    /// </summary>
    private async Task ScanAsync(HttpContext context)
    {
        if (projection() is not { } here)
        {
            await Problem.WriteAsync(context, 409, "No search", Off).ConfigureAwait(false);
            return;
        }
        await ScopeRebuilds.ScanAsync(context, here, context.Request.Query["scope"].ToString(), peers)
            .ConfigureAwait(false);
    }

    /// <summary>Asks every other instance; those that do not answer, each with the reason.</summary>
    private async Task<JsonArray> ForOthersAsync(
        HttpContext context, string target, string method, Action<JsonObject> take)
    {
        var missing = new JsonArray();
        if (projection() is not { } here || Peers.IsForwarded(context.Request))
        {
            return missing;
        }
        var (others, problem) = await here.Owners.OthersAsync(context.RequestAborted).ConfigureAwait(false);
        if (problem is not null)
        {
            missing.Add(new JsonObject { ["instance"] = null, ["why"] = problem });
        }
        foreach (var other in others)
        {
            var answer = await peers.AskAsync(other, context.Request, context.RequestAborted, target, method: method)
                .ConfigureAwait(false);
            if (answer is { Body: JsonObject body } && (int)answer.Value.Status < 400)
            {
                take(body);
                continue;
            }
            missing.Add(new JsonObject
            {
                ["instance"] = other.ToString(),
                ["why"] = answer is null ? $"{other} does not answer." : $"{other} answers {(int)answer.Value.Status}.",
            });
        }
        return missing;
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
            ["scans"] = new JsonArray([.. (status?.Scans ?? []).Select(s => (JsonNode)ScopeRebuilds.Json(s))]),
        };
    }
}
