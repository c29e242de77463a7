using System.Buffers.Text;
using System.Globalization;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Projection;
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
    public const int MaximumLimit = 1_000;

    private static readonly (string Unit, double Ms)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>The search; or what is wrong with it, in words.</summary>
    public static (ReservationRequest? Request, string? Problem) Read(IQueryCollection query, long nowMs)
    {
        ReservationStatus? status = null;
        if (Text(query, "status") is { } word)
        {
            if (!Enum.TryParse<ReservationStatus>(word, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed)
                || char.IsAsciiDigit(word[0]))
            {
                var words = string.Join(", ", Enum.GetNames<ReservationStatus>());
                return (null, $"status: '{word}' is none of {words}.");
            }
            status = parsed;
        }
        var limit = DefaultLimit;
        if (Text(query, "limit") is { } count
            && (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out limit)
                || limit is < 1 or > MaximumLimit))
        {
            return (null, $"limit: '{count}' is not a number from 1 to {MaximumLimit}.");
        }
        if (!TryDuration(query, "olderThan", out var older, out var problem)
            || !TryDuration(query, "newerThan", out var newer, out problem))
        {
            return (null, problem);
        }
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
                CreatedBeforeMs = nowMs - older,
                CreatedSinceMs = nowMs - newer,
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

    private static bool TryDuration(IQueryCollection query, string name, out long? ms, out string? problem)
    {
        ms = null;
        problem = null;
        if (Text(query, name) is not { } text)
        {
            return true;
        }
        foreach (var (unit, factor) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(
                    text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture, out var value)
                && value * factor < TimeSpan.FromDays(36_500).TotalMilliseconds)
            {
                ms = (long)(value * factor);
                return true;
            }
        }
        problem = $"{name}: '{text}' is not a duration; write for instance 30s, 15m, 12h or 2d.";
        return false;
    }

    private static string? Text(IQueryCollection query, string name) =>
        query[name].ToString() is { Length: > 0 } text ? text : null;
}
