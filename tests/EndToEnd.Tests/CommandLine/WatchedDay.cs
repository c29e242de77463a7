using System.Text.Json.Nodes;
using EndToEnd.Tests.Http;

namespace EndToEnd.Tests.CommandLine;

/// <summary>A stage as somebody sees it who looks again and again: its figures, its holds at risk, its mode.</summary>
internal sealed class WatchedDay(string stageId, string mode)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Age of the oldest waiting item in seconds, at each look.</summary>
    public List<double> Ages { get; } = [];

    /// <summary>What the mode was each time that it had changed.</summary>
    public List<JsonNode> Switches { get; } = [];

    /// <summary>
    /// Holds that were listed as at risk, with the seconds that each had left when it was listed first.
    /// </summary>
    public Dictionary<string, double> AtRisk { get; } = new(StringComparer.Ordinal);

    /// <summary>The stage's series at each scrape, by metric.</summary>
    public List<Dictionary<string, double>> Scrapes { get; } = [];

    /// <summary>Whether the ledger showed that the mode is on, at each scrape.</summary>
    public List<bool> IsModeShown { get; } = [];

    /// <summary>Looks until it is enough.</summary>
    public async Task UntilAsync(
        Func<WatchedDay, bool> isEnough, Uri console, TimeSpan deadline, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = console };
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await LookAsync(client, cancellation);
            if (isEnough(this))
            {
                return;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < deadline,
                $"After {deadline.TotalSeconds:0} s the mode was {string.Join(", ", Switches.Select(s => s["on"]))}; "
                + $"ages: {string.Join(" ", Ages.Select(a => $"{a:0}"))}");
            await Task.Delay(Interval, cancellation);
        }
    }

    private async Task LookAsync(HttpClient client, CancellationToken cancellation)
    {
        if (await AskAsync(client, "v1/stages", cancellation) is { } stages)
        {
            See(stages);
        }
        if (await AskAsync(client, $"v1/holds-at-risk?stage={stageId}&limit=10000", cancellation) is { } holds)
        {
            foreach (var hold in holds["holds"]!.AsArray())
            {
                AtRisk.TryAdd((string)hold!["reservationId"]!, (double)hold["expiresInSeconds"]!);
            }
        }
        var metrics = Exposition.Parse(await client.GetStringAsync("metrics", cancellation));
        Scrapes.Add(Series(metrics, "stage", stageId));
        IsModeShown.Add(Series(metrics, "mode", mode).GetValueOrDefault("alloc_degraded_mode_active") > 0);
    }

    private void See(JsonNode stages)
    {
        if (stages["stages"]!.AsArray().FirstOrDefault(s => (string)s!["stageId"]! == stageId) is { } stage)
        {
            Ages.Add((double?)stage["oldestAgeSeconds"] ?? 0);
        }
        if (stages["modes"]!.AsArray().FirstOrDefault(m => (string)m!["mode"]! == mode) is { } state
            && (Switches.Count == 0 || (bool)Switches[^1]["on"]! != (bool)state["on"]!))
        {
            Switches.Add(state.DeepClone());
        }
    }

    // An instance that has just begun knows nothing yet.
    private static async Task<JsonNode?> AskAsync(HttpClient client, string path, CancellationToken cancellation)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation))
            : null;
    }

    private static Dictionary<string, double> Series(
        IReadOnlyList<ScrapedMetric> metrics, string label, string value) => metrics
        .Where(m => m.Type != "histogram")
        .SelectMany(m => m.Samples)
        .Where(s => s.Labels.Contains(KeyValuePair.Create(label, value)))
        .GroupBy(s => s.Name).ToDictionary(g => g.Key, g => g.Max(s => s.Value), StringComparer.Ordinal);
}
