using System.Globalization;
using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Http;

/// <summary>One metric of a scrape.</summary>
internal sealed record ScrapedMetric(string Name, string Type, string Help)
{
    /// <summary>Every sample: its full name, its labels in the order they came, its value.</summary>
    public List<(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value)> Samples { get; } = [];

    /// <summary>Names of the labels that tell series apart, without a histogram's own.</summary>
    public IEnumerable<string> LabelNames =>
        Samples.SelectMany(s => s.Labels).Select(l => l.Key).Where(k => k != "le").Distinct(StringComparer.Ordinal);
}

/// <summary>
/// Reads Prometheus' text format 0.0.4 strictly: a line that is not exactly as the format has it fails the test.
/// </summary>
internal static partial class Exposition
{
    private const string Name = "[a-z][a-z0-9_]*";
    private const string Pair = "[a-z_]+=\"(?:[^\"\\\\]|\\\\[\\\\\"n])*\"";

    public static IReadOnlyList<ScrapedMetric> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var metrics = new List<ScrapedMetric>();
        var series = new HashSet<string>(StringComparer.Ordinal);
        string? help = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (HelpLine().Match(line) is { Success: true })
            {
                Assert.True(help is null, $"Two HELP lines in a row: {line}");
                help = line;
            }
            else if (TypeLine().Match(line) is { Success: true } typed)
            {
                var name = typed.Groups[1].Value;
                var helpLine = HelpLine().Match(help ?? "");
                Assert.True(helpLine.Groups[1].Value == name, $"No HELP before: {line}");
                Assert.True(metrics.All(m => m.Name != name), $"The metric comes twice: {line}");
                metrics.Add(new ScrapedMetric(name, typed.Groups[2].Value, helpLine.Groups[2].Value));
                help = null;
            }
            else
            {
                var sample = SampleLine().Match(line);
                Assert.True(sample.Success, $"Not a line of the format: '{line}'");
                Assert.True(metrics.Count > 0 && help is null, $"A sample before its TYPE: {line}");
                Assert.True(series.Add(line[..line.LastIndexOf(' ')]), $"The series comes twice: {line}");
                Add(metrics[^1], sample, line);
            }
        }
        Assert.Null(help);
        foreach (var metric in metrics.Where(m => m.Type == "histogram"))
        {
            CheckHistogram(metric);
        }
        return metrics;
    }

    private static void Add(ScrapedMetric metric, Match sample, string line)
    {
        var name = sample.Groups[1].Value;
        string[] suffixes = metric.Type == "histogram" ? ["_bucket", "_sum", "_count"] : [""];
        Assert.True(suffixes.Any(s => name == metric.Name + s), $"A sample of another metric: {line}");
        Assert.Equal(metric.Type == "counter", metric.Name.EndsWith("_total", StringComparison.Ordinal));
        var labels = LabelPair().Matches(sample.Groups[2].Value)
            .Select(m => KeyValuePair.Create(m.Groups[1].Value, m.Groups[2].Value))
            .ToList();
        Assert.Equal(labels.Count, labels.DistinctBy(l => l.Key).Count());
        var value = sample.Groups[3].Value switch
        {
            // .NET's words, which prometheus-net writes; Go's ParseFloat, by which the format is defined, reads both.
            "+Inf" or "Infinity" => double.PositiveInfinity,
            "-Inf" or "-Infinity" => double.NegativeInfinity,
            var number => double.Parse(number, CultureInfo.InvariantCulture),
        };
        metric.Samples.Add((name, labels, value));
    }

    /// <summary>Buckets grow with their bounds up to +Inf, which holds as many as were counted.</summary>
    private static void CheckHistogram(ScrapedMetric metric)
    {
        var bySeries = metric.Samples.GroupBy(s => string.Join(',', s.Labels.Where(l => l.Key != "le")));
        foreach (var series in bySeries)
        {
            var buckets = series.Where(s => s.Name.EndsWith("_bucket", StringComparison.Ordinal)).ToList();
            Assert.All(buckets, b => Assert.Equal("le", b.Labels[^1].Key));
            Assert.Equal(buckets.OrderBy(b => b.Value), buckets);
            Assert.Equal("+Inf", buckets[^1].Labels[^1].Value);
            Assert.Equal(buckets[^1].Value, series.Single(s => s.Name == $"{metric.Name}_count").Value);
            Assert.Single(series, s => s.Name == $"{metric.Name}_sum");
        }
    }

    [GeneratedRegex($"^# HELP ({Name}) ([^\n]+)$")]
    private static partial Regex HelpLine();

    [GeneratedRegex($"^# TYPE ({Name}) (counter|gauge|histogram)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex($"^({Name})((?:\\{{{Pair}(?:,{Pair})*\\}})?) (NaN|[+-]Inf|-?Infinity|-?[0-9.]+(?:E[+-][0-9]+)?)$")]
    private static partial Regex SampleLine();

    [GeneratedRegex("""([a-z_]+)="((?:[^"\\]|\\[\\"n])*)"[,}]""")]
    private static partial Regex LabelPair();
}
