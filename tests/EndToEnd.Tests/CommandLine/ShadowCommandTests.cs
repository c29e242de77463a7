using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// A slice moves from another system to alloc, with the shadow of <c>alloc dev --shadow</c> beside it.
/// </summary>
public sealed class ShadowCommandTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Shadow_decides_beside_the_authority_until_the_slice_is_taken_over()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"], "--shadow", "--partitions", "1");
        await using var _ = server;
        await server.StartAsync();

        await TransferAsync(deployment, "spare-*", "shadow", "legacy", 1);
        await PoolAsync(deployment, "spare-1", 5);
        var granted = await HoldAsync(deployment, "spare-1", "a", 2);
        var refused = await HoldAsync(deployment, "spare-1", "b", 4);
        await HoldAsync(deployment, "spare-1", "e", 4);
        var elsewhere = await PoolAsync(deployment, "elsewhere", 5);

        Assert.Equal((4, 4, 0), (granted.ExitCode, refused.ExitCode, elsewhere.ExitCode));
        Assert.Contains("NotAuthoritative", granted.Out, StringComparison.Ordinal);
        var report = await ReportAsync(deployment, null, decided: 5);
        Assert.Equal((2, 0, 3), (Number(report, "match"), Number(report, "unclassified"), Number(report, "notOnLog")));
        await CountedAsync(
            deployment, ("Decision", "Match", 2), ("Decision", "NotOnLog", 3), ("Decision", "Unclassified", 0));
        Assert.Equal(
            ["Held", "Rejected InsufficientAvailability"],
            report["decisions"]!.AsArray().Where(row => row!["command"]!.ToString() == "Hold")
                .Select(row => row!["shadow"]!.ToString()).Order(StringComparer.Ordinal));

        await TransferAsync(deployment, "spare-*", "frozen", "legacy", 1);
        await ImportAsync(deployment, "a", 2);
        await ImportAsync(deployment, "b", 1);
        await ImportAsync(deployment, "e", 1);
        await TransferAsync(deployment, "spare-*", "authoritative", "alloc", 2);
        Assert.Equal(0, (await HoldAsync(deployment, "spare-1", "c", 1)).ExitCode);

        // When it has come to a later command of another slice, it has passed by all of these.
        await TransferAsync(deployment, "later-*", "shadow", "legacy", 1);
        await PoolAsync(deployment, "later-1", 1);
        await ReportAsync(deployment, "later-", decided: 2);
        report = await ReportAsync(deployment, "spare-", decided: 5);
        Assert.Equal(
            ["Match 1", "Unclassified 2"],
            report["granted"]!.AsArray().Select(entry => $"{entry!["result"]} {entry["count"]}"));
        var example = report["examples"]!.AsArray()[0]!;
        Assert.Equal(
            ("b", "1 imported", "Rejected InsufficientAvailability", "Unclassified"),
            (example["id"]!.ToString(), example["recorded"]!.ToString(), example["shadow"]!.ToString(),
                example["class"]!.ToString()));
        await CountedAsync(deployment, ("Imported", "Match", 1));

        await ApplyAsync(deployment, directory["with-rule.json"], Assert.Single(report["candidates"]!.AsArray())!);
        report = await ReportAsync(deployment, "spare-", decided: 5);
        var group = Assert.Single(report["groups"]!.AsArray())!;
        Assert.Equal(
            ("HiddenRule", "erp-lends", "sales", 2, 2, 1),
            (group["class"]!.ToString(), group["by"]!.ToString(), group["owner"]!.ToString(), Number(group, "count"),
                Number(group, "units"), Number(report, "catalogueVersion")));
        Assert.Empty(report["candidates"]!.AsArray());
        var table = await AllocAsync(deployment, "shadow", "report", "--pool", "spare-");
        Assert.Contains("5 commands decided by the shadow", table.Out, StringComparison.Ordinal);
        Assert.Contains("erp-lends", table.Out, StringComparison.Ordinal);

        await server.RestartAsync();
        await HoldAsync(deployment, "later-1", "d", 1);
        var later = await ReportAsync(deployment, "later-", decided: 3);
        Assert.Contains(later["decisions"]!.AsArray(), row => row!["shadow"]!.ToString() == "Held");

        var verified = await AllocAsync(deployment, "verify", "-o", "json");
        Assert.True(verified.ExitCode == 0, verified.ToString());
        Assert.True(Number(JsonNode.Parse(verified.Out)!, "shadowOutcomes") >= 7, verified.Out);
    }

    /// <summary>Pastes what the report proposes into the catalogue, as a person does who knows the rule.</summary>
    private static async Task ApplyAsync(Deployment deployment, string path, JsonNode candidate)
    {
        var document = JsonNode.Parse(
            (await AllocAsync(deployment, "catalogue", "get", "--document")).Out)!;
        var row = JsonNode.Parse(candidate["row"]!.ToString())!;
        (row["id"], row["owner"], row["because"]) = ("erp-lends", "sales", "The ERP lends what comes in tomorrow.");
        document["version"] = 1;
        document["shadowRules"] = new JsonArray(row);
        await File.WriteAllTextAsync(path, document.ToJsonString());
        var applied = await AllocAsync(deployment, "catalogue", "apply", path, "--reason", "known", "--yes");
        Assert.True(applied.ExitCode == 0, applied.ToString());
    }

    private static Task<CommandLineRun> AllocAsync(Deployment deployment, params string[] arguments) =>
        CommandLineRun.OfAsync([.. arguments, "--timeout", "30s", .. deployment.Options]);

    private static int Number(JsonNode node, string member) => node[member]!.GetValue<int>();

    private static async Task<JsonNode> ReportAsync(Deployment deployment, string? prefix, int decided)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            var run = await AllocAsync(
                deployment,
                [
                    "shadow", "report", "--propose-from", "2", .. prefix is null ? [] : (string[])["--pool", prefix],
                    "-o", "json",
                ]);
            Assert.True(run.ExitCode == 0, run.ToString());
            var report = JsonNode.Parse(run.Out)!;
            if (Number(report, "decided") >= decided)
            {
                Assert.Equal(decided, Number(report, "decided"));
                return report;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
        }
    }

    /// <summary>Waits until the instance shows how often the shadow agreed.</summary>
    private static async Task CountedAsync(
        Deployment deployment, params (string Evidence, string Class, int Count)[] expected)
    {
        using var http = new HttpClient();
        using var deadline = new CancellationTokenSource(Deadline);
        var lines = expected.Select(e =>
            $"alloc_shadow_decisions_total{{class=\"{e.Class}\",evidence=\"{e.Evidence}\"}} {e.Count}").ToList();
        var shown = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (!shown.IsSupersetOf(lines))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
                var scrape = await http.GetStringAsync(new Uri($"{deployment.Console}/metrics"), deadline.Token);
                shown = [.. scrape.Split('\n').Where(l => l.StartsWith("alloc_shadow_", StringComparison.Ordinal))];
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Expected {string.Join(", ", lines)}; shown {string.Join(", ", shown)}");
        }
    }

    private static async Task TransferAsync(
        Deployment deployment, string slice, string mode, string owner, int epoch)
    {
        var run = await AllocAsync(
            deployment, "authority", "transfer", slice, "--mode", mode, "--owner", owner, "--epoch", $"{epoch}");
        Assert.True(run.ExitCode == 0, run.ToString());
    }

    private static async Task<CommandLineRun> PoolAsync(Deployment deployment, string pool, int supply)
    {
        var configured = await AllocAsync(
            deployment, "pool", "configure", pool, "--kind", "capacity", "--unit", "seat");
        Assert.True(configured.ExitCode == 0, configured.ToString());
        var run = await AllocAsync(deployment, "pool", "supply", "set", pool, "-q", $"{supply}");
        Assert.True(run.ExitCode == 0, run.ToString());
        return run;
    }

    private static Task<CommandLineRun> HoldAsync(Deployment deployment, string pool, string id, int quantity) =>
        AllocAsync(
            deployment, "reservation", "hold", "--pool", pool, "--id", id, "-q", $"{quantity}");

    private static async Task ImportAsync(Deployment deployment, string id, int confirmed)
    {
        var run = await AllocAsync(
            deployment, "reservation", "import", "--pool", "spare-1", "--id", id, "--confirmed", $"{confirmed}");
        Assert.True(run.ExitCode == 0, run.ToString());
    }
}
