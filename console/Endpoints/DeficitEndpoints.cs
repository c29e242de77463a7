using System.Text.Json.Nodes;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>Who would have to give units back to a pool that promised too many.</summary>
internal sealed class DeficitEndpoints(LedgerDirectory directory, Peers peers, Hypotheses hypotheses)
{
    private const int DefaultLimit = 100;
    private static readonly NumberParameter Limit = QueryParameter.Number("limit", 1, most: 1_000);
    private readonly LedgerAnswers answers = new(directory, peers);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/pools/{id}/deficit", AnswerAsync)
        .Takes(Limit);

    /// <summary>GET /v1/pools/{id}/deficit?limit= : slashes in the id as %2F.</summary>
    private Task AnswerAsync(HttpContext context)
    {
        var pool = RawPath.Segments(context, 2)[0];
        var limit = (int)(Limit.Of(context.Request.Query) ?? DefaultLimit);
        return answers.AnswerAsync(
            context, pool, _ => hypotheses.Cover(pool, limit) is { } cover ? Json(pool, cover) : null,
            $"There is no pool {pool}.");
    }

    private static JsonObject Json(string pool, DeficitCover cover) => new()
    {
        ["poolId"] = pool,
        ["deficit"] = cover.Deficit,
        ["action"] = cover.Action.ToString(),
        ["sum"] = cover.Sum,
        ["covers"] = cover.Sum >= cover.Deficit,
        ["reservations"] = new JsonArray([.. cover.Units.Select(u => (JsonNode)Row(u))]),
    };

    private static JsonObject Row(CoveringUnits units) => new()
    {
        ["reservationId"] = units.Reservation.ReservationId,
        ["held"] = units.Held,
        ["confirmed"] = units.Confirmed,
        ["class"] = units.Reservation.Class,
        ["heldAt"] = units.Reservation.HeldAtMs is { } heldAt ? AvroJson.Time(heldAt) : null,
        ["expiresAt"] = units.Reservation.ExpiresAtMs is { } expiresAt ? AvroJson.Time(expiresAt) : null,
        ["customerRef"] = units.Reservation.CustomerRef,
        ["orderRef"] = units.Reservation.OrderRef,
    };
}
