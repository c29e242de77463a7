using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Alloc.Bench;

/// <summary>One measured figure.</summary>
/// <param name="Scenario">The scenario that measured it.</param>
/// <param name="What">What was measured.</param>
/// <param name="Value">The figure.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Settings">Sizes, counts and settings it holds for.</param>
internal sealed record Figure(string Scenario, string What, double Value, string Unit, string Settings)
{
    /// <summary>The value with as many digits as mean something.</summary>
    public string Shown => Math.Abs(Value) switch
    {
        >= 100 => Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => Value.ToString("N1", CultureInfo.InvariantCulture),
        _ => Value.ToString("N2", CultureInfo.InvariantCulture),
    };

    public JsonObject ToJson() => new()
    {
        ["scenario"] = Scenario,
        ["what"] = What,
        ["value"] = Math.Round(Value, 3),
        ["unit"] = Unit,
        ["settings"] = Settings,
        ["shown"] = Shown,
    };
}

/// <summary>The figures of one run, and the ratios between them.</summary>
internal sealed class BenchReport(JsonObject machine, DateTimeOffset startedAt)
{
    private static readonly JsonSerializerOptions Written = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    private readonly List<Figure> figures = [];

    public IReadOnlyList<Figure> Figures => figures;

    public void Add(Figure figure) => figures.Add(figure);

    /// <summary>
    /// Adds <paramref name="numerator"/> ÷ <paramref name="denominator"/> where both were measured in this run.
    /// </summary>
    public void AddRatio(string what, Func<Figure, bool> numerator, Func<Figure, bool> denominator)
    {
        if (figures.LastOrDefault(numerator) is { } above && figures.LastOrDefault(denominator) is { Value: > 0 } below)
        {
            figures.Add(new Figure(
                "ratio", what, above.Value / below.Value, "×", $"{above.Shown} ÷ {below.Shown} {below.Unit}"));
        }
    }

    public JsonObject ToJson() => new()
    {
        ["startedAt"] = startedAt.ToString("O", CultureInfo.InvariantCulture),
        ["machine"] = machine.DeepClone(),
        ["figures"] = new JsonArray([.. figures.Select(f => f.ToJson())]),
    };

    public string ToMarkdown(string command)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Benchmark of {startedAt:yyyy-MM-dd}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Command: `{command}`").AppendLine();
        foreach (var (key, value) in machine)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {key}: {value}");
        }
        text.AppendLine();
        text.AppendLine("| scenario | what | value | unit | sizes and settings |");
        text.AppendLine("| --- | --- | ---: | --- | --- |");
        foreach (var f in figures)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture, $"| {f.Scenario} | {f.What} | {f.Shown} | {f.Unit} | {f.Settings} |");
        }
        return text.ToString();
    }

    /// <summary>Writes the report twice: for people and for programs.</summary>
    public async Task WriteAsync(string directory, string command, CancellationToken cancellation)
    {
        Directory.CreateDirectory(directory);
        var name = Path.Combine(directory, startedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        await File.WriteAllTextAsync(name + ".md", ToMarkdown(command), cancellation).ConfigureAwait(false);
        await File.WriteAllTextAsync(name + ".json", ToJson().ToJsonString(Written) + "\n", cancellation)
            .ConfigureAwait(false);
    }
}
