using System.Text.RegularExpressions;
using Alloc.Cli.CommandLine;

namespace EndToEnd.Tests.Monitoring;

/// <summary>Every command of every runbook, run against an <c>alloc dev</c> that has something to find.</summary>
[Collection(nameof(MonitoredDev))]
public sealed partial class RunbookCommandTests(MonitoredDev dev)
{
    private static string Folder => Path.Combine(MonitoringStack.Root(), "docs", "runbooks");

    public static TheoryData<string> Pages() =>
        [.. Directory.EnumerateFiles(Folder, "*.md").Select(Path.GetFileName).OfType<string>()
            .Where(f => f != "README.md").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_command_of_a_runbook_works(string page)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, page), TestContext.Current.CancellationToken);
        foreach (var section in new[] { "What it means", "Look", "Decide", "Act" })
        {
            Assert.Contains($"\n## {section}\n", text, StringComparison.Ordinal);
        }

        foreach (var line in Blocks().Matches(text).SelectMany(m => m.Groups[1].Value.Split('\n')).Where(l => l != ""))
        {
            Assert.StartsWith("alloc ", line, StringComparison.Ordinal);
            string[] args = [.. Argument().Matches(line["alloc ".Length..])
                .Select(m => dev.Words.GetValueOrDefault(m.Value, m.Value.Trim('"', '\'')))];

            var run = await dev.RunAsync(args);

            Assert.True(
                Expected(args).Contains(run.ExitCode),
                $"{page}: {line}\nexit code {run.ExitCode}\n{run.Error}{run.Out}");
        }
    }

    /// <summary>What a command may answer here: a doctor finds something on a busy machine.</summary>
    private static int[] Expected(string[] args) => args[0] switch
    {
        "doctor" => [ExitCode.Ok, ExitCode.Failure, ExitCode.Mismatch],
        _ => [ExitCode.Ok],
    };

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex("\"[^\"]*\"|'[^']*'|[^ ]+")]
    private static partial Regex Argument();
}
