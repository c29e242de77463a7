using System.Text.Json.Nodes;
using Alloc.Replay.Shop;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Bench.Truth;

/// <summary>What was found beside what was injected.</summary>
internal sealed class TruthVerdict
{
    private const int ShownOfEach = 50;

    /// <param name="truth">What was injected.</param>
    /// <param name="rows">Every word on a mismatch.</param>
    /// <param name="events">The audit.</param>
    public TruthVerdict(
        ShopTruth truth, IReadOnlyCollection<Mismatch> rows, IReadOnlyCollection<MismatchEvent> events)
    {
        Truth = truth;
        var named = rows.DistinctBy(r => r.MismatchId).ToDictionary(r => r.MismatchId, Name, StringComparer.Ordinal);
        Opened = events.Count(e => e.Kind == MismatchEventKind.Opened);
        var found = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var opened in events.Where(e => e.Kind == MismatchEventKind.Opened))
        {
            var name = named.GetValueOrDefault(opened.MismatchId, $"{opened.Class} {opened.MismatchId}");
            if (!found.TryGetValue(name, out var ids))
            {
                found[name] = ids = [];
            }
            ids.Add(opened.MismatchId);
        }
        Found = found.ToDictionary(f => f.Key, f => (IReadOnlyList<string>)f.Value, StringComparer.Ordinal);
        Missed = [.. truth.Mismatches.Keys.Where(t => !found.ContainsKey(t))];
        Invented = [.. found.Keys.Where(f => !truth.Mismatches.ContainsKey(f))];
        OpenAtEnd = rows.GroupBy(r => r.MismatchId).Select(g => g.Last()).Count(r => r.State is not (
            MismatchState.Repaired or MismatchState.ClosedBySelf or MismatchState.Accepted));
    }

    public ShopTruth Truth { get; }

    /// <summary>Mismatches that were ever opened.</summary>
    public int Opened { get; }

    /// <summary>Those that are open still.</summary>
    public int OpenAtEnd { get; }

    /// <summary>The ids of what was found, by class and scope.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Found { get; }

    /// <summary>Injected and not found.</summary>
    public IReadOnlyList<string> Missed { get; }

    /// <summary>Found and not injected.</summary>
    public IReadOnlyList<string> Invented { get; }

    /// <summary>How much of what was found was injected, from 0 to 1.</summary>
    public double Precision => Found.Count == 0 ? 1 : (double)(Found.Count - Invented.Count) / Found.Count;

    /// <summary>How much of what was injected was found, from 0 to 1.</summary>
    public double Recall => Truth.Mismatches.Count == 0 ? 1
        : (double)(Truth.Mismatches.Count - Missed.Count) / Truth.Mismatches.Count;

    /// <summary>Nothing was missed and nothing invented.</summary>
    public bool IsWhole => Missed.Count == 0 && Invented.Count == 0;

    /// <summary>As data.</summary>
    public JsonObject ToJson() => new()
    {
        ["precision"] = Precision,
        ["recall"] = Recall,
        ["opened"] = Opened,
        ["openAtEnd"] = OpenAtEnd,
        ["expected"] = Truth.Mismatches.Count,
        ["faults"] = new JsonArray([.. Truth.Injected.Select(i => (JsonNode)new JsonObject
        {
            ["fault"] = i.Key.ToString(),
            ["injected"] = i.Value,
            ["expected"] = Truth.Mismatches.Count(t => t.Value == i.Key),
            ["found"] = Truth.Mismatches.Count(t => t.Value == i.Key && Found.ContainsKey(t.Key)),
        })]),
        ["missed"] = Names(Missed),
        ["invented"] = Names(Invented),
    };

    private static JsonArray Names(IReadOnlyList<string> names) =>
        new([.. names.Take(ShownOfEach).Select(n => (JsonNode)JsonValue.Create(n))]);

    private static string Name(Mismatch row) => $"{row.Class} {row.Scope.Id}";
}
