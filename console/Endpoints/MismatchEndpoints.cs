using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Engine.Processing;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Processors.Records;
using Alloc.Schemas.Reconciliation;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>
/// Mismatches: those that are not closed, page before ticket and the oldest first, what is settled of an order or a
/// scope, and each one with its repair. Any instance with reconciliation answers.
/// </summary>
internal sealed class MismatchEndpoints(MismatchDirectory? mismatches, Peers peers, TimeProvider time)
{
    private const string Off =
        "This instance runs without reconciliation (--roles): ask one that has it (--console).";

    private const int DefaultLimit = 100;
    private const char Separator = '\n';
    private static readonly NumberParameter Limit = QueryParameter.Number("limit", 1, most: 10_000);
    private static readonly QueryParameter State = QueryParameter.Word<MismatchState>("state");
    private static readonly QueryParameter Severity = new(
        "severity", value => value is "page" or "ticket" ? null : "is neither page nor ticket");

    private static readonly QueryParameter Class = QueryParameter.Text("class", TextBounds.ShortId);
    private static readonly QueryParameter Owner = QueryParameter.Text("owner", TextBounds.ShortId);
    private static readonly QueryParameter Assignee = QueryParameter.Text("assignee", TextBounds.ShortId);
    private static readonly QueryParameter Scope = QueryParameter.Text("scope", TextBounds.CompoundId);
    private static readonly QueryParameter Pool = QueryParameter.Text("pool", TextBounds.Id);
    private static readonly QueryParameter Order = QueryParameter.Text("order", TextBounds.Id);
    private static readonly FlagParameter Queued = QueryParameter.Flag("queued");
    private static readonly FlagParameter Settled = QueryParameter.Flag("settled");
    private static readonly FlagParameter Whole = QueryParameter.Flag("whole");
    private static readonly QueryParameter After = new(
        "after", value => Place(value) is null ? "is no place that a list ended at" : null);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/mismatches", ListAsync).Takes(
            State, Severity, Class, Owner, Assignee, Scope, Pool, Order, Queued, Settled, Whole, Limit, After);
        routes.MapGet("/v1/mismatches/{id}", OneAsync);
        routes.MapGet("/v1/mismatch-counts", CountsAsync);
    }

    /// <summary>
    /// GET /v1/mismatches: a piece of the list; <c>next</c> is where it goes on, null at its end. With <c>whole</c>
    /// each is shown as it is by itself.
    /// </summary>
    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var filter = new MismatchFilter
        {
            State = Enum.TryParse<MismatchState>(query[State.Name], ignoreCase: true, out var state) ? state : null,
            Severity = Text(query, Severity),
            Class = Text(query, Class),
            Owner = Text(query, Owner),
            Assignee = Text(query, Assignee),
            ScopeId = Text(query, Scope),
            PoolId = Text(query, Pool),
            OrderRef = Text(query, Order),
            IsQueued = Queued.Of(query),
            IsSettled = Settled.Of(query),
        };
        if (filter is { IsSettled: true, ScopeId: null, OrderRef: null })
        {
            return Problem.WriteAsync(
                context, 400, "Bad request", "settled: say of which order (?order=) or of what (?scope=).");
        }
        var isWhole = Whole.Of(query);
        var limit = (int)(Limit.Of(query) ?? DefaultLimit);
        var after = Text(query, After) is { } text ? Place(text) : null;
        return AnswerAsync(context, "", stores =>
        {
            var reads = MismatchDirectory.ReadsOf(stores);
            var page = reads.Open(filter, limit, after);
            // One that was forgotten since the list was read is left out.
            var shown = isWhole
                ? page.Mismatches.Select(m => reads.Find(m.Place.MismatchId)).OfType<KeptMismatch>().Select(One)
                : page.Mismatches.Select(Line);
            return new JsonObject
            {
                ["mismatches"] = new JsonArray([.. shown.Select(m => (JsonNode)m)]),
                ["next"] = page.Next is { } next ? Text(next) : null,
            };
        });
    }

    /// <summary>GET /v1/mismatches/{id}: one mismatch, closed ones for seven days more.</summary>
    private Task OneAsync(HttpContext context)
    {
        var id = RawPath.Segments(context, 2)[0];
        return AnswerAsync(
            context, $"There is no mismatch {id}: it never was, or was closed more than seven days ago. "
            + "reconciliation.events keeps what happened to it.",
            stores => MismatchDirectory.ReadsOf(stores).Find(id) is { } kept ? One(kept) : null);
    }

    /// <summary>GET /v1/mismatch-counts: how many are not closed, and the exception queues.</summary>
    private Task CountsAsync(HttpContext context) => AnswerAsync(context, "", stores =>
    {
        var counts = MismatchDirectory.ReadsOf(stores).Counts();
        return new JsonObject
        {
            ["open"] = new JsonArray([.. counts.Open.Select(c => (JsonNode)new JsonObject
            {
                ["class"] = c.Class,
                ["severity"] = c.Severity,
                ["state"] = c.State.ToString(),
                ["count"] = c.Count,
            })]),
            ["queues"] = new JsonArray([.. counts.Queues.Select(q => (JsonNode)new JsonObject
            {
                ["owner"] = q.Owner,
                ["count"] = q.Count,
                ["overdue"] = q.Overdue,
            })]),
        };
    });

    private JsonObject One(KeptMismatch kept)
    {
        var json = AvroJson.Of(kept.Mismatch);
        json["ageSeconds"] = Age(kept.Mismatch.OpenedAtMs);
        json["tried"] = new JsonArray([.. kept.Tried.Select(t => (JsonNode)t)]);
        json["facts"] = kept.Facts is { } facts ? AvroJson.Of(facts with { Payload = null }) : null;
        return json;
    }

    private JsonObject Line(ListedMismatch listed)
    {
        var json = AvroJson.Of(listed.Line);
        json["mismatchId"] = listed.Place.MismatchId;
        json["severity"] = listed.Place.Severity;
        json["openedAtMs"] = listed.Place.OpenedAtMs;
        json["ageSeconds"] = Age(listed.Place.OpenedAtMs);
        return json;
    }

    private double Age(long atMs) => Math.Round(Math.Max(0, NowMs - atMs) / 1000.0, 1);

    private Task AnswerAsync(HttpContext context, string nothing, Func<IStores, JsonObject?> read) =>
        mismatches is null
            ? Problem.WriteAsync(context, 503, "No reconciliation", Off)
            : OwnerAnswers.AnswerAsync(
                context, peers, MismatchDirectory.Keeper,
                new StoreReads(mismatches.Owners, mismatches.Stores, mismatches.StoresLast, read), nothing);

    private static string? Text(IQueryCollection query, QueryParameter parameter) =>
        query[parameter.Name].ToString() is { Length: > 0 } text ? text : null;

    private static string Text(MismatchPlace place) => new PageCursor(
        Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{place.Severity}{Separator}{place.OpenedAtMs}{Separator}{place.MismatchId}")), []).ToString();

    private static MismatchPlace? Place(string text) => PageCursor.Read(text) is { } cursor
        && Encoding.UTF8.GetString(cursor.Place).Split(Separator) is
            [("page" or "ticket") and var severity, var at, var id]
        && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var atMs)
            ? new MismatchPlace(severity, atMs, id) : null;
}
