using System.Diagnostics;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Searching, releasing what was found, and building the projection anew, against a running process.</summary>
public sealed class SearchCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Reservations_of_an_order_are_found_over_all_pools()
    {
        await PoolAsync("search-a", 10);
        await PoolAsync("search-b", 10);
        await HoldAsync("search-a", "line-1", "order-s");
        await HoldAsync("search-b", "line-2", "order-s");
        await HoldAsync("search-b", "line-3", "order-t");

        var found = await ListAsync(2, "--order", "order-s");
        var old = await ListAsync(0, "--order", "order-s", "--older-than", "1h");
        var table = await AllocAsync("reservation", "list", "--order", "order-s", "--status", "held");

        Assert.Equal(["line-1", "line-2"], found.Select(r => r["reservationId"]!.GetValue<string>()).Order());
        Assert.Empty(old);
        Assert.Contains("line-1", table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_ends_at_the_limit_and_says_that_there_is_more()
    {
        await PoolAsync("paged", 10);
        foreach (var id in new[] { "a", "b", "c" })
        {
            await HoldAsync("paged", id, "order-paged");
        }
        await ListAsync(3, "--order", "order-paged");

        var run = await AllocAsync("reservation", "list", "--order", "order-paged", "-n", "2", "-o", "jsonl");

        Assert.Equal(2, run.Out.Split('\n').Length);
        Assert.Contains("more than the 2 shown", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reservation_that_was_amended_split_and_given_away_is_found_where_it_is_now()
    {
        await PoolAsync("moved", 10);
        await HoldAsync("moved", "whole", "order-from");
        string[] reservation = ["--pool", "moved", "--id", "whole"];

        var amended = await AllocAsync(["reservation", "amend", .. reservation, "-q", "5"]);
        var split = await AllocAsync(["reservation", "split", .. reservation, "--part", "part=2"]);
        var given = await AllocAsync(["reservation", "reassign", .. reservation, "--to-order", "order-to"]);
        var toOrder = await ListAsync(1, "--order", "order-to");
        var fromOrder = await ListAsync(1, "--order", "order-from");

        Assert.Equal((0, 0, 0), (amended.ExitCode, split.ExitCode, given.ExitCode));
        Assert.Equal(("whole", 3), (toOrder[0]["reservationId"]!.ToString(), toOrder[0]["held"]!.GetValue<long>()));
        Assert.Equal(("part", 2), (fromOrder[0]["reservationId"]!.ToString(), fromOrder[0]["held"]!.GetValue<long>()));
    }

    [Theory]
    [InlineData("--status", "hold")]
    [InlineData("--older-than", "yesterday")]
    [InlineData("--limit", "0")]
    public async Task What_no_search_can_be_is_a_usage_error(string option, string value)
    {
        var run = await AllocAsync("reservation", "list", option, value);

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task A_bulk_release_gives_back_what_is_held_once_and_leaves_what_is_confirmed()
    {
        await PoolAsync("bulk", 10);
        foreach (var id in new[] { "a", "b", "c" })
        {
            await HoldAsync("bulk", id, "order-bulk");
        }
        await AllocAsync("reservation", "confirm", "--pool", "bulk", "--id", "c");
        await ListAsync(1, "--order", "order-bulk", "--status", "confirmed");
        string[] release = ["reservation", "release-all", "--order", "order-bulk", "--reason", "cancelled", "--yes"];

        var tooMany = await AllocAsync([.. release, "--limit", "1"]);
        var dry = await AllocAsync([.. release, "--dry-run", "-o", "jsonl"]);
        var first = await AllocAsync([.. release, "-o", "jsonl"]);
        await ListAsync(0, "--order", "order-bulk", "--status", "held");
        var second = await AllocAsync([.. release, "-o", "jsonl"]);
        var history = await AllocAsync("pool", "history", "bulk", "-o", "jsonl");

        Assert.Equal(1, tooMany.ExitCode);
        Assert.Contains("2 reservations would be released", tooMany.Error, StringComparison.Ordinal);
        Assert.Equal(2, dry.Out.Split('\n').Length);
        Assert.All(first.Out.Split('\n'), l => Assert.Equal("Released", Parse(l)["result"]!.GetValue<string>()));
        Assert.Equal((0, ""), (second.ExitCode, second.Out));
        Assert.Equal(2, history.Out.Split('\n').Count(l => Parse(l)["event"]!.GetValue<string>() == "Released"));
    }

    [Fact]
    public async Task A_bulk_release_of_confirmed_units_waits_for_another_person()
    {
        await PoolAsync("approved", 10);
        await HoldAsync("approved", "r", "order-approved");
        await AllocAsync("reservation", "confirm", "--pool", "approved", "--id", "r");
        await ListAsync(1, "--order", "order-approved", "--status", "confirmed");
        string[] release =
        [
            "reservation", "release-all", "--order", "order-approved", "--reason", "fraud", "--include-confirmed",
            "--yes", "--actor", "ann", "-o", "jsonl",
        ];

        var noTicket = await AllocAsync(release);
        var asked = Parse((await AllocAsync([.. release, "--ticket", "T-1"])).Out);
        var again = Parse((await AllocAsync([.. release, "--ticket", "T-1"])).Out);
        var command = asked["commandId"]!.GetValue<string>();
        var self = await AllocAsync("approve", command, "--pool", "approved", "--actor", "ann");
        var other = await AllocAsync("approve", command, "--pool", "approved", "--actor", "bob");
        var released = await ListAsync(1, "--order", "order-approved", "--status", "released");

        Assert.Equal((2, 4, 0), (noTicket.ExitCode, self.ExitCode, other.ExitCode));
        Assert.Equal("PendingApproval", asked["result"]!.GetValue<string>());
        Assert.Equal(asked["outcome"]!.GetValue<string>(), again["duplicateOf"]!.GetValue<string>());
        Assert.Equal(0, released[0]["confirmed"]!.GetValue<long>());
    }

    [Theory]
    [InlineData("alone", "--reason", "r", "--yes")]
    [InlineData("unasked", "--order", "o", "--reason", "r", "-o", "json")]
    [InlineData("unreasoned", "--order", "o", "--yes")]
    public async Task A_bulk_release_that_nobody_meant_is_a_usage_error(string why, params string[] options)
    {
        var run = await AllocAsync(["reservation", "release-all", .. options]);

        Assert.True(run.ExitCode == 2 && run.Out.Length == 0, $"{why}: {run}");
    }

    [Fact]
    public async Task The_projection_is_built_anew_while_it_answers()
    {
        await PoolAsync("rebuilt", 10);
        await HoldAsync("rebuilt", "r", "order-rebuilt");
        await HoldAsync("rebuilt", "s", "order-rebuilt");
        await ListAsync(2, "--order", "order-rebuilt");
        var first = await PageAsync("order=order-rebuilt&limit=1");

        var rebuild = await AllocAsync("projection", "rebuild", "--scope", "all", "-o", "json", "--timeout", "60s");
        var next = await PageAsync($"order=order-rebuilt&limit=1&cursor={first["next"]}");
        var status = await AllocAsync("projection", "status", "-o", "jsonl");

        var generation = Parse(rebuild.Out)["generation"]!.GetValue<int>();
        Assert.True(generation > 0);
        Assert.Equal("r", first["reservations"]![0]!["reservationId"]!.GetValue<string>());
        Assert.Equal("s", next["reservations"]![0]!["reservationId"]!.GetValue<string>());
        Assert.All(
            status.Out.Split('\n'), l => Assert.Equal(generation, Parse(l)["generation"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData(2, "none of all, pool/ID and partition/N", "pool")]
    [InlineData(2, "none of all, pool/ID and partition/N", "pool/")]
    [InlineData(2, "there is no partition 99; the journal has 4, from 0 to 3", "partition/99")]
    [InlineData(2, "none of all, pool/ID and partition/N", "partition/first")]
    [InlineData(3, "Pool nobody-knows is unknown", "pool/nobody-knows")]
    public async Task A_scope_that_is_none_or_is_unknown_is_told(int code, string says, string scope)
    {
        var run = await AllocAsync("projection", "rebuild", "--scope", scope);

        Assert.True(run.ExitCode == code, $"{run}");
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }

    private async Task<JsonObject> PageAsync(string query)
    {
        using var client = new HttpClient();
        return Parse(await client.GetStringAsync(
            new Uri($"{dev.Deployment.Console}/v1/reservations?{query}"), TestContext.Current.CancellationToken));
    }

    private static JsonObject Parse(string line) => JsonNode.Parse(line)!.AsObject();

    private async Task PoolAsync(string pool, int supply)
    {
        await AllocAsync("pool", "configure", pool, "--kind", "capacity", "--unit", "seat");
        var supplied = await AllocAsync("pool", "supply", "set", pool, "-q", $"{supply}");

        Assert.True(supplied.ExitCode == 0, $"{supplied}");
    }

    private Task<ProcessResult> HoldAsync(string pool, string id, string order) => AllocAsync(
        "reservation", "hold", "--pool", pool, "--id", id, "-q", "1", "--order", order, "--ttl", "10m");

    /// <summary>Searches until so many are found: the projection follows the journal, it is not the journal.</summary>
    private async Task<List<JsonObject>> ListAsync(int count, params string[] search)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var run = await AllocAsync(["reservation", "list", .. search, "-o", "jsonl"]);
            var rows = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToList();
            if (rows.Count == count)
            {
                return rows;
            }
            Assert.True(started.Elapsed < Deadline, $"{string.Join(' ', search)}: {rows.Count}, not {count}: {run}");
            await Task.Delay(50);
        }
    }

    private async Task<ProcessResult> AllocAsync(params string[] arguments)
    {
        var run = await CommandLineRun.OfAsync(
            arguments, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_REGISTRY", dev.Deployment.Registry),
            ("ALLOC_CONSOLE", dev.Deployment.Console), ("ALLOC_TIMEOUT", "30s"));
        return new ProcessResult(run.ExitCode, run.Out.TrimEnd(), run.Error.TrimEnd());
    }
}
