using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Faults of the services around, injected into a real run: found, repaired once, proven.</summary>
public sealed class InjectedFaultTests(ReconciledDev dev) : IClassFixture<ReconciledDev>
{
    private const string Application = "allocation";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task An_event_that_a_service_missed_is_given_again_until_its_receipt_comes()
    {
        await dev.OkAsync(
            "reservation", "hold", "--pool", ReconciledDev.Pool, "--quantity", "1", "--id", "missed", "--order", "m-1");
        await dev.OkAsync(
            "reservation", "reassign", "--pool", ReconciledDev.Pool, "--id", "missed", "--to-order", "m-2");

        var id = await dev.FoundAsync("MissedEvent", ReconciledDev.Pool);
        await dev.StandsAsync(id, "Repairing");
        var redelivered = await dev.RecordsAsync("effects.redeliveries", ReconciledDev.Pool);
        var outcome = (string)(await dev.ShowAsync(id))["facts"]!["outcomeId"]!;
        await dev.SayAsync("effects.receipts", ReconciledDev.Pool, new JsonObject
        {
            ["receiptId"] = $"picking/{outcome}",
            ["outcomeId"] = outcome,
            ["service"] = "picking",
            ["result"] = "Applied",
        });
        await dev.StandsAsync(id, "Repaired");

        Assert.Contains("Reassigned", redelivered, StringComparison.Ordinal);
        Assert.Equal("picking", (string)(await dev.ShowAsync(id))["owner"]!);
    }

    [Fact]
    public async Task Units_that_left_without_a_promise_are_asked_for_and_a_count_settles_them()
    {
        await dev.OkAsync(
            "pool", "configure", "walk-in", "--kind", "stock", "--unit", "piece", "--snapshot-source", "wms");
        await dev.OkAsync(
            "pool", "supply", "set", "walk-in", "--quantity", "10", "--source", "wms", "--version", "1");
        await MoveAsync("walk-in", "Shipped", 2, 1);

        var id = await dev.FoundAsync("OrphanConsume", "walk-in");
        await dev.OkAsync("reconcile", "approve", id, "--reason", "ask the warehouse");
        await dev.StandsAsync(id, "Repairing");
        var asked = await dev.RecordsAsync("supply.requests", "walk-in");
        await dev.SayAsync("supply.stock", "walk-in", new JsonObject
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

        var id = await dev.FoundAsync("SupplyGap", "gaps");
        await MoveAsync("gaps", "Received", 5, 2);
        await dev.StandsAsync(id, "ClosedBySelf");
    }

    [Fact]
    public async Task A_command_that_was_never_read_is_sent_again_once_and_one_that_was_read_late_is_none()
    {
        const string pool = "skipped";
        await dev.OkAsync("pool", "configure", pool, "--kind", "stock", "--unit", "piece");
        await dev.OkAsync("pool", "supply", "set", pool, "--quantity", "10");
        using var client = new CommandClient(dev.Deployment);
        var late = client.Encode(CommandClient.Command("late", pool, CommandClient.Hold("late", 1)));
        var lost = client.Encode(CommandClient.Command("lost", pool, CommandClient.Hold("lost", 1)));

        await dev.WhileAwayAsync(() => WriteAsync(client, pool, late));
        await Asked.UntilAsync(dev.Deployment, $"v1/reservations/{pool}/late", a => (string?)a["status"] == "Held");
        // Whoever resets offsets while nobody decides: what lies between is never read.
        await dev.WhileAwayAsync(async () => await MovePastAsync(await WriteAsync(client, pool, lost)));
        var id = await dev.FoundAsync("UnansweredCommand", pool);
        await dev.StandsAsync(id, "Repaired");

        var mismatch = await dev.ShowAsync(id);
        Assert.Equal(("skipped/lost", 1_000), ((string)mismatch["scope"]!["id"]!, (int)mismatch["toleranceMs"]!));
        // The class, and the grace of what outcomes take to be read.
        Assert.InRange(OpenedAfter(mismatch), TimeSpan.FromSeconds(1 + 30), TimeSpan.MaxValue);
        Assert.Equal(["Opened", "Approved", "RepairSent", "Repaired"], ReconciledDev.Kinds(mismatch));
        Assert.Equal(["Held"], await HistoryAsync(pool, "lost"));
        Assert.Equal(["Held"], await HistoryAsync(pool, "late"));
        // It was due first, in the same partition.
        Assert.Empty(await MismatchesAsync("settled=true&scope=skipped/late"));
        Assert.Empty(await MismatchesAsync($"pool={pool}"));
    }

    [Fact]
    public async Task A_second_writer_is_found_at_once_and_two_people_freeze_its_pool_once_and_no_other()
    {
        // Of one partition, whose outcomes are compared in their order.
        var pools = Enumerable.Range(0, 100).Select(number => $"older/{number}")
            .GroupBy(CommandClient.PartitionOf).First(g => g.Count() > 1).ToList();
        var (ours, theirs) = (pools[0], pools[1]);
        await dev.OkAsync(
            "authority", "transfer", "older/*", "--mode", "authoritative", "--owner", "alloc", "--epoch", "1");
        foreach (var pool in (string[])[ours, theirs])
        {
            await dev.OkAsync("pool", "configure", pool, "--kind", "stock", "--unit", "piece");
            await dev.OkAsync("pool", "supply", "set", pool, "--quantity", "10");
        }

        await dev.OkAsync(
            "reservation", "hold", "--pool", ours, "--quantity", "1", "--id", "present", "--epoch", "1");
        var past = await dev.RunAsync(
            "reservation", "hold", "--pool", theirs, "--quantity", "1", "--id", "past", "--epoch", "0");
        var id = await dev.FoundAsync("DualWriter", theirs);
        var first = await dev.OkAsync("reconcile", "approve", id, "--reason", "it goes on", "--actor", "kim");
        await dev.OkAsync("reconcile", "approve", id, "--reason", "I saw it", "--actor", "lee");
        await dev.StandsAsync(id, "Repaired");

        var mismatch = await dev.ShowAsync(id);
        var after = await dev.RunAsync("reservation", "hold", "--pool", theirs, "--quantity", "1", "--id", "after");
        Assert.Equal((4, 4), (past.ExitCode, after.ExitCode));
        Assert.Contains("another person must approve it", first.Out, StringComparison.Ordinal);
        Assert.Equal((theirs, 0), ((string)mismatch["scope"]!["id"]!, (int)mismatch["toleranceMs"]!));
        Assert.InRange(OpenedAfter(mismatch), TimeSpan.Zero, TimeSpan.MaxValue);
        Assert.Equal(
            ["Opened", "Proposed", "Proposed", "Approved", "RepairSent", "Repaired"], ReconciledDev.Kinds(mismatch));
        await dev.OkAsync("reservation", "confirm", "--pool", ours, "--id", "present");
        Assert.Empty(await MismatchesAsync($"settled=true&scope={ours}"));
        Assert.Empty(await MismatchesAsync($"pool={ours}"));
    }

    private static Task<TopicPartitionOffset> WriteAsync(CommandClient client, string pool, byte[] command) =>
        client.WriteAsync(Encoding.UTF8.GetBytes(pool), command, CommandClient.PartitionOf(pool));

    // The broker counts who was killed as a member of the group for a while.
    private async Task MovePastAsync(TopicPartitionOffset record)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = dev.Deployment.Bootstrap,
            GroupId = Application,
            EnableAutoCommit = false,
        }).Build();
        var next = new TopicPartitionOffset(record.TopicPartition, record.Offset + 1);
        consumer.Assign(next);
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                consumer.Commit([next]);
                return;
            }
            catch (KafkaException e) when (e.Error.Code is ErrorCode.UnknownMemberId or ErrorCode.IllegalGeneration
                or ErrorCode.RebalanceInProgress)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{e.Error}");
                await Task.Delay(500, TestContext.Current.CancellationToken);
            }
        }
    }

    // By the times of the records, whoever was slow to look.
    private static TimeSpan OpenedAfter(JsonNode mismatch) =>
        (DateTimeOffset)mismatch["openedAt"]! - (DateTimeOffset)mismatch["since"]!;

    private async Task<IEnumerable<string>> HistoryAsync(string pool, string reservation)
    {
        var history = await dev.OkAsync(
            "reservation", "history", "--pool", pool, "--id", reservation, "-o", "json");
        return JsonNode.Parse(history.Out)!.AsArray().Select(e => (string)e!["event"]!);
    }

    private async Task<JsonArray> MismatchesAsync(string query) =>
        (await Asked.UntilAsync(dev.Deployment, $"v1/mismatches?{query}", _ => true))["mismatches"]!.AsArray();

    private Task MoveAsync(string pool, string kind, int quantity, int sequence) => dev.SayAsync(
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
}
