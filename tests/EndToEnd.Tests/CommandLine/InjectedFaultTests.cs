using System.Text.Json.Nodes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Faults of the services around, injected into a real run: found, repaired once, proven.</summary>
public sealed class InjectedFaultTests(ReconciledDev dev) : IClassFixture<ReconciledDev>
{
    [Fact]
    public async Task An_event_that_a_service_missed_is_given_again_until_its_receipt_comes()
    {
        await dev.OkAsync(
            "reservation", "hold", "--pool", ReconciledDev.Pool, "--quantity", "1", "--id", "missed", "--order", "m-1");
        await dev.OkAsync(
            "reservation", "reassign", "--pool", ReconciledDev.Pool, "--id", "missed", "--to-order", "m-2");

        var id = await FoundAsync("MissedEvent", ReconciledDev.Pool);
        await dev.StandsAsync(id, "Repairing");
        var redelivered = await RecordsAsync("effects.redeliveries", ReconciledDev.Pool);
        var outcome = (string)(await ShowAsync(id))["facts"]!["outcomeId"]!;
        await SayAsync("effects.receipts", ReconciledDev.Pool, new JsonObject
        {
            ["receiptId"] = $"picking/{outcome}",
            ["outcomeId"] = outcome,
            ["service"] = "picking",
            ["result"] = "Applied",
        });
        await dev.StandsAsync(id, "Repaired");

        Assert.Contains("Reassigned", redelivered, StringComparison.Ordinal);
        Assert.Equal("picking", (string)(await ShowAsync(id))["owner"]!);
    }

    [Fact]
    public async Task Units_that_left_without_a_promise_are_asked_for_and_a_count_settles_them()
    {
        await dev.OkAsync(
            "pool", "configure", "walk-in", "--kind", "stock", "--unit", "piece", "--snapshot-source", "wms");
        await dev.OkAsync(
            "pool", "supply", "set", "walk-in", "--quantity", "10", "--source", "wms", "--version", "1");
        await MoveAsync("walk-in", "Shipped", 2, 1);

        var id = await FoundAsync("OrphanConsume", "walk-in");
        await dev.OkAsync("reconcile", "approve", id, "--reason", "ask the warehouse");
        await dev.StandsAsync(id, "Repairing");
        var asked = await RecordsAsync("supply.requests", "walk-in");
        await SayAsync("supply.stock", "walk-in", new JsonObject
        {
            ["poolId"] = "walk-in",
            ["source"] = "wms",
            ["version"] = 9,
            ["quantity"] = 8,
            ["takenAt"] = "2027-01-01T00:00:00Z",
        });
        await dev.StandsAsync(id, "Repaired");

        Assert.Contains("Snapshot", asked, StringComparison.Ordinal);
        Assert.Contains(id, asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Facts_of_a_warehouse_that_are_missing_are_found_and_end_when_they_come()
    {
        await dev.OkAsync("pool", "configure", "gaps", "--kind", "stock", "--unit", "piece");
        await MoveAsync("gaps", "Received", 5, 1);
        await MoveAsync("gaps", "Received", 5, 3);

        var id = await FoundAsync("SupplyGap", "gaps");
        await MoveAsync("gaps", "Received", 5, 2);
        await dev.StandsAsync(id, "ClosedBySelf");
    }

    private async Task<string> FoundAsync(string mismatch, string pool)
    {
        var answer = await Asked.UntilAsync(
            dev.Deployment, $"v1/mismatches?class={mismatch}&pool={pool}",
            a => a["mismatches"]!.AsArray().Count > 0);
        return (string)answer["mismatches"]![0]!["mismatchId"]!;
    }

    private async Task<JsonNode> ShowAsync(string mismatch) =>
        JsonNode.Parse((await dev.OkAsync("reconcile", "show", mismatch, "-o", "json")).Out)!;

    private async Task<string> RecordsAsync(string topic, string key) =>
        (await dev.OkAsync("topic", "tail", topic, "--key", key, "-o", "jsonl")).Out;

    private Task MoveAsync(string pool, string kind, int quantity, int sequence) => SayAsync(
        "warehouse.movements", pool, new JsonObject
        {
            ["movementId"] = $"{pool}-{sequence}",
            ["poolId"] = pool,
            ["kind"] = kind,
            ["quantity"] = quantity,
            ["source"] = "wms",
            ["sourceSequence"] = sequence,
            ["occurredAt"] = "2027-01-01T00:00:00Z",
        });

    private async Task SayAsync(string topic, string key, JsonObject record)
    {
        var run = await CommandLineRun.OfAsync(
            ["topic", "produce", topic, "--key", key, .. dev.Deployment.Options], record.ToJsonString());
        Assert.True(run.ExitCode == 0, $"{run}");
    }
}
