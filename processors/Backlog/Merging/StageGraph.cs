using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// Where items go from one stage to the next: what they did in the last hour, and until that is known what the
/// catalogue says they do.
/// </summary>
internal sealed class StageGraph
{
    private const double HourMs = 3_600_000;

    // So many items speak as loud as the catalogue.
    private const double CatalogueWeight = 10;
    private const double NoWeight = 0.01;

    private readonly MergeStores stores;
    private readonly Dictionary<(string From, string To), EdgeWeight> edges = [];

    public StageGraph(MergeStores stores)
    {
        this.stores = stores;
        foreach (var (key, edge) in stores.Edges.All())
        {
            edges[(key.WorkId, key.StageId)] = edge;
        }
    }

    /// <summary>Items came to a stage.</summary>
    /// <param name="from">The stage that they left; empty: none.</param>
    /// <param name="to">The stage that they came to.</param>
    /// <param name="items">How many.</param>
    /// <param name="nowMs">The clock.</param>
    public void Count(string from, string to, long items, long nowMs)
    {
        if (from.Length == 0)
        {
            return;
        }
        var weight = edges.TryGetValue((from, to), out var known) ? Faded(known, nowMs) : 0;
        var edge = new EdgeWeight { Weight = weight + items, AtMs = nowMs };
        edges[(from, to)] = edge;
        stores.Edges.Put(new ItemKey(from, to), edge);
    }

    /// <summary>The share of what leaves a stage that goes to another, for each pair where it is not none.</summary>
    /// <param name="catalogue">The catalogue in force.</param>
    /// <param name="leaving">Items that left a stage within about the last hour.</param>
    /// <param name="nowMs">The clock.</param>
    public Dictionary<(string From, string To), double> Shares(
        OperationsCatalogue catalogue, Func<string, double> leaving, long nowMs)
    {
        var followers = catalogue.Stages.SelectMany(s => s.After.Select(a => (From: a, To: s.Id)))
            .GroupBy(e => e.From, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(e => e.To).ToList(), StringComparer.Ordinal);
        var shares = new Dictionary<(string From, string To), double>();
        foreach (var from in catalogue.Stages.Select(s => s.Id))
        {
            var next = followers.GetValueOrDefault(from) ?? [];
            var targets = next.Concat(edges.Keys.Where(e => e.From == from).Select(e => e.To))
                .Distinct(StringComparer.Ordinal).ToList();
            var weights = targets.ToDictionary(
                to => to,
                to => edges.TryGetValue((from, to), out var edge) ? Faded(edge, nowMs) : 0, StringComparer.Ordinal);
            // Some may leave for good: they are in no edge, but among those that left.
            var learned = Math.Max(leaving(from), weights.Values.Sum());
            foreach (var to in targets)
            {
                var assumed = next.Contains(to) ? CatalogueWeight / next.Count : 0;
                var share = (weights[to] + assumed) / (learned + (next.Count > 0 ? CatalogueWeight : 0));
                if (share > NoWeight)
                {
                    shares[(from, to)] = Math.Min(1, share);
                }
            }
        }
        return shares;
    }

    private static double Faded(EdgeWeight edge, long nowMs) =>
        edge.Weight * Math.Exp(-Math.Max(0, nowMs - edge.AtMs) / HourMs);
}
