using System.Text;
using System.Text.Json.Nodes;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>Reads of the ledger: pools, reservations, remembered commands, wherever in the cluster they are.</summary>
internal sealed class LedgerEndpoints(
    LedgerDirectory directory, Peers peers, AllocationPolicy shipped, RecentRefusals refusals, TimeProvider time)
{
    private readonly LedgerAnswers answers = new(directory, peers);
    private readonly ScatterGather gather = new(directory.PartitionCount, directory.Owners, peers);

    private const int DefaultLimit = 1_000;
    private const int MaximumLimit = 10_000;
    private static readonly NumberParameter Limit = QueryParameter.Number("limit", 1, MaximumLimit);
    private static readonly FlagParameter Deficit = QueryParameter.Flag("deficit");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/pools", ListPoolsAsync).Takes(
            QueryParameter.Text("prefix"), QueryParameter.Text("after"), QueryParameter.Text("cursor"), Limit,
            Deficit);
        routes.MapGet("/v1/pools/{**id}", GetPoolAsync);
        routes.MapGet("/v1/reservations/{pool}", ListReservationsAsync).Takes(
            QueryParameter.Text("prefix"), QueryParameter.Text("after"), Limit);
        routes.MapGet("/v1/reservations/{pool}/{id}", GetReservationAsync);
        routes.MapGet("/v1/commands/{id}", GetCommandAsync).Takes(QueryParameter.Text("pool"));
    }

    /// <summary>
    /// GET /v1/pools?prefix=&amp;after=&amp;cursor=&amp;limit=&amp;deficit=true : pools by id, of all instances, or
    /// those that promised too many; partitions nobody could answer for are named.
    /// </summary>
    private async Task ListPoolsAsync(HttpContext context)
    {
        var after = context.Request.Query["after"].ToString();
        PageCursor? cursor = null;
        if (context.Request.Query["cursor"].ToString() is { Length: > 0 } text)
        {
            if ((cursor = PageCursor.Read(text)) is null)
            {
                await Problem.WriteAsync(
                    context, 400, "Bad request", "cursor: this is not a cursor of an earlier page.")
                    .ConfigureAwait(false);
                return;
            }
            after = Encoding.UTF8.GetString(cursor.Place);
        }
        var query = new PoolPageQuery(
            context.Request.Query["prefix"].ToString(), after, LimitOf(context.Request),
            Deficit.Of(context.Request.Query) ? 1 : 0);
        var page = new PoolPage(directory, query, shipped, time.GetUtcNow().ToUnixTimeMilliseconds());
        var report = await gather.GatherAsync(context, page).ConfigureAwait(false);
        if (!report.IsForwarded)
        {
            report.CarryOver(cursor?.Missing ?? []);
        }
        var (pools, last) = page.Take(report);
        var answer = new JsonObject
        {
            ["pools"] = pools,
            ["next"] = last is null ? null : new PageCursor(Encoding.UTF8.GetBytes(last), report.Missing).ToString(),
            ["staleSeconds"] = page.Age > TimeSpan.Zero ? Math.Round(page.Age.TotalSeconds, 1) : null,
        };
        report.WriteTo(answer);
        await JsonAnswer.WriteAsync(context, 200, answer).ConfigureAwait(false);
    }

    /// <summary>GET /v1/pools/{id}</summary>
    private Task GetPoolAsync(HttpContext context)
    {
        var id = string.Join('/', RawPath.Segments(context, 2));
        return answers.AnswerAsync(context, id, reads => reads.Pool(id) is { } pool
            ? PoolJson.Of(pool, AvailabilityOf(reads), directory.PartitionOf(id), reads.Sources(id))
            : null, $"There is no pool {id}.");
    }

    /// <summary>GET /v1/reservations/{pool}?after=&amp;limit= : reservations of a pool by id.</summary>
    private Task ListReservationsAsync(HttpContext context)
    {
        var pool = RawPath.Segments(context, 2)[0];
        var after = context.Request.Query["after"].ToString();
        var prefix = context.Request.Query["prefix"].ToString();
        var limit = LimitOf(context.Request);
        return answers.AnswerAsync(context, pool, reads =>
        {
            if (reads.Pool(pool) is null)
            {
                return null;
            }
            var rows = reads.Reservations(pool).Where(r => IsListed(r.ReservationId, prefix, after))
                .Take(limit + 1).ToList();
            return new JsonObject
            {
                ["reservations"] = new JsonArray([.. rows.Take(limit).Select(r => (JsonNode)ReservationJson(pool, r))]),
                ["next"] = rows.Count > limit ? rows[limit - 1].ReservationId : null,
            };
        }, $"There is no pool {pool}.");
    }

    /// <summary>GET /v1/reservations/{pool}/{id}</summary>
    private async Task GetReservationAsync(HttpContext context)
    {
        var segments = RawPath.Segments(context, 2);
        if (segments.Length != 2)
        {
            await Problem.WriteAsync(context, 400, "Bad request",
                "Write /v1/reservations/{pool}/{id}, slashes in ids as %2F.").ConfigureAwait(false);
            return;
        }
        var (pool, id) = (segments[0], segments[1]);
        await answers.AnswerAsync(
            context, pool, reads => reads.Reservation(pool, id) is { } r ? ReservationJson(pool, r) : null,
            $"Pool {pool} has no reservation {id}.").ConfigureAwait(false);
    }

    /// <summary>
    /// GET /v1/commands/{id}?pool= : the remembered answer to a command; of one that registered nothing the last
    /// answer, as long as the instance that gave it has it.
    /// </summary>
    private async Task GetCommandAsync(HttpContext context)
    {
        var id = RawPath.Segments(context, 2)[0];
        var pool = context.Request.Query["pool"].ToString();
        if (pool.Length == 0)
        {
            await Problem.WriteAsync(context, 400, "Bad request", "Say which pool: ?pool=….").ConfigureAwait(false);
            return;
        }
        var refused = refusals.Find(pool, id);
        await answers.AnswerAsync(
            context,
            pool,
            reads => reads.Command(pool, id) is { } memory ? CommandJson(id, memory)
                : refused is not null ? RefusalJson(id, refused) : null,
            $"Pool {pool} remembers no command {id}; that does not say that it was never sent.").ConfigureAwait(false);
    }

    private static JsonObject CommandJson(string id, CommandMemory memory)
    {
        var answer = AvroJson.Of(memory);
        answer["commandId"] = id;
        answer["outcomeId"] = $"{memory.OutcomePoolId}#{memory.Sequence}";
        return answer;
    }

    // In the form of a remembered answer: nothing is remembered, and nothing will be forgotten.
    private static JsonObject RefusalJson(string id, CommandMemory refused)
    {
        var answer = CommandJson(id, refused);
        answer["forgetAt"] = null;
        return answer;
    }

    private AvailabilityReads AvailabilityOf(ILedgerReads reads) =>
        new(reads, shipped, time.GetUtcNow().ToUnixTimeMilliseconds());

    private static JsonObject ReservationJson(string pool, Reservation reservation)
    {
        var json = new JsonObject { ["poolId"] = pool, ["status"] = StatusOf(reservation) };
        foreach (var (name, value) in AvroJson.Of(reservation).ToList())
        {
            json[name] = value?.DeepClone();
        }
        return json;
    }

    private static string StatusOf(Reservation r) => r switch
    {
        { Held: > 0 } => "Held",
        { Waiting: > 0 } => "Waitlisted",
        { Confirmed: > 0 } => "Confirmed",
        { Consumed: > 0 } => "Consumed",
        _ => r.EndedBy.ToString(),
    };

    private static bool IsListed(string id, string prefix, string after) =>
        !id.StartsWith('$') && id.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(id, after) > 0;

    private static int LimitOf(HttpRequest request) => (int)(Limit.Of(request.Query) ?? DefaultLimit);
}
