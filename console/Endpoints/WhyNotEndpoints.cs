using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>What a hold would be answered now, with every rule that is looked at. Nothing is held.</summary>
internal sealed class WhyNotEndpoints(
    LedgerDirectory directory, Peers peers, Hypotheses hypotheses, TimeProvider time)
{
    private static readonly NumberParameter Quantity = QueryParameter.Number("quantity", 1);
    private readonly LedgerAnswers answers = new(directory, peers);

    public void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/pools/{id}/why-not", AnswerAsync).Takes(
        [
            Quantity, QueryParameter.Text("class"), QueryParameter.Text("channel"),
            QueryParameter.Text("tier"), QueryParameter.Text("customer"), QueryParameter.Text("order"),
            QueryParameter.Text("dealer"),
        ]);

    /// <summary>
    /// GET /v1/pools/{id}/why-not?quantity=&amp;class=&amp;channel=&amp;tier=&amp;customer=&amp;dealer= : slashes in
    /// the id as %2F.
    /// </summary>
    private Task AnswerAsync(HttpContext context)
    {
        var pool = RawPath.Segments(context, 2)[0];
        var query = context.Request.Query;
        if (Quantity.Of(query) is not { } quantity)
        {
            return Problem.WriteAsync(
                context, 400, "Bad request", "Say how many units: ?quantity=, a whole number from 1 on.");
        }
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var command = Hold(pool, quantity, query, nowMs);
        return answers.AnswerAsync(
            context, pool,
            reads => reads.Pool(pool) is null || hypotheses.Decide(command, nowMs) is not { } outcome
                ? null
                : new JsonObject
                {
                    ["poolId"] = pool,
                    ["quantity"] = quantity,
                    ["granted"] = outcome.Event is AllocationOutcomeEvent.Held,
                    ["outcome"] = AvroJson.Of(outcome),
                },
            $"There is no pool {pool}.");
    }

    private static AllocationCommand Hold(string pool, long quantity, IQueryCollection query, long nowMs)
    {
        var attributes = Text(query, "dealer") is { } dealer
            ? new Dictionary<string, string> { [Scopes.DealerAttribute] = dealer }
            : [];
        var id = string.Create(CultureInfo.InvariantCulture, $"why-not/{nowMs}");
        return new AllocationCommand
        {
            CommandId = id,
            PoolId = pool,
            Actor = new Actor
            {
                Type = ActorType.Operator,
                Id = "why-not",
                Channel = Text(query, "channel"),
                Tier = Text(query, "tier"),
            },
            CorrelationId = id,
            IssuedAtMs = nowMs,
            Body = new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = quantity,
                Class = Text(query, "class"),
                CustomerRef = Text(query, "customer"),
                OrderRef = Text(query, "order"),
                Attributes = attributes,
            },
        };
    }

    private static string? Text(IQueryCollection query, string name) =>
        query[name].ToString() is { Length: > 0 } text ? text : null;
}
