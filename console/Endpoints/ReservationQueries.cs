using System.Buffers.Text;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Notation;
using Alloc.Processors.Projection;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Endpoints;

/// <summary>A search as its URL says it.</summary>
/// <param name="Query">What is asked for.</param>
/// <param name="After">The place that the page before ended at; empty for the first page.</param>
/// <param name="Limit">Reservations at most.</param>
/// <param name="Missing">Partitions that an earlier page did not have.</param>
internal sealed record ReservationRequest(
    ReservationQuery Query, byte[] After, int Limit, IReadOnlyCollection<int> Missing);

/// <summary>Reads searches from URLs.</summary>
internal static class ReservationQueries
{
    public const int DefaultLimit = 100;
    private static readonly NumberParameter Limit = QueryParameter.Number("limit", 1, most: 1_000);

    /// <summary>What the route takes.</summary>
    public static QueryParameter[] Parameters { get; } =
    [
        QueryParameter.Text("order"), QueryParameter.Text("customer"), QueryParameter.Text("pool"),
        QueryParameter.Word<ReservationStatus>("status"), QueryParameter.Duration("olderThan"),
        QueryParameter.Duration("newerThan"), Limit,
        QueryParameter.Text("cursor"),
    ];

    /// <summary>The search of a query whose parameters were checked; or what is wrong with its cursor.</summary>
    public static (ReservationRequest? Request, string? Problem) Read(IQueryCollection query, long nowMs)
    {
        ReservationStatus? status = Text(query, "status") is { } word
            ? Enum.Parse<ReservationStatus>(word, ignoreCase: true) : null;
        var limit = (int)(Limit.Of(query) ?? DefaultLimit);
        if (!TryCursor(Text(query, "cursor"), out var cursor))
        {
            return (null, "cursor: this is not a cursor of an earlier page.");
        }
        return (new ReservationRequest(
            new ReservationQuery
            {
                Order = Text(query, "order"),
                Customer = Text(query, "customer"),
                Pool = Text(query, "pool"),
                Status = status,
                CreatedBeforeMs = nowMs - Duration(query, "olderThan"),
                CreatedSinceMs = nowMs - Duration(query, "newerThan"),
                NowMs = nowMs,
            },
            cursor?.Place ?? [], limit, cursor?.Missing ?? []), null);
    }

    /// <summary>A place as text.</summary>
    public static string Cursor(byte[] place) => Base64Url.EncodeToString(place);

    /// <summary>The place of such a text.</summary>
    public static byte[] Place(string cursor) => Base64Url.DecodeFromChars(cursor);

    private static bool TryCursor(string? text, out PageCursor? cursor)
    {
        cursor = text is null ? null : PageCursor.Read(text);
        if (cursor is null)
        {
            return text is null;
        }
        try
        {
            if (cursor.Place[0] != 0)
            {
                IndexKeys.Serde.Deserialize(cursor.Place);
            }
            return true;
        }
        catch (Exception e) when (e is FormatException or Engine.Processing.TaskCorruptedException)
        {
            return false;
        }
    }

    private static long? Duration(IQueryCollection query, string name) =>
        Text(query, name) is { } text ? DurationText.Parse(text) : null;

    private static string? Text(IQueryCollection query, string name) =>
        query[name].ToString() is { Length: > 0 } text ? text : null;
}
