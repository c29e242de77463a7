using System.Text.Json.Nodes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// <c>alloc explain</c> of an order and of a reservation names the mismatches of it: what is open, and what lately was.
/// </summary>
public sealed class ExplainMismatchesTests(ReconciledDev dev) : IClassFixture<ReconciledDev>
{
    [Fact]
    public async Task An_open_one_is_named_with_what_is_safe_and_its_runbook_for_the_order_and_for_the_reservation()
    {
        await HoldAsync("seen");
        await dev.OrderAsync("seen", 1, "Cancelled", "seen/1", 1);
        var id = await dev.MismatchOfAsync("seen");

        var order = await dev.OkAsync("explain", "seen");
        var reservation = await dev.OkAsync("explain", "seen/1", "--pool", ReconciledDev.Pool);
        var data = JsonNode.Parse((await dev.OkAsync("explain", "seen", "-o", "json")).Out)!;
        var dataOfOne = JsonNode.Parse(
            (await dev.OkAsync("explain", "seen/1", "--pool", ReconciledDev.Pool, "-o", "json")).Out)!;

        foreach (var text in (string[])[order.Out, reservation.Out])
        {
            Assert.Contains($"≠ ZombieHold  {id}  Proposed", text, StringComparison.Ordinal);
            Assert.Contains("ago (", text, StringComparison.Ordinal);
            Assert.Contains("seen version 1 is Cancelled.", text, StringComparison.Ordinal);
            Assert.Contains("safe       release the held units of seen/1", text, StringComparison.Ordinal);
            Assert.Contains("docs/runbooks/MismatchOpen.md, for orders", text, StringComparison.Ordinal);
        }
        foreach (var json in (JsonNode[])[data, dataOfOne])
        {
            var mismatch = Assert.Single(json["mismatches"]!.AsArray())!;
            Assert.Equal((id, "Proposed"), ((string)mismatch["mismatchId"]!, (string)mismatch["state"]!));
            Assert.StartsWith(
                "release the held units", (string?)mismatch["repair"]!["summary"], StringComparison.Ordinal);
            Assert.Null(json["mismatchesUnknown"]);
        }
    }

    [Fact]
    public async Task One_that_is_over_is_named_as_such_and_one_that_is_meant_asks_for_nothing()
    {
        await HoldAsync("over");
        await dev.OrderAsync("over", 1, "Failed", "over/1", 1);
        var id = await dev.MismatchOfAsync("over");
        await dev.OkAsync("reconcile", "accept", id, "--reason", "a gift", "--until", "+1h");

        var meant = await dev.OkAsync("explain", "over");
        await dev.OkAsync(
            "reservation", "release", "--pool", ReconciledDev.Pool, "--id", "over/1", "--reason", "gone");
        await dev.StandsAsync(id, "ClosedBySelf");
        var over = await dev.OkAsync("explain", "over");

        Assert.Contains($"≠ ZombieHold  {id}  Accepted", meant.Out, StringComparison.Ordinal);
        Assert.Contains("nothing is to be done: somebody says that it is meant", meant.Out, StringComparison.Ordinal);
        Assert.Contains($"≠ ZombieHold  {id}  ClosedBySelf", over.Out, StringComparison.Ordinal);
        Assert.Contains(", over ", over.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("runbook", over.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_order_that_nothing_was_ever_held_for_is_known_by_its_mismatch_alone()
    {
        await dev.OrderAsync("unheld", 1, "InventoryHoldPending", "unheld/1", 3);
        var id = await dev.MismatchOfAsync("unheld");

        var run = await dev.OkAsync("explain", "unheld");

        Assert.Contains($"≠ OrderWithoutReservation  {id}  Open", run.Out, StringComparison.Ordinal);
        Assert.Contains("safe       nothing by rule: ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_settled_is_listed_of_an_order_or_a_scope_and_of_nothing_less()
    {
        using var http = new HttpClient { BaseAddress = new Uri(dev.Deployment.Console!) };
        var cancellation = TestContext.Current.CancellationToken;

        using var all = await http.GetAsync("v1/mismatches?settled=true", cancellation);
        using var one = await http.GetAsync("v1/mismatches?settled=true&scope=nothing&whole=true", cancellation);

        Assert.Equal((400, 200), ((int)all.StatusCode, (int)one.StatusCode));
        Assert.Contains("?scope=", await all.Content.ReadAsStringAsync(cancellation), StringComparison.Ordinal);
    }

    private async Task HoldAsync(string order) => await dev.OkAsync(
        "reservation", "hold", "--pool", ReconciledDev.Pool, "--quantity", "1", "--id", $"{order}/1", "--order", order);
}
