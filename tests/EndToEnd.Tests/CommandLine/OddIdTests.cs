using System.Net;
using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Ids as people have them, and numbers as senders make them: each works, or what is wrong is said.</summary>
public sealed class OddIdTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Ids that are paths, parts of URLs, options, or long.</summary>
    public static TheoryData<string> Ids =>
    [
        ".", "..", "a//b", "/a", "a/", "/", "a/../b", "%2e", "%", "%FF", "a?b", "a#b", "a&b=c+d", " a b ", "it's \"q\"",
        "*", "-a", "--help", "--pool", "a\u0308日😀", "a\u202eb", "deficit", new string('x', 256), new string('日', 256),
    ];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task An_id_means_the_same_on_the_command_line_and_in_a_url(string id)
    {
        await StockAsync(id);
        var hold = await AllocAsync(
            "reservation", "hold", $"--pool={id}", $"--id={id}", "-q", "1", $"--order={id}", $"--command-id={id}");
        Assert.True(hold.ExitCode == 0, $"{hold}");

        var pool = await JsonAsync("pool", "get", "--", id);
        var reservation = await JsonAsync("reservation", "get", $"--pool={id}", $"--id={id}");
        var explained = await AllocAsync("explain", $"--pool={id}", "--", id);
        var segment = Uri.EscapeDataString(id).Replace(".", "%2E", StringComparison.Ordinal);
        var overHttp = await GetAsync($"v1/pools/{segment}");
        var deficit = await GetAsync($"v1/pools/{segment}/deficit");
        var whyNot = await GetAsync($"v1/pools/{segment}/why-not?quantity=1");
        var ofReservation = await GetAsync($"v1/reservations/{segment}/{segment}");
        var ofCommand = await GetAsync($"v1/commands/{segment}?pool={Uri.EscapeDataString(id)}");
        var listed = await GetAsync($"v1/reservations/{segment}");

        Assert.Equal(id, (string?)pool["poolId"]);
        Assert.Equal((id, id), ((string?)reservation["poolId"], (string?)reservation["reservationId"]));
        Assert.True(explained.ExitCode == 0, $"{explained}");
        Assert.All([overHttp, deficit, whyNot], answer => Assert.Equal(id, (string?)answer["poolId"]));
        Assert.Equal(id, (string?)ofReservation["reservationId"]);
        Assert.Equal(id, (string?)ofCommand["commandId"]);
        Assert.Equal(id, (string?)listed["reservations"]![0]!["reservationId"]);
        await UntilAsync(async () =>
            (await GetAsync($"v1/reservations?order={Uri.EscapeDataString(id)}"))["reservations"]!.AsArray()
                .Any(r => (string?)r!["poolId"] == id && (string?)r["reservationId"] == id));
    }

    [Fact]
    public async Task A_pool_that_is_called_like_a_path_is_made_and_searched_from_the_command_line()
    {
        await JsonAsync("pool", "configure", "--", "../..");
        await JsonAsync("pool", "supply", "set", "-q", "5", "--", "../..");
        await JsonAsync("reservation", "hold", "--pool", "../..", "--id", "..", "-q", "1", "--order", "/");

        var deficit = await JsonAsync("pool", "deficit", "../..");
        var whyNot = await JsonAsync("explain", "../..", "--why-not", "1");
        var history = await JsonAsync("reservation", "history", "--pool", "../..", "--id", "..");

        Assert.Equal("../..", (string?)deficit["poolId"]);
        Assert.Equal("../..", (string?)whyNot["poolId"]);
        Assert.Single(history.AsArray());
        await UntilAsync(async () => (await JsonAsync("reservation", "list", "--pool", "../..")).AsArray().Count == 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public async Task A_pool_without_a_name_is_a_usage_error_before_anything_is_asked(string id)
    {
        var get = await AllocAsync("pool", "get", id);
        var deficit = await AllocAsync("pool", "deficit", id);

        Assert.All([get, deficit], run => Assert.Equal(2, run.ExitCode));
        Assert.All([get, deficit], run => Assert.StartsWith(
            "alloc: <pool>: the value is ", run.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_id_that_no_pool_can_have_is_not_found_or_said_to_be_too_long()
    {
        var runs = new[]
        {
            await AllocAsync("pool", "get", new string('x', 257)),
            await AllocAsync("pool", "get", new string('日', 5_000)),
            await AllocAsync("pool", "get", "../../healthz"),
            await AllocAsync("pool", "get", "a\tb"),
        };

        Assert.Equal([3, 2, 3, 3], runs.Select(r => r.ExitCode));
        Assert.Contains("too long", runs[1].Error, StringComparison.Ordinal);
        Assert.All(runs, run => Assert.DoesNotContain("Exception", run.Error, StringComparison.Ordinal));
    }

    /// <summary>Each fault of a pool's id and the words that only it has.</summary>
    public static TheoryData<string, string> Faults => new()
    {
        { "", "poolId is empty" },
        { "$policy", "poolId begins with $: such names are reserved" },
        { new string('x', 257), "poolId is too long: 257 characters, at most 256" },
        { "a\tb", "poolId has a control character, U+0009, as character 2" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Each_fault_of_a_pools_id_has_words_of_its_own(string pool, string expected)
    {
        using var client = new CommandClient(dev.Deployment);

        var answer = await client.AskAsync(CommandClient.Command(
            $"fault-{pool.Length}", pool, CommandClient.Hold("r", 1)));

        var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(answer.Event);
        Assert.Contains(expected, Assert.Single(rejected.Reasons).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_beyond_every_calendar_are_explained_as_numbers()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("micros", 5);
        var nowMicros = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000;
        long[] lives = [nowMicros, long.MaxValue];
        for (var i = 0; i < lives.Length; i++)
        {
            await client.AskAsync(CommandClient.Command($"micros-{i}", "micros", new AllocationCommandBody.Hold
            {
                ReservationId = $"m{i}",
                Quantity = 1,
                TtlMs = lives[i],
            }));
        }

        var runs = new[]
        {
            await AllocAsync("explain", "micros-0"), await AllocAsync("explain", "micros-1"),
            await AllocAsync("explain", "micros"), await AllocAsync("explain", "m0", "--pool", "micros"),
            await AllocAsync("pool", "history", "micros"), await AllocAsync("pool", "get", "micros"),
            await AllocAsync("reservation", "history", "--pool", "micros", "--id", "m1"),
        };

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, $"{run}"));
        Assert.Contains($"{long.MaxValue} ms", runs[1].Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_is_read_from_a_time_on()
    {
        Assert.Equal(0, (await AllocAsync("pool", "configure", "tail-time")).ExitCode);
        var between = (await JsonAsync("pool", "supply", "set", "tail-time", "-q", "5"))["t"]!.ToString();
        Assert.Equal(0, (await AllocAsync(
            "reservation", "hold", "--pool", "tail-time", "--id", "r", "-q", "1")).ExitCode);

        var all = await RowsAsync("-1h");
        var since = await RowsAsync(between);
        var later = await RowsAsync("+1h");
        var wrong = await AllocAsync("topic", "tail", "allocation.commands", "--from", "10:00");

        Assert.Equal(3, all.Count(IsOurs));
        Assert.InRange(since.Count(IsOurs), 1, 2);
        Assert.Empty(later);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("--from: '10:00' is not a time", wrong.Error, StringComparison.Ordinal);

        async Task<List<JsonNode>> RowsAsync(string from)
        {
            var run = await AllocAsync("topic", "tail", "allocation.commands", "--from", from, "-o", "jsonl");
            Assert.True(run.ExitCode == 0, $"{run}");
            return [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
        }

        static bool IsOurs(JsonNode row) => (string?)row["key"] == "tail-time";
    }

    [Fact]
    public async Task An_answer_shows_the_time_that_was_taken_and_asks_again_with_that_one()
    {
        var absolute = await AllocAsync(
            "pool", "configure", "times", "--closes-at", "2999-03-28T20:00:00+02:00", "--service-at", "+30d");
        var pool = await JsonAsync("pool", "get", "times");

        Assert.Contains("closes-at  in 355", absolute.Out, StringComparison.Ordinal);
        Assert.Contains("(2999-03-28 18:00:00Z)", absolute.Out, StringComparison.Ordinal);
        Assert.Contains("service-at in 29 d 23 h", absolute.Out, StringComparison.Ordinal);
        Assert.Equal("2999-03-28T18:00:00.000Z", (string?)pool["settings"]!["closesAt"]);
    }

    /// <summary>Five units, by commands whose ids are short whatever the pool's is.</summary>
    private async Task StockAsync(string pool)
    {
        using var client = new CommandClient(dev.Deployment);
        await client.AskAsync(CommandClient.Command(
            $"c{pool.GetHashCode()}", pool, new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock, SnapshotSource = "test" },
            }));
        var supplied = await client.AskAsync(CommandClient.Command(
            $"s{pool.GetHashCode()}", pool, new AllocationCommandBody.SupplySnapshot
            {
                Source = "test",
                Version = 1,
                Quantity = 5,
                Through = 0,
            }));
        Assert.Equal(5, supplied.BalancesAfter.Free);
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(
            $"{dev.Deployment.Console}/{path}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var timer = new CancellationTokenSource(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await isSo())
        {
            await ticks.WaitForNextTickAsync(timer.Token);
        }
    }

    private async Task<JsonNode> JsonAsync(params string[] arguments)
    {
        var run = await AllocAsync(["-o", "json", .. arguments]);
        Assert.True(run.ExitCode == 0, $"{string.Join('|', arguments)}: {run}");
        return JsonNode.Parse(run.Out)!;
    }

    private async Task<ProcessResult> AllocAsync(params string[] arguments)
    {
        var run = await CommandLineRun.OfAsync(
            arguments, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_REGISTRY", dev.Deployment.Registry),
            ("ALLOC_CONSOLE", dev.Deployment.Console), ("ALLOC_TIMEOUT", "60s"));
        return new ProcessResult(run.ExitCode, run.Out.TrimEnd(), run.Error.TrimEnd());
    }
}
