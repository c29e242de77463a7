using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// Several people report supply and change settings of one pool at the same moment, each with a process of their own:
/// every report counts once, and nobody undoes what another one set.
/// </summary>
public sealed class PoolReportTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(4)]
    [InlineData(32)]
    public async Task Receipts_that_are_added_at_once_all_count_and_a_retry_counts_once(int count)
    {
        var pool = $"receipts-{count}";
        await OkAsync("pool", "configure", pool, "--unit", "piece");

        var added = await Task.WhenAll(Enumerable.Range(1, count).Select(n => OkAsync(
            "pool", "supply", "add", pool, "-q", $"{n}", "--command-id", $"receipt-{n}", "-o", "json")));
        var retried = await OkAsync(
            "pool", "supply", "add", pool, "-q", "3", "--command-id", "receipt-3", "-o", "json");

        Assert.Equal(count * (count + 1) / 2, await FreeAsync(pool));
        Assert.Equal(
            Enumerable.Range(1, count).Select(n => (long)n),
            added.Select(a => a["event"]!["sourceSequence"]!.GetValue<long>()).Order());
        Assert.Equal(
            $"{added[2]["poolId"]}#{added[2]["sequence"]}", retried["duplicateOf"]!.GetValue<string>());
        await Proof.VerifyAsync(dev.Deployment);
    }

    [Fact]
    public async Task Counts_that_are_set_at_once_are_all_taken_and_the_last_one_in_the_log_holds()
    {
        const string Pool = "counts";
        await OkAsync("pool", "configure", Pool, "--unit", "piece");

        var set = await Task.WhenAll(Enumerable.Range(1, 6).Select(n => OkAsync(
            "pool", "supply", "set", Pool, "-q", $"{10 * n}", "-o", "json")));

        var last = set.MaxBy(o => o["sequence"]!.GetValue<long>())!;
        Assert.Equal(
            Enumerable.Range(1, 6).Select(n => (long)n),
            set.Select(o => o["event"]!["version"]!.GetValue<long>()).Order());
        Assert.Equal(last["balancesAfter"]!["free"]!.GetValue<long>(), await FreeAsync(Pool));
    }

    [Fact]
    public async Task Settings_that_are_not_named_stay_and_an_explicit_word_clears_one()
    {
        const string Pool = "cellar/1";
        await OkAsync(
            "pool", "configure", Pool, "--unit", "bottle", "--maximum", "4", "--closes-at", "2027-03-28T02:30:00Z",
            "--snapshot-source", "wms");

        await OkAsync("pool", "configure", Pool, "--maximum", "6");
        await OkAsync("pool", "configure", Pool);
        var kept = await SettingsAsync(Pool);
        await OkAsync("pool", "configure", Pool, "--closes-at", "none", "--maximum", "NONE");
        var cleared = await SettingsAsync(Pool);
        var counted = await OkAsync("pool", "supply", "set", Pool, "-q", "50", "--source", "wms", "-o", "json");

        Assert.Equal(
            ("bottle", "Stock", "2027-03-28T02:30:00.000Z", "wms", "6", "-"), Shown(kept));
        Assert.Equal(("bottle", "Stock", "-", "wms", "-", "-"), Shown(cleared));
        Assert.Equal("SupplyApplied", counted["event"]!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Settings_that_are_changed_at_once_all_take_effect()
    {
        const string Pool = "cellar/2";
        string[][] changes =
        [
            ["--unit", "case"], ["--maximum", "12"], ["--closes-at", "2027-03-28T02:30:00Z"],
            ["--service-at", "2027-03-28T04:00:00Z"], ["--snapshot-source", "erp"],
        ];
        await OkAsync("pool", "configure", Pool);

        await Task.WhenAll(changes.Select(c => OkAsync(["pool", "configure", Pool, .. c])));

        Assert.Equal(
            ("case", "Stock", "2027-03-28T02:30:00.000Z", "erp", "12", "2027-03-28T04:00:00.000Z"),
            Shown(await SettingsAsync(Pool)));
    }

    [Theory]
    [InlineData("--maximum", "many")]
    [InlineData("--maximum", "-1")]
    [InlineData("--maximum", "")]
    public async Task Setting_that_is_neither_a_value_nor_none_is_a_usage_error(string option, string value)
    {
        var run = await dev.Deployment.AllocAsync(Deadline, "pool", "configure", "cellar/3", option, value);

        Assert.Equal(2, run.ExitCode);
    }

    private static (string, string, string, string, string, string) Shown(JsonNode settings)
    {
        return (Text("unit"), Text("kind"), Text("closesAt"), Text("snapshotSource"), Text("maximumCapacity"),
            Text("serviceAt"));

        string Text(string member) => settings[member]?.ToString() ?? "-";
    }

    private async Task<JsonNode> OkAsync(params string[] arguments)
    {
        var run = await dev.Deployment.AllocAsync(Deadline, arguments);
        Assert.True(run.ExitCode == 0, $"alloc {string.Join(' ', arguments)}: {run}");
        return run.Out.StartsWith('{') ? JsonNode.Parse(run.Out)! : new JsonObject();
    }

    private async Task<long> FreeAsync(string pool) =>
        (await PoolAsync(pool))["balances"]!["free"]!.GetValue<long>();

    private async Task<JsonNode> SettingsAsync(string pool) => (await PoolAsync(pool))["settings"]!;

    private async Task<JsonNode> PoolAsync(string pool)
    {
        using var http = new HttpClient();
        return JsonNode.Parse(await http.GetStringAsync(
            new Uri($"{dev.Deployment.Console}/v1/pools/{Uri.EscapeDataString(pool)}")))!;
    }
}
