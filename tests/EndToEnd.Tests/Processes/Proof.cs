using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Tests.Support;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// The two commands that most tests end with: a replay that runs on through everything, and the verification.
/// </summary>
internal static class Proof
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>Whether the whole real file is replayed where a test would take a short one: ALLOC_FULL=1.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("ALLOC_FULL") == "1";

    /// <summary>Commands that the replay of so many lines sends, no fewer than this.</summary>
    public static double CommandCount(int lines) => IsWhole ? 1_500_000 : lines * 2.6;

    /// <summary>
    /// What chooses the moments of a test's kills: the same in every run, unless ALLOC_CRASH_SEED names another seed.
    /// </summary>
    public static Random Moments(int seed) =>
        new(Environment.GetEnvironmentVariable("ALLOC_CRASH_SEED") is { Length: > 0 } named
            ? int.Parse(named, CultureInfo.InvariantCulture)
            : seed);

    /// <summary>
    /// The replay of a test: a generated file of so many lines, or the whole real one with ALLOC_FULL=1.
    /// </summary>
    public static string[] Replay(TemporaryDirectory directory, int lines, params string[] more)
    {
        string file;
        if (IsWhole)
        {
            file = DataSet.OnlineRetail!;
        }
        else
        {
            file = directory["retail.csv"];
            if (!File.Exists(file))
            {
                File.WriteAllText(file, RetailSample.Text(lines));
            }
        }
        return ["replay", file, "--rejects", directory["rejects.csv"], "--patience", "120s", "-o", "json", .. more];
    }

    /// <summary>
    /// Waits for a replay that ran through faults, and returns its summary: all decided, nothing oversold.
    /// </summary>
    public static async Task<JsonNode> ReplayedAsync(AllocProcess replay)
    {
        var result = await replay.WaitForExitAsync(IsFull ? TimeSpan.FromMinutes(30) : Deadline);
        Assert.True(result.ExitCode == 0, $"replay: {result}");
        var summary = JsonNode.Parse(result.Out)!;
        Assert.Equal(0, (long)summary["oversold"]!);
        Assert.Equal(0, (long)summary["overdueHolds"]!);
        return summary;
    }

    /// <summary>Verifies the whole history and expects nothing to be found.</summary>
    public static async Task<JsonNode> VerifyAsync(Deployment deployment)
    {
        var result = await deployment.AllocAsync(
            IsFull ? TimeSpan.FromMinutes(30) : Deadline, "verify", "--wait", "180s", "-o", "json");
        Assert.True(result.ExitCode == 0, $"verify: {Shorten(result)}");
        var found = JsonNode.Parse(result.Out)!;
        Assert.Equal(0, (long)found["findingCount"]!);
        Assert.Equal(0, (long)found["undecided"]!);
        Assert.Equal(0, (long)found["oversold"]!);
        return found;
    }

    private static bool IsWhole => IsFull && DataSet.OnlineRetail is not null;

    /// <summary>The same replay once more asks for nothing that was not decided before.</summary>
    public static async Task NothingIsLeftToDoAsync(Deployment deployment, string[] replay, JsonNode first)
    {
        var again = await deployment.AllocAsync(Deadline, replay);
        Assert.True(again.ExitCode == 0, $"replay again: {again}");
        var summary = JsonNode.Parse(again.Out)!;
        Assert.Equal(0, (long)summary["sent"]!);
        Assert.Equal((long)first["decided"]!, (long)summary["decided"]!);
        Assert.Equal((long)summary["decided"]!, (long)summary["alreadyDecided"]!);
    }

    private static string Shorten(ProcessResult result)
    {
        var findings = JsonNode.Parse(result.Out is "" ? "{}" : result.Out)?["findings"]?.AsArray().Take(20)
            .Select(f => f?.ToJsonString());
        return $"exit code {result.ExitCode}\n{string.Join('\n', findings ?? [])}\n{result.Error}";
    }
}
