using System.Diagnostics;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Why something was decided, and why something else would not be.</summary>
public sealed class ExplainCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Why_not_says_what_is_short_what_would_pass_and_when_and_holds_nothing()
    {
        await PoolAsync("why/not", 5);
        await AllocAsync("reservation", "hold", "--pool", "why/not", "--id", "r", "-q", "3", "--ttl", "10m");

        var no = await AllocAsync("explain", "why/not", "--why-not", "4");
        var yes = await AllocAsync("explain", "why/not", "--why-not", "2", "-o", "json");
        var unknownClass = await AllocAsync("explain", "why/not", "--why-not", "1", "--class", "nobody", "-o", "json");
        var history = await AllocAsync("pool", "history", "why/not", "-o", "jsonl");

        Assert.Contains("could not be held now: InsufficientAvailability", no.Out, StringComparison.Ordinal);
        Assert.Contains("would pass 2 units or fewer; or waiting until", no.Out, StringComparison.Ordinal);
        Assert.Contains("requested 4, available 2", no.Out, StringComparison.Ordinal);
        Assert.True(JsonNode.Parse(yes.Out)!["granted"]!.GetValue<bool>());
        Assert.False(JsonNode.Parse(unknownClass.Out)!["granted"]!.GetValue<bool>());
        Assert.Equal(3, history.Out.Split('\n').Length);
    }

    [Fact]
    public async Task Why_not_of_no_pool_is_not_found_and_of_no_quantity_a_usage_error()
    {
        var pool = await AllocAsync("explain", "no-such-pool", "--why-not", "1");
        var quantity = await AllocAsync("explain", "no-such-pool", "--why-not", "0");
        var alone = await AllocAsync("explain", "no-such-pool", "--class", "web");

        Assert.Equal((3, 2, 2), (pool.ExitCode, quantity.ExitCode, alone.ExitCode));
    }

    [Fact]
    public async Task A_rejection_is_explained_with_what_would_have_passed()
    {
        await PoolAsync("remedy", 2);
        await AllocAsync("reservation", "hold", "--pool", "remedy", "--id", "r", "-q", "3", "--command-id", "remedy-c");

        var run = await AllocAsync("explain", "remedy-c");

        Assert.Contains("would pass 2 units or fewer; or 1 more by releases", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_has_the_advice_that_people_read_and_what_the_reservation_is_now()
    {
        await PoolAsync("advice", 2);
        await AllocAsync("reservation", "hold", "--pool", "advice", "--id", "r", "-q", "3", "--command-id", "advice-c");

        var json = JsonNode.Parse((await AllocAsync("explain", "advice-c", "-o", "json")).Out)!;
        var whyNot = JsonNode.Parse((await AllocAsync("explain", "advice", "--why-not", "3", "-o", "json")).Out)!;

        var advice = Assert.Single(json["advice"]!.AsArray())!;
        Assert.Equal("wouldPass", (string?)advice["kind"]);
        Assert.Equal("InsufficientAvailability", (string?)advice["reason"]);
        Assert.StartsWith("2 units or fewer; or 1 more", (string?)advice["text"], StringComparison.Ordinal);
        Assert.StartsWith(
            "2 units or fewer", (string?)whyNot["advice"]![0]!["text"], StringComparison.Ordinal);
        Assert.Equal("Failed", (string?)json["reservationNow"]!["status"]);
    }

    [Fact]
    public async Task An_old_command_says_what_the_reservation_was_after_it_and_what_it_is_now()
    {
        await PoolAsync("then-now", 5);
        await AllocAsync(
            "reservation", "hold", "--pool", "then-now", "--id", "tn", "-q", "2", "--command-id", "then-hold",
            "--channel", "web", "--actor", "shop");
        await AllocAsync("reservation", "confirm", "--pool", "then-now", "--id", "tn");

        var run = await AllocAsync("explain", "then-hold");

        Assert.Contains("asked by   shop, operator, channel web", run.Out, StringComparison.Ordinal);
        Assert.Contains("policy     version 0", run.Out, StringComparison.Ordinal);
        Assert.Contains("Hold of a reservation that is not known", run.Out, StringComparison.Ordinal);
        Assert.Contains("tn afterwards: granted 2, held 2 (version 1)", run.Out, StringComparison.Ordinal);
        Assert.Contains("tn now: granted 2, confirmed 2 (version 2)", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repeats_of_a_command_are_counted_and_not_told_again()
    {
        await PoolAsync("storm", 5);
        for (var time = 0; time < 4; time++)
        {
            await AllocAsync(
                "reservation", "hold", "--pool", "storm", "--id", "s", "-q", "1", "--command-id", "storm-c");
        }

        var run = await AllocAsync("explain", "storm-c");
        var json = await AllocAsync("explain", "storm-c", "-o", "json");

        Assert.Contains("repeats    3, all answered the same", run.Out, StringComparison.Ordinal);
        Assert.Equal(2, run.Out.Split("storm#").Length - 1);
        Assert.Equal(4, JsonNode.Parse(json.Out)!.AsArray().Count);
    }

    [Fact]
    public async Task A_pool_is_explained_by_what_it_is_now_and_its_last_answer()
    {
        await PoolAsync("whole-pool", 5);
        await AllocAsync("reservation", "hold", "--pool", "whole-pool", "--id", "r", "-q", "2");

        var run = await AllocAsync("explain", "whole-pool");
        var json = JsonNode.Parse((await AllocAsync("explain", "whole-pool", "-o", "json")).Out)!;

        Assert.Contains("available  3", run.Out, StringComparison.Ordinal);
        Assert.Contains("The last decision:", run.Out, StringComparison.Ordinal);
        Assert.Contains("✔ Held  r  2", run.Out, StringComparison.Ordinal);
        Assert.Equal(3, (int)json["poolNow"]!["available"]!);
    }

    [Fact]
    public async Task A_consumption_before_its_confirmation_and_one_that_no_promise_covers_say_what_comes_next()
    {
        await PoolAsync("early", 5);
        await AllocAsync("reservation", "hold", "--pool", "early", "--id", "e", "-q", "1");
        await AllocAsync(
            "reservation", "consume", "--pool", "early", "--id", "e", "-q", "1", "--command-id", "early-c");
        await AllocAsync("reservation", "release", "--pool", "early", "--id", "gone");
        await AllocAsync(
            "reservation", "consume", "--pool", "early", "--id", "gone", "-q", "1", "--command-id", "orphan");

        var parked = await AllocAsync("explain", "early-c");
        var orphan = await AllocAsync("explain", "orphan");

        Assert.Contains("waits for its confirmation until", parked.Out, StringComparison.Ordinal);
        Assert.Contains("next       what it needs first", parked.Out, StringComparison.Ordinal);
        Assert.Contains("next       a look at who took the units", orphan.Out, StringComparison.Ordinal);
        Assert.Contains("orphaned 1", orphan.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_order_is_explained_reservation_by_reservation()
    {
        await PoolAsync("order-a", 5);
        await PoolAsync("order-b", 5);
        await AllocAsync("reservation", "hold", "--pool", "order-a", "--id", "1", "-q", "2", "--order", "explained-o");
        await AllocAsync("reservation", "hold", "--pool", "order-b", "--id", "2", "-q", "1", "--order", "explained-o");
        await AllocAsync("reservation", "confirm", "--pool", "order-b", "--id", "2");
        await AllocAsync("reservation", "hold", "--pool", "order-b", "--id", "3", "-q", "9", "--order", "explained-o");

        var run = await UntilAsync(
            r => r.Out.Contains("Rejected: insufficient", StringComparison.Ordinal), "explain", "explained-o");

        Assert.Contains("Held: 2", run.Out, StringComparison.Ordinal);
        Assert.Contains("Confirmed: 1 confirmed", run.Out, StringComparison.Ordinal);
        Assert.Contains("order-b#4", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_slice_is_shown_for_every_partition_and_explains_a_refusal()
    {
        await PoolAsync("frozen-1", 5);

        var transfer = await AllocAsync(
            "authority", "transfer", "frozen-*", "--mode", "frozen", "--owner", "legacy", "--epoch", "1",
            "-o", "jsonl");
        var slices = await AllocAsync("authority", "get", "-o", "jsonl");
        var hold = await AllocAsync("explain", "frozen-1", "--why-not", "1");
        var mode = await AllocAsync("mode", "set", "no-such-mode", "--to", "on", "--reason", "test");

        Assert.Equal(4, transfer.Out.Split('\n').Length);
        Assert.All(transfer.Out.Split('\n'), l => Assert.Equal(
            "AuthorityChanged", JsonNode.Parse(l)!["result"]!.GetValue<string>()));
        Assert.Equal(4, JsonNode.Parse(slices.Out)!["partitions"]!.AsArray().Count);
        Assert.Contains("PoolFrozen", hold.Out, StringComparison.Ordinal);
        var past = await AllocAsync("reservation", "release", "--pool", "frozen-1", "--id", "r", "--epoch", "0");
        Assert.Contains("stale epoch: epoch 0, expected 1", past.Out, StringComparison.Ordinal);
        Assert.Equal(4, mode.ExitCode);
    }

    [Fact]
    public async Task A_hold_names_its_dealer_and_its_attributes_and_says_the_same_when_it_is_sent_again()
    {
        await PoolAsync("dealers", 5);
        string[] hold =
        [
            "reservation", "hold", "--pool", "dealers", "--id", "d", "-q", "1", "--dealer", "dealer-7", "--attribute",
            "purpose=van-stock", "--command-id", "dealer-c", "-o", "json",
        ];

        await AllocAsync(hold);
        var again = JsonNode.Parse((await AllocAsync(hold)).Out)!;
        var reservation = JsonNode.Parse((await AllocAsync(
            "reservation", "get", "--pool", "dealers", "--id", "d", "-o", "json")).Out)!;
        var noAttribute = await AllocAsync(
            "reservation", "hold", "--pool", "dealers", "--id", "e", "-q", "1", "--attribute", "purpose");
        var noTime = await AllocAsync(
            "reservation", "hold", "--pool", "dealers", "--id", "e", "-q", "1", "--wait-until", "yesterday");

        Assert.NotNull(again["duplicateOf"]);
        Assert.Equal("dealer-7", (string?)reservation["dealer"]);
        Assert.Equal((2, 2), (noAttribute.ExitCode, noTime.ExitCode));
    }

    private async Task PoolAsync(string pool, int supply)
    {
        await AllocAsync("pool", "configure", pool, "--kind", "capacity", "--unit", "seat");
        var supplied = await AllocAsync("pool", "supply", "set", pool, "-q", $"{supply}");

        Assert.True(supplied.ExitCode == 0, $"{supplied}");
    }

    private async Task<ProcessResult> UntilAsync(Func<ProcessResult, bool> isSo, params string[] arguments)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var run = await AllocAsync(arguments);
            if (isSo(run))
            {
                return run;
            }
            Assert.True(started.Elapsed < Deadline, $"{string.Join(' ', arguments)}: {run}");
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
