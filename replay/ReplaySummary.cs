using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using HdrHistogram;

namespace Alloc.Replay;

/// <summary>What a replay saw: counted from the journal, also what earlier runs of the same replay did.</summary>
internal sealed class ReplaySummary
{
    private readonly SortedDictionary<string, long> outcomes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> reasons = new(StringComparer.Ordinal);
    private readonly HashSet<string> pools = new(StringComparer.Ordinal);

    public LongHistogram Latency { get; } = Latencies.Create();

    /// <summary>Commands sent by this run, repeats included.</summary>
    public long Sent { get; set; }

    /// <summary>Of those, commands sent a second time on purpose.</summary>
    public long Repeated { get; set; }

    /// <summary>Commands that were decided before this run began, and so were not sent.</summary>
    public long AlreadyDecided { get; set; }

    /// <summary>Commands of the replay with an original outcome, over all runs.</summary>
    public long Decided { get; private set; }

    /// <summary>Outcomes that answered a repeat.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Units granted beyond what was free.</summary>
    public long OversoldUnits { get; private set; }

    public TimeSpan Elapsed { get; set; }

    public IReadOnlyDictionary<string, long> Outcomes => outcomes;

    public IReadOnlyDictionary<string, long> Reasons => reasons;

    public int PoolCount => pools.Count;

    /// <summary>Commands of this run decided a second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Latency.TotalCount / Elapsed.TotalSeconds : 0;

    /// <summary>Counts an outcome of the replay.</summary>
    public void Count(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null)
        {
            Duplicates++;
            return;
        }
        pools.Add(outcome.PoolId);
        if (outcome.Original)
        {
            Decided++;
        }
        Increment(outcomes, outcome.Event.GetType().Name);
        if (outcome.Event is AllocationOutcomeEvent.Rejected rejected)
        {
            foreach (var reason in rejected.Reasons)
            {
                Increment(reasons, reason.Code.ToString());
            }
        }
        long granted = 0;
        foreach (var entry in outcome.Entries)
        {
            granted += entry.Kind == EntryKind.Held ? entry.Quantity : 0;
        }
        OversoldUnits += granted == 0 ? 0 : Math.Max(0, granted - Math.Max(0, outcome.BalancesBefore.Free));
    }

    public JsonObject ToJson() => new()
    {
        ["decided"] = Decided,
        ["sent"] = Sent,
        ["repeated"] = Repeated,
        ["alreadyDecided"] = AlreadyDecided,
        ["duplicates"] = Duplicates,
        ["pools"] = PoolCount,
        ["outcomes"] = Counts(outcomes),
        ["reasons"] = Counts(reasons),
        ["oversold"] = OversoldUnits,
        ["elapsedSeconds"] = Math.Round(Elapsed.TotalSeconds, 3),
        ["ratePerSecond"] = Math.Round(Rate, 1),
        ["latencyMs"] = new JsonObject
        {
            ["p50"] = Latency.PercentileMs(0.5),
            ["p99"] = Latency.PercentileMs(0.99),
            ["p99.9"] = Latency.PercentileMs(0.999),
            ["max"] = Latency.PercentileMs(1),
        },
    };

    private static JsonObject Counts(SortedDictionary<string, long> counts) =>
        new(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)JsonValue.Create(c.Value))));

    private static void Increment(SortedDictionary<string, long> counts,
        string key) => counts[key] = counts.GetValueOrDefault(key) + 1;
}
