using System.Text.RegularExpressions;
using Alloc.Cli.CommandLine;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>Every command of every runbook, run against an <c>alloc dev</c> that has something to find.</summary>
public sealed partial class RunbookCommandTests(RunbookCommandTests.Prepared dev)
    : IClassFixture<RunbookCommandTests.Prepared>
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

    /// <summary>An <c>alloc dev</c> with a pool, a hold, and a policy that has a degraded mode.</summary>
    public sealed class Prepared : IAsyncLifetime
    {
        private const string Policy = """
            version: 1
            classes: [standard]
            class:
              - {id: class/default, pools: "*", class: standard}
            ttl:
              - {id: ttl/default, pools: "*", minimum: 1s, default: 10m, maximum: 1d, extensions: 5}
            conduct:
              - {id: conduct/default, pools: "*", groupRevocable: 1h}
            deficit:
              - {id: deficit/default, pools: "*", action: operatorList}
            modes:
              - {id: mode/calm, pools: "*", mode: calm, effect: extendHolds, cap: 2h}

            """;

        private readonly SharedDev dev = new();
        private readonly TemporaryDirectory directory = new();

        /// <summary>What the words in capitals stand for here.</summary>
        public IReadOnlyDictionary<string, string> Words => new Dictionary<string, string>
        {
            ["POOL"] = "runbook",
            ["SLICE"] = "elsewhere/*",
            ["RESERVATION"] = "order-runbook",
            ["ORDER"] = "order-runbook",
            ["COMMAND"] = "runbook-hold",
            ["GROUP"] = "allocation",
            ["MODE"] = "calm",
            ["FILE"] = directory["policy.yaml"],
        };

        public async ValueTask InitializeAsync()
        {
            await dev.InitializeAsync();
            await File.WriteAllTextAsync(directory["policy.yaml"], Policy);
            string[][] steps =
            [
                ["policy", "apply", directory["policy.yaml"], "--yes"],
                ["pool", "configure", "runbook", "--kind", "stock", "--unit", "piece"],
                ["pool", "supply", "set", "runbook", "--quantity", "5"],
                ["reservation", "hold", "--pool", "runbook", "--quantity", "2", "--id", "order-runbook", "--order",
                    "order-runbook", "--command-id", "runbook-hold"],
            ];
            foreach (var step in steps)
            {
                var run = await RunAsync(step);
                Assert.True(run.ExitCode == ExitCode.Ok, $"{string.Join(' ', step)}: {run.Error}{run.Out}");
            }
        }

        public async ValueTask DisposeAsync()
        {
            await dev.DisposeAsync();
            directory.Dispose();
        }

        internal Task<CommandLineRun> RunAsync(string[] args) => CommandLineRun.OfAsync(
            args, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_REGISTRY", dev.Deployment.Registry),
            ("ALLOC_CONSOLE", dev.Deployment.Console), ("ALLOC_TIMEOUT", "30s"));
    }
}
