using System.Text;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests;

/// <summary>
/// Replays the transcripts of README.md and of pages that have one: every <c>$ command</c> of their console blocks, in
/// order, against one <c>alloc dev</c>, with the output compared line by line. Times, durations, generated ids and the
/// width of columns may differ.
/// </summary>
public sealed partial class ReadmeTourTests
{
    private const string KillMark = "<!-- tour: kill -9 alloc dev, start it again -->";
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_tour_in_the_readme_happens_as_it_is_written()
    {
        var readme = await HappensAsWrittenAsync("README.md", leastCommandCount: 10);

        Assert.Contains(KillMark, readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_facts_of_the_page_about_supply_end_as_it_is_written() =>
        await HappensAsWrittenAsync("docs/supply.md", leastCommandCount: 8);

    [Fact]
    public async Task The_mismatches_of_the_page_about_reconciliation_are_found_and_repaired_as_it_is_written() =>
        await HappensAsWrittenAsync("docs/reconciliation.md", leastCommandCount: 15);

    private static async Task<string> HappensAsWrittenAsync(string page, int leastCommandCount)
    {
        var text = await File.ReadAllTextAsync(
            Path.Combine(Root(), page), TestContext.Current.CancellationToken);
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"]);
        await using var dev = server;
        await dev.StartAsync();
        var differences = new List<string>();
        var commandCount = 0;

        foreach (var part in Step().Matches(text).Select(m => m.Value))
        {
            if (part == KillMark)
            {
                await dev.RestartAsync();
                continue;
            }
            foreach (var (command, expected) in Commands(part))
            {
                commandCount++;
                var actual = await RunAsync(command, deployment);
                if (Normalize(actual) != Normalize(expected))
                {
                    differences.Add($"$ {command}\n--- expected\n{expected}\n--- actual\n{actual}");
                }
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
        Assert.True(commandCount >= leastCommandCount, $"{page} has no tour.");
        return text;
    }

    private static async Task<string> RunAsync(string command, Deployment deployment)
    {
        var script =
            $"cd '{Root()}'; export ALLOC_ACTOR=anna\n" +
            $"export PATH='{AppContext.BaseDirectory}':$PATH ALLOC_BOOTSTRAP={deployment.Bootstrap} " +
            $"ALLOC_REGISTRY={deployment.Registry} ALLOC_CONSOLE={deployment.Console} ALLOC_TIMEOUT=30s\n{command}";
        await using var shell = AllocProcess.StartWith("bash", ["-c", script]);
        var result = await shell.WaitForExitAsync(CommandDeadline);
        return result.Error.Length == 0 ? result.Out : $"{result.Out}\n{result.Error}";
    }

    /// <summary>The commands of a block with the lines that follow each.</summary>
    private static IEnumerable<(string Command, string Expected)> Commands(string block)
    {
        string? command = null;
        var expected = new StringBuilder();
        foreach (var line in block.Split('\n').Skip(1).TakeWhile(l => l != "```"))
        {
            if (!line.StartsWith("$ ", StringComparison.Ordinal))
            {
                expected.Append(line).Append('\n');
                continue;
            }
            if (command is not null)
            {
                yield return (command, expected.ToString());
            }
            command = line[2..];
            expected.Clear();
        }
        if (command is not null)
        {
            yield return (command, expected.ToString());
        }
    }

    private static string Normalize(string text)
    {
        text = Time().Replace(text, "<time>");
        text = GeneratedId().Replace(text, "<id>");
        text = LongNumber().Replace(text, "<number>");
        text = Duration().Replace(text, "<duration>");
        return string.Join(
            '\n', text.Split('\n').Select(l => Spaces().Replace(l, " ").Trim()).Where(l => l.Length > 0));
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Streams.sln")))
        {
            directory = directory.Parent;
        }
        return directory.FullName;
    }

    [GeneratedRegex("```console\n.*?\n```|<!-- tour: [^>]*-->", RegexOptions.Singleline)]
    private static partial Regex Step();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b[0-9a-hjkmnp-tv-z]{26}\b")]
    private static partial Regex GeneratedId();

    [GeneratedRegex(@"\b(tick/\d+/)?\d{13,}\b")]
    private static partial Regex LongNumber();

    [GeneratedRegex(@"\b\d+(\.\d+)? (ms|s|min|h)( \d+ (s|min))?\b")]
    private static partial Regex Duration();

    [GeneratedRegex(@"[ \t]+")]
    private static partial Regex Spaces();
}
