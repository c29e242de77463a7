using System.Text.RegularExpressions;
using Alloc.Cli.CommandLine;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>Every command of every runbook, run against an <c>alloc dev</c> that has something to find.</summary>
public sealed partial class RunbookCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const string Pool = "runbook";

    /// <summary>What the words in capitals stand for here.</summary>
    private static readonly Dictionary<string, string> Words = new()
    {
        ["POOL"] = Pool,
        ["RESERVATION"] = "r",
        ["ORDER"] = "order-runbook",
        ["COMMAND"] = "runbook-hold",
        ["GROUP"] = "allocation",
    };

    private static string Folder => Path.Combine(MonitoringStack.Root(), "docs", "runbooks");

    public static TheoryData<string> Pages() =>
        [.. Directory.EnumerateFiles(Folder, "*.md").Select(Path.GetFileName).OfType<string>()
            .Where(f => f != "README.md").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_command_of_a_runbook_works(string page)
    {
        using var directory = new TemporaryDirectory();
        await PrepareAsync(directory["policy.yaml"]);
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, page), TestContext.Current.CancellationToken);
        foreach (var section in new[] { "What it means", "Look", "Decide", "Act" })
        {
            Assert.Contains($"\n## {section}\n", text, StringComparison.Ordinal);
        }

        foreach (var line in Blocks().Matches(text).SelectMany(m => m.Groups[1].Value.Split('\n')).Where(l => l != ""))
        {
            Assert.StartsWith("alloc ", line, StringComparison.Ordinal);
            string[] args = [.. Argument().Matches(line["alloc ".Length..]).Select(m => m.Value.Trim('"', '\''))
                .Select(w => w == "FILE" ? directory["policy.yaml"] : w == "MODE" ? "calm" : Words.GetValueOrDefault(w, w))];
            if (Asks(args))
            {
                args = [.. args, "--yes"];
            }

            var run = await CommandLineRun.OfAsync(
                args, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_REGISTRY", dev.Deployment.Registry),
                ("ALLOC_CONSOLE", dev.Deployment.Console), ("ALLOC_TIMEOUT", "30s"));

            Assert.True(Expected(args).Contains(run.ExitCode), $"{page}: {line}\nexit code {run.ExitCode}\n{run.Error}");
        }
    }

    /// <summary>
    /// What a command may answer here. A server without a checkpoint folder writes none, a slice is not handed over
    /// under an epoch that is past, and a doctor may find something on a busy machine.
    /// </summary>
    private static int[] Expected(string[] args) => args[0] switch
    {
        "doctor" => [ExitCode.Ok, ExitCode.Failure, ExitCode.Mismatch],
        "checkpoint" => [ExitCode.Failure],
        _ => [ExitCode.Ok],
    };

    private static bool Asks(string[] args) => args is ["mode", "set", ..] or ["policy", "apply", ..]
        or ["reservation", "release-all", ..] or ["projection", "rebuild", ..];

    private async Task PrepareAsync(string policy)
    {
        await File.WriteAllTextAsync(policy, "");
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 5);
        await client.AskAsync(CommandClient.Command("runbook-hold", Pool, CommandClient.Hold("r", 2)));
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex("\"[^\"]*\"|'[^']*'|[^ ]+")]
    private static partial Regex Argument();
}
