using System.Text.Json.Nodes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Web.Reads;

namespace Alloc.Web.Endpoints;

/// <summary>Which pools a page lists.</summary>
/// <param name="Prefix">What ids begin with.</param>
/// <param name="After">The id before the first; empty for none.</param>
/// <param name="Limit">Pools at most.</param>
/// <param name="LeastDeficit">Only pools that promised at least this many units too many.</param>
internal sealed record PoolPageQuery(string Prefix, string After, int Limit, long LeastDeficit);

/// <summary>
/// A page of pools, by id in the order of UTF-8 bytes, of several partitions and instances. Of each partition no more
/// is read than the page can need, and only what is on the page is made into JSON.
/// </summary>
internal sealed class PoolPage(
    LedgerDirectory directory, PoolPageQuery query, AllocationPolicy shipped, long nowMs) : IGathered
{
    private readonly List<Row> rows = [];
    private readonly Dictionary<int, TimeSpan> ages = [];
    private bool isPeerCut;

    /// <summary>How old the oldest part is; zero where all are of now.</summary>
    public TimeSpan Age => ages.Count == 0 ? TimeSpan.Zero : ages.Values.Max();

    /// <inheritdoc/>
    public bool TryTake(int partition, out string? fault)
    {
        fault = null;
        return directory.TryRead(partition, Read, out var found) && Add(partition, found);
    }

    /// <inheritdoc/>
    public bool TryTakeLast(int partition)
    {
        if (!directory.TryReadLast(partition, Read, out var found, out var age))
        {
            return false;
        }
        ages[partition] = age;
        return Add(partition, found);
    }

    /// <inheritdoc/>
    public void Take(JsonObject answer, IReadOnlySet<int> partitions)
    {
        foreach (var pool in answer["pools"]!.AsArray().OfType<JsonObject>())
        {
            var partition = pool["partition"]!.GetValue<int>();
            if (partitions.Contains(partition))
            {
                rows.Add(new Row(pool["poolId"]!.GetValue<string>(), partition, null, pool));
            }
        }
        isPeerCut |= answer["next"] is not null;
        if (answer["staleSeconds"]?.GetValue<double>() is { } seconds)
        {
            ages[partitions.First()] = TimeSpan.FromSeconds(seconds);
        }
    }

    /// <summary>The page, and the id of its last pool where there are more after it.</summary>
    public (JsonArray Pools, string? Last) Take(GatherReport report)
    {
        rows.Sort((a, b) => Utf8Order.Instance.Compare(a.PoolId, b.PoolId));
        var page = rows.Take(query.Limit).ToList();
        var last = rows.Count > query.Limit || (isPeerCut && page.Count == query.Limit) ? page[^1].PoolId : null;
        var json = page.Where(r => r.Json is null).GroupBy(r => r.Partition)
            .SelectMany(g => Json(g.Key, [.. g.Select(r => r.Pool!)], report))
            .Concat(page.Where(r => r.Json is not null).Select(r => (JsonObject)r.Json!.DeepClone()))
            .OrderBy(p => p["poolId"]!.GetValue<string>(), Utf8Order.Instance);
        return ([.. json], last);
    }

    private List<PoolState> Read(ILedgerReads reads) =>
    [
        .. reads.Pools(query.Prefix, query.After)
            .Where(p => p.Deficit >= query.LeastDeficit && !p.PoolId.StartsWith('$')).Take(query.Limit + 1),
    ];

    private bool Add(int partition, List<PoolState> found)
    {
        rows.AddRange(found.Select(p => new Row(p.PoolId, partition, p, null)));
        return true;
    }

    /// <summary>What each class can get is looked up now, so the partition must still be there.</summary>
    private List<JsonObject> Json(int partition, IReadOnlyList<PoolState> pools, GatherReport report)
    {
        List<JsonObject> Make(ILedgerReads reads)
        {
            var availability = new AvailabilityReads(reads, shipped, nowMs);
            return [.. pools.Select(p => PoolJson.Of(p, availability, partition, null))];
        }

        List<JsonObject> made;
        if (ages.ContainsKey(partition)
            ? directory.TryReadLast(partition, Make, out made, out _)
            : directory.TryRead(partition, Make, out made))
        {
            return made;
        }
        report.Misses(partition, $"Partition {partition} moved away while it was read.");
        return [];
    }

    private sealed record Row(string PoolId, int Partition, PoolState? Pool, JsonObject? Json);
}
