using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Host;
using Alloc.Host.Roles;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Workflow;
using Alloc.Tests.Support;

namespace Host.Tests;

/// <summary>
/// What an instance says about ages, beside what is known to be true: when the broker took each record, whatever the
/// clocks of those who wrote it, however partitions are filled, and whoever stands still.
/// </summary>
[Collection("instances")]
public sealed class WaitingAgesTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(240);
    private static readonly HashSet<InstanceRole> Roles = [InstanceRole.Backlog];
    private OneInstance services = null!;
    private StageWriter writer = null!;
    private AllocationHost host = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clocks_of_writers_that_are_an_hour_off_change_no_age_and_raise_no_alert()
    {
        // Ten minutes are agreed here: an hour to either side would be a breach, or an age below nothing.
        const string Stage = "AuthorizationPending";
        TimeSpan[] clocks = [TimeSpan.FromHours(-1), TimeSpan.Zero, TimeSpan.FromHours(1)];
        var truth = new List<Written>();
        for (var n = 0; n < 30; n++)
        {
            truth.Add(await writer.WriteAsync($"clock-{n}", Stage, StageEventKind.Entered, clocks[n % 3]));
        }
        for (var n = 0; n < 12; n++)
        {
            await writer.WriteAsync($"clock-{n}", Stage, StageEventKind.Left, clocks[(n + 1) % 3]);
        }

        var status = await StageAsync(Stage, s => Count(s["waiting"]) == 18 && Count(s["completed"]) == 12);

        CheckPartitions(status, truth[12..]);
        Assert.Equal(0, Count(status["breached"]));
        Assert.Equal(0, Count(status["completedLate"]));
        var ages = truth[12..].Select(w => AtMs(status["at"]) - w.AtMs).Order().ToList();
        Assert.InRange(Count(status["ageP50Ms"]), ages[8], ages[8] + 1_000);
        Assert.InRange(Count(status["ageP99Ms"]), ages[^1], ages[^1] + 1_000);
        Assert.Empty(writer.Alerts());
    }

    [Fact]
    public async Task Partitions_that_are_filled_a_hundred_to_one_have_each_their_own_age()
    {
        const string Stage = "ReadyForFulfillment";
        var truth = new List<Written>();
        foreach (var partition in (int[])[3, 0, 1, 2])
        {
            for (var n = 0; n < (partition == 3 ? 300 : 3); n++)
            {
                var work = StageWriter.WorkIn(partition, $"skew-{n}-");
                truth.Add(await writer.WriteAsync(work, Stage, StageEventKind.Entered));
            }
        }
        // The oldest of the full partition go: its age is now of others.
        foreach (var done in truth[..100])
        {
            await writer.WriteAsync(done.WorkId, Stage, StageEventKind.Left);
        }

        var status = await StageAsync(Stage, s => Count(s["waiting"]) == 209 && Count(s["completed"]) == 100);

        CheckPartitions(status, truth[100..]);
        Assert.Equal(200 / (209 / 4.0), (double)status["skew"]!, 3);
    }

    [Fact]
    public async Task What_entered_and_left_while_nobody_read_has_its_true_age_afterwards()
    {
        const string Stage = "InFulfillment";
        var truth = new List<Written>();
        for (var n = 0; n < 10; n++)
        {
            truth.Add(await writer.WriteAsync($"still-{n}", Stage, StageEventKind.Entered));
        }
        await StageAsync(Stage, s => Count(s["waiting"]) == 10);
        await host.DisposeAsync();
        for (var n = 10; n < 20; n++)
        {
            truth.Add(await writer.WriteAsync($"still-{n}", Stage, StageEventKind.Entered));
        }
        for (var n = 5; n < 15; n++)
        {
            await writer.WriteAsync($"still-{n}", Stage, StageEventKind.Left);
        }

        host = await services.StartHostAsync("first", services.Client, roles: Roles);
        var status = await StageAsync(Stage, s => Count(s["waiting"]) == 10 && Count(s["completed"]) == 10);

        CheckPartitions(status, [.. truth[..5], .. truth[15..]]);
        Assert.Equal(0, Count(status["completedLate"]));
    }

    [Fact]
    public async Task A_left_that_an_open_transaction_hides_is_overtaken_by_no_alert()
    {
        // Half a minute is agreed here.
        const string Stage = "InventoryHoldPending";
        const int Held = 2, Open = 1;
        var inTime = StageWriter.WorkIn(Held, "in-time");
        var hidden = StageWriter.WorkIn(Held, "hidden");
        var late = StageWriter.WorkIn(Open, "late");
        using var transaction = writer.PrepareTransaction("hides");
        await writer.WriteAsync(inTime, Stage, StageEventKind.Entered);
        transaction.BeginTransaction();
        var hiddenSince = await writer.WriteAsync(hidden, Stage, StageEventKind.Entered, through: transaction);
        await writer.WriteAsync(inTime, Stage, StageEventKind.Left);
        await writer.WriteAsync(late, Stage, StageEventKind.Entered);

        // The other partition knows that its time is up: so much time has passed for all of them.
        var alerts = await AlertsAsync(a => a.Any(x => x.WorkId == late));
        var before = await StageAsync(Stage, s => Partition(s, Held) is { } p
            && (double?)p["watermarkAgeSeconds"] > 30);
        transaction.CommitTransaction(TimeSpan.FromSeconds(60));
        var after = await StageAsync(Stage, s => Count(s["completed"]) == 1);

        Assert.Equal((late, AgingKind.Overdue), (Assert.Single(alerts).WorkId, alerts[0].Kind));
        Assert.Equal(1, Count(Partition(before, Held)!["waiting"]));
        Assert.Equal(0, Count(after["completedLate"]));
        Assert.Equal(1, Count(Partition(after, Held)!["waiting"]));
        Assert.Equal(hiddenSince.AtMs, AtMs(Partition(after, Held)!["oldestEnteredAt"]));
        Assert.DoesNotContain(await AlertsAsync(a => a.Any(x => x.WorkId == hidden)), x => x.WorkId == inTime);
    }

    public async ValueTask InitializeAsync()
    {
        services = await OneInstance.StartServicesOnlyAsync();
        host = await services.StartHostAsync("first", services.Client, roles: Roles);
        writer = await StageWriter.StartAsync(services.Client, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        writer.Dispose();
        await host.DisposeAsync();
        await services.DisposeAsync();
    }

    /// <summary>Every partition counts what waits there and dates the oldest by when the broker took it.</summary>
    private static void CheckPartitions(JsonNode status, IReadOnlyList<Written> waiting)
    {
        for (var partition = 0; partition < StageWriter.PartitionCount; partition++)
        {
            var there = waiting.Where(w => w.Partition == partition).ToList();
            var said = Partition(status, partition)!;
            Assert.Equal(there.Count, Count(said["waiting"]));
            if (there.Count > 0)
            {
                Assert.Equal(there.Min(w => w.AtMs), AtMs(said["oldestEnteredAt"]));
            }
        }
        Assert.Equal(waiting.Min(w => w.AtMs), AtMs(status["oldestEnteredAt"]));
        Assert.Equal(
            (AtMs(status["at"]) - waiting.Min(w => w.AtMs)) / 1_000.0, (double)status["oldestAgeSeconds"]!, 1);
    }

    private static JsonNode? Partition(JsonNode status, int partition) =>
        status["partitions"]!.AsArray().SingleOrDefault(p => (int)p!["partition"]! == partition);

    private static long Count(JsonNode? value) => (long)value!;

    private static long AtMs(JsonNode? time) => DateTimeOffset.Parse(
        (string)time!, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

    private async Task<JsonNode> StageAsync(string stage, Func<JsonNode, bool> isExpected)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.ConsolePort}") };
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(new Uri($"v1/stages/{stage}", UriKind.Relative), Cancellation);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            if (answer.StatusCode == HttpStatusCode.OK && (bool?)body["partial"] == false && isExpected(body))
            {
                return body;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{stage}: {answer.StatusCode} {body}");
            await Task.Delay(100, Cancellation);
        }
    }

    private async Task<List<AgingAlert>> AlertsAsync(Func<List<AgingAlert>, bool> isExpected)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var alerts = writer.Alerts();
            if (isExpected(alerts))
            {
                return alerts;
            }
            Assert.True(
                TimeProvider.System.GetElapsedTime(begun) < Deadline, string.Join('\n', alerts.Select(a => a.WorkId)));
            await Task.Delay(500, Cancellation);
        }
    }
}
