using System.Text.Json.Nodes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// <c>alloc reconcile</c> against a real instance, as somebody who has never seen the code works by the runbook: find,
/// read, decide, see it proven.
/// </summary>
public sealed class ReconcileCommandTests(ReconciledDev dev) : IClassFixture<ReconciledDev>
{
    [Fact]
    public async Task A_hold_of_a_dead_order_is_found_read_approved_and_given_back()
    {
        await HoldAsync("zombie", 2);
        await dev.OrderAsync("zombie", 1, "Cancelled", "zombie/1", 2);
        var id = await dev.MismatchOfAsync("zombie");

        var list = await dev.OkAsync("reconcile", "list", "--order", "zombie");
        var show = await dev.OkAsync("reconcile", "show", id);
        var dry = await dev.OkAsync("reconcile", "run", "--scope", "zombie");
        var approved = await dev.OkAsync("reconcile", "approve", id, "--reason", "the order is dead", "--actor", "kim");
        await dev.StandsAsync(id, "Repaired");
        var after = JsonNode.Parse((await dev.OkAsync("reconcile", "show", id, "-o", "json")).Out)!;

        Assert.Contains("ZombieHold", list.Out, StringComparison.Ordinal);
        Assert.Contains("zombie version 1 is Cancelled", show.Out, StringComparison.Ordinal);
        Assert.Contains("2 held, 0 confirmed", show.Out, StringComparison.Ordinal);
        Assert.Contains("docs/runbooks/MismatchOpen.md", show.Out, StringComparison.Ordinal);
        Assert.Contains(id, dry.Out, StringComparison.Ordinal);
        Assert.Contains("Approved", approved.Out, StringComparison.Ordinal);
        Assert.Equal(1, (int)after["attempts"]!);
        Assert.Equal(
            ["Opened", "Proposed", "Approved", "RepairSent", "Repaired"],
            after["events"]!.AsArray().Select(e => (string)e!["kind"]!));
        Assert.Equal("Released", await LastOfAsync("zombie/1"));
    }

    [Fact]
    public async Task Confirmed_units_of_a_dead_order_take_two_people()
    {
        await HoldAsync("two", 1);
        await dev.OkAsync("reservation", "confirm", "--pool", ReconciledDev.Pool, "--id", "two/1");
        await dev.OrderAsync("two", 1, "Cancelled", "two/1", 1);
        var id = await dev.MismatchOfAsync("two");

        var first = await dev.OkAsync("reconcile", "approve", id, "--reason", "dead", "--actor", "kim");
        var same = await dev.RunAsync("reconcile", "approve", id, "--reason", "dead", "--actor", "kim");
        var second = await dev.OkAsync("reconcile", "approve", id, "--reason", "dead indeed", "--actor", "lee");
        await dev.StandsAsync(id, "Repaired");

        Assert.Contains("Proposed", first.Out, StringComparison.Ordinal);
        Assert.Equal(4, same.ExitCode);
        Assert.Contains("kim", same.Out, StringComparison.Ordinal);
        Assert.Contains("Approved", second.Out, StringComparison.Ordinal);
        Assert.Equal("Released", await LastOfAsync("two/1"));
    }

    [Fact]
    public async Task What_no_rule_repairs_is_queued_with_commands_of_which_one_ends_it()
    {
        await dev.OrderAsync("none", 1, "InventoryHoldPending", "none/1", 3);
        var id = await dev.MismatchOfAsync("none");

        var queue = await dev.OkAsync("reconcile", "list", "--queue", "--order", "none");
        var show = JsonNode.Parse((await dev.OkAsync("reconcile", "show", id, "-o", "json")).Out)!;
        await dev.OkAsync("reconcile", "assign", id, "--to", "kim");
        await HoldAsync("none", 3);
        await dev.StandsAsync(id, "ClosedBySelf");

        Assert.Contains("by hand", queue.Out, StringComparison.Ordinal);
        Assert.Contains(
            show["exception"]!["choices"]!.AsArray(),
            c => ((string)c!).StartsWith("alloc reservation hold", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_meant_is_accepted_with_a_reason_and_a_closed_one_takes_no_decision()
    {
        await HoldAsync("meant", 1);
        await dev.OrderAsync("meant", 1, "Failed", "meant/1", 1);
        var id = await dev.MismatchOfAsync("meant");

        await dev.OkAsync("reconcile", "accept", id, "--reason", "a gift", "--until", "+1h");
        var listed = await dev.OkAsync("reconcile", "list", "--order", "meant", "-o", "json");
        var accepted = await dev.OkAsync("reconcile", "list", "--state", "Accepted");
        await dev.OkAsync(
            "reservation", "release", "--pool", ReconciledDev.Pool, "--id", "meant/1", "--reason", "gone");
        await dev.StandsAsync(id, "ClosedBySelf");
        var closed = await dev.RunAsync("reconcile", "approve", id, "--reason", "late");

        Assert.Empty(JsonNode.Parse(listed.Out)!.AsArray());
        Assert.Contains(id, accepted.Out, StringComparison.Ordinal);
        Assert.Equal(4, closed.ExitCode);
        Assert.Contains("DecisionRefused", closed.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "run")]
    [InlineData(2, "run", "--scope", "*")]
    [InlineData(2, "run", "--all", "--apply")]
    [InlineData(2, "run", "--all", "--apply", "--reason", "r", "-o", "json")]
    [InlineData(2, "approve", "ZombieHold.0", "--reason", "")]
    [InlineData(2, "approve", "ZombieHold.0")]
    [InlineData(3, "show", "ZombieHold.0")]
    [InlineData(4, "approve", "ZombieHold.0", "--reason", "r")]
    [InlineData(2, "list", "--severity", "loud")]
    [InlineData(2, "list", "--limit", "0")]
    public async Task What_cannot_be_meant_is_refused_with_its_exit_code(int exitCode, params string[] arguments)
    {
        var run = await dev.RunAsync(["reconcile", .. arguments]);

        Assert.True(exitCode == run.ExitCode, $"{run}");
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_asks_for_all_of_a_scope_at_once_and_a_second_one_changes_nothing()
    {
        foreach (var line in (string[])["1", "2", "3"])
        {
            await dev.OkAsync(
                "reservation", "hold", "--pool", ReconciledDev.Pool, "--quantity", "1", "--id", $"many/{line}",
                "--order", "many");
        }
        await dev.OrderAsync("many", 1, "Cancelled", "many/1", 1);
        await Asked.UntilAsync(
            dev.Deployment, "v1/mismatches?order=many", a => a["mismatches"]!.AsArray().Count == 3);

        var first = await dev.OkAsync("reconcile", "run", "--scope", "many", "--apply", "--reason", "dead", "--yes");
        await Asked.UntilAsync(
            dev.Deployment, "v1/mismatches?order=many", a => a["mismatches"]!.AsArray().Count == 0);
        var again = await dev.OkAsync("reconcile", "run", "--scope", "many", "--apply", "--reason", "dead", "--yes");

        Assert.True(first.Out.Contains("RunFinished", StringComparison.Ordinal), $"{first}");
        Assert.Contains("RunFinished", again.Out, StringComparison.Ordinal);
        Assert.Equal("Released", await LastOfAsync("many/3"));
    }

    private Task<CommandLineRun> HoldAsync(string order, int quantity) => dev.OkAsync(
        "reservation", "hold", "--pool", ReconciledDev.Pool, "--quantity", $"{quantity}", "--id", $"{order}/1",
        "--order", order);

    private async Task<string> LastOfAsync(string reservation)
    {
        var history = await dev.OkAsync(
            "reservation", "history", "--pool", ReconciledDev.Pool, "--id", reservation, "-o", "json");
        return (string)JsonNode.Parse(history.Out)!.AsArray()[^1]!["event"]!;
    }
}
