using System.Text;
using System.Text.Json.Nodes;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Processors.Projection;
using Alloc.Web.Json;
using Alloc.Web.Reads;

namespace Alloc.Web.Endpoints;

/// <summary>
/// Pages of one search from several partitions and instances, made one: rows in the order of the search, up to where
/// every partition was looked at.
/// </summary>
internal sealed class GatheredPages(IProjection projection, ReservationRequest request) : IGathered
{
    private readonly List<(byte[] Place, JsonObject Row)> rows = [];
    private byte[]? lookedTo;
    private double lagSeconds;

    /// <inheritdoc/>
    public bool TryTake(int partition, out string? fault)
    {
        fault = null;
        try
        {
            if (projection.Open(partition) is not { } search)
            {
                return false;
            }
            var page = search.Run(request.Query, request.After, request.Limit);
            if (projection.Open(partition) is null)
            {
                return false;
            }
            Add(page);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        catch (StreamsException e)
        {
            fault = $"Entries of partition {partition} cannot be read ({e.Message}) alloc projection rebuild "
                + "--scope all builds them anew.";
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryTakeLast(int partition)
    {
        try
        {
            if (projection.OpenLast(partition) is not { } last)
            {
                return false;
            }
            Add(last.Search.Run(request.Query, request.After, request.Limit));
            Lag(last.Age.TotalSeconds);
            return true;
        }
        catch (Exception e) when (e is ObjectDisposedException or StreamsException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Take(JsonObject answer, IReadOnlySet<int> partitions)
    {
        foreach (var row in answer["reservations"]!.AsArray().OfType<JsonObject>())
        {
            var pool = Encoding.UTF8.GetBytes(row["poolId"]!.GetValue<string>());
            if (partitions.Contains(Murmur2.Partition(pool, projection.PartitionCount)))
            {
                rows.Add((ReservationQueries.Place(row["place"]!.GetValue<string>()), (JsonObject)row.DeepClone()));
            }
        }
        Bound(answer["next"]?.GetValue<string>() is { } next ? PageCursor.Read(next)!.Place : null);
        Lag(answer["lagSeconds"]!.GetValue<double>());
        Failure ??= answer["failure"]?.GetValue<string>();
    }

    /// <summary>Why the projection of an instance that answered stopped; null: none has.</summary>
    public string? Failure { get; set; }

    /// <summary>A part of the answer is as old as this.</summary>
    public void Lag(double seconds) => lagSeconds = Math.Max(lagSeconds, seconds);

    /// <summary>The page.</summary>
    public JsonObject Answer(GatherReport report)
    {
        var within = rows.Where(r => lookedTo is null || Compare(r.Place, lookedTo) <= 0)
            .OrderBy(r => r.Place, Comparer<byte[]>.Create(Compare)).ToList();
        var page = within.Take(request.Limit).ToList();
        var end = within.Count > request.Limit ? page[^1].Place : lookedTo;
        if (!report.IsForwarded)
        {
            report.CarryOver(request.Missing);
        }
        var answer = new JsonObject
        {
            ["reservations"] = new JsonArray([.. page.Select(r => (JsonNode)Placed(r.Row, r.Place))]),
            ["next"] = end is null ? null : new PageCursor(end, report.Missing).ToString(),
            ["lagSeconds"] = lagSeconds,
        };
        if (Failure is not null)
        {
            answer["failure"] = Failure;
        }
        report.WriteTo(answer);
        return answer;
    }

    private void Add(SearchPage page)
    {
        foreach (var found in page.Found)
        {
            rows.Add((found.Place, AvroJson.Of(found.View)));
        }
        Bound(page.LookedTo);
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
