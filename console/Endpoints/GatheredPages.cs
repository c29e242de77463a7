using System.Net;
using System.Text.Json.Nodes;
using Alloc.Processors.Projection;
using Alloc.Web.Json;

namespace Alloc.Web.Endpoints;

/// <summary>
/// Pages of one search from several partitions and instances, made one: rows in the order of the search, up to where
/// every partition was looked at.
/// </summary>
internal sealed class GatheredPages(int limit)
{
    private readonly List<(byte[] Place, JsonObject Row)> rows = [];
    private readonly SortedSet<int> absent = [];
    private string? why;
    private byte[]? lookedTo;
    private double lagSeconds;

    /// <summary>A partition of this instance.</summary>
    public void Add(SearchPage page)
    {
        foreach (var found in page.Found)
        {
            rows.Add((found.Place, AvroJson.Of(found.View)));
        }
        Bound(page.LookedTo);
    }

    /// <summary>Another instance's answer to the same search, for these partitions.</summary>
    public void Add((HttpStatusCode Status, JsonNode? Body)? answer, IReadOnlyList<int> partitions)
    {
        if (answer is not { Status: HttpStatusCode.OK, Body: JsonObject body })
        {
            absent.UnionWith(partitions);
            why = "An instance that has partitions does not answer.";
            return;
        }
        foreach (var row in body["reservations"]!.AsArray().OfType<JsonObject>())
        {
            rows.Add((ReservationQueries.Place(row["place"]!.GetValue<string>()), (JsonObject)row.DeepClone()));
        }
        Bound(body["next"]?.GetValue<string>() is { } next ? ReservationQueries.Place(next) : null);
        Lag(body["lagSeconds"]!.GetValue<double>());
    }

    /// <summary>Nobody answers for a partition.</summary>
    public void Miss(int partition, string detail)
    {
        absent.Add(partition);
        why = detail;
    }

    /// <summary>A part of the answer is as old as this.</summary>
    public void Lag(double seconds) => lagSeconds = Math.Max(lagSeconds, seconds);

    /// <summary>The page.</summary>
    public JsonObject Answer()
    {
        var within = rows.Where(r => lookedTo is null || Compare(r.Place, lookedTo) <= 0)
            .OrderBy(r => r.Place, Comparer<byte[]>.Create(Compare)).ToList();
        var page = within.Take(limit).ToList();
        var end = within.Count > limit ? page[^1].Place : lookedTo;
        return new JsonObject
        {
            ["reservations"] = new JsonArray([.. page.Select(r => (JsonNode)Placed(r.Row, r.Place))]),
            ["next"] = end is null ? null : ReservationQueries.Cursor(end),
            ["complete"] = absent.Count == 0,
            ["absentPartitions"] = new JsonArray([.. absent.Select(p => (JsonNode)p)]),
            ["why"] = why,
            ["lagSeconds"] = lagSeconds,
        };
    }

    private static JsonObject Placed(JsonObject row, byte[] place)
    {
        row["place"] = ReservationQueries.Cursor(place);
        return row;
    }

    private void Bound(byte[]? place)
    {
        if (place is not null && (lookedTo is null || Compare(place, lookedTo) < 0))
        {
            lookedTo = place;
        }
    }

    private static int Compare(byte[]? left, byte[]? right) => left.AsSpan().SequenceCompareTo(right);
}
