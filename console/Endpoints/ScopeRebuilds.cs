using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Engine.Partitioning;
using Alloc.Processors.Projection;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Endpoints;

/// <summary>
/// Begins rebuilds of a pool or a partition of the projection, and comparisons of it with the ledger, at the instance
/// that has it.
/// </summary>
internal static class ScopeRebuilds
{
    private const string Pool = "pool/";
    private const string Partition = "partition/";

    /// <summary>Only compares, and changes nothing.</summary>
    public static readonly FlagParameter Check = QueryParameter.Flag("check");

    /// <summary>POST /v1/projection/rebuild?scope=pool/ID|partition/N&amp;check=true</summary>
    public static Task BeginAsync(HttpContext context, IProjection here, string text, Peers peers)
    {
        var isCheck = Check.Of(context.Request.Query);
        return BeginAsync(context, here, text, peers, scope => here.BeginScope(scope, isCheck));
    }

    /// <summary>POST /v1/projection/scan?scope=pool/ID|partition/N</summary>
    public static Task ScanAsync(HttpContext context, IProjection here, string text, Peers peers) =>
        BeginAsync(context, here, text, peers, here.BeginScan);

    private static async Task BeginAsync(
        HttpContext context, IProjection here, string text, Peers peers,
        Func<ProjectionScope, (string? Id, string? Problem)> begin)
    {
        if (!TryRead(text, here.PartitionCount, out var scope, out var problem))
        {
            await Problem.WriteAsync(context, 400, "Bad request", problem!).ConfigureAwait(false);
            return;
        }
        if (here.Open(scope!.Partition) is null)
        {
            var (owner, detail, _) = await here.Owners.FindAsync(
                scope.Partition, isFresh: true, context.RequestAborted).ConfigureAwait(false);
            if (owner is not null && !Peers.IsForwarded(context.Request))
            {
                await PassOnAsync(context, peers, owner, detail).ConfigureAwait(false);
                return;
            }
            if (here.Status().Failure is null)
            {
                await Problem.WriteAsync(context, 503, "Not ready", detail).ConfigureAwait(false);
                return;
            }
        }
        var (id, refusal) = await Task.Run(() => begin(scope), context.RequestAborted).ConfigureAwait(false);
        if (id is null)
        {
            await Problem.WriteAsync(context, 409, "Not now", refusal!).ConfigureAwait(false);
            return;
        }
        await JsonAnswer.WriteAsync(
            context, 202, new JsonObject { ["id"] = id, ["scope"] = text, ["partition"] = scope.Partition })
            .ConfigureAwait(false);
    }

    /// <summary>How far one is.</summary>
    public static JsonObject Json(ProjectionScopeRebuild rebuild) => new()
    {
        ["id"] = rebuild.Id,
        ["scope"] = rebuild.Scope,
        ["partition"] = rebuild.Partition,
        ["check"] = rebuild.IsCheck,
        ["phase"] = rebuild.Phase.ToString(),
        ["read"] = rebuild.Read,
        ["total"] = rebuild.Total,
        ["entries"] = rebuild.Entries,
        ["equal"] = rebuild.Findings is { } f ? Math.Max(0, rebuild.Entries - f.Total) : null,
        ["different"] = rebuild.Findings?.Different,
        ["missing"] = rebuild.Findings?.Missing,
        ["superfluous"] = rebuild.Findings?.Superfluous,
        ["examples"] = new JsonArray([.. (rebuild.Findings?.Examples ?? []).Select(e => (JsonNode)e)]),
        ["failure"] = rebuild.Failure,
    };

    /// <summary>How far a comparison with the ledger is.</summary>
    public static JsonObject Json(ProjectionScan scan) => new()
    {
        ["id"] = scan.Id,
        ["scope"] = scan.Scope,
        ["partition"] = scan.Partition,
        ["phase"] = scan.Phase.ToString(),
        ["entries"] = scan.Entries,
        ["total"] = scan.Total,
        ["offset"] = scan.Report?.Offset,
        ["differing"] = scan.Report?.Differing,
        ["findings"] = new JsonArray([.. (scan.Report?.Findings ?? []).Select(f => (JsonNode)new JsonObject
        {
            ["poolId"] = f.PoolId,
            ["reservationId"] = f.ReservationId,
            ["differing"] = f.Differing,
            ["ledger"] = f.Ledger,
            ["search"] = f.Search,
        })]),
        ["failure"] = scan.Failure,
    };

    private static async Task PassOnAsync(HttpContext context, Peers peers, Uri owner, string detail)
    {
        if (await peers.AskAsync(owner, context.Request, context.RequestAborted).ConfigureAwait(false)
            is { Body: JsonObject body } answer)
        {
            await JsonAnswer.WriteAsync(
                context, (int)answer.Status, body.DeepClone(),
                (int)answer.Status < 400 ? "application/json" : Problem.MediaType).ConfigureAwait(false);
            return;
        }
        await Problem.WriteAsync(context, 503, "Not ready", detail + " It does not answer.").ConfigureAwait(false);
    }

    private static bool TryRead(string text, int partitions, out ProjectionScope? scope, out string? problem)
    {
        (scope, problem) = (null, null);
        if (text.StartsWith(Pool, StringComparison.Ordinal) && text.Length > Pool.Length)
        {
            var pool = text[Pool.Length..];
            scope = new ProjectionScope(Murmur2.Partition(Encoding.UTF8.GetBytes(pool), partitions), pool);
            return true;
        }
        if (text.StartsWith(Partition, StringComparison.Ordinal)
            && int.TryParse(
                text.AsSpan(Partition.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            scope = new ProjectionScope(number, null);
            problem = number < partitions ? null
                : $"scope: there is no partition {number}; the journal has {partitions}, from 0 to {partitions - 1}.";
            return problem is null;
        }
        problem = $"scope: '{text}' is none of all, pool/ID and partition/N.";
        return false;
    }
}
