using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Host.Metrics;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Topology;

/// <summary>What the metrics of allocation say after commands whose answers are known.</summary>
public sealed class AllocationMetricsTests : IDisposable
{
    private const string Prefix = "AllocationMetricsTests.";
    private readonly Meter meter = new(Prefix + Guid.NewGuid());
    private readonly PrometheusMetrics exporter;
    private readonly AllocationDriver alloc;
    private PolicyApplication? applied;

    public AllocationMetricsTests()
    {
        exporter = new PrometheusMetrics(meter.Name);
        alloc = new AllocationDriver(instruments: new AllocationInstruments(meter), appliedPolicy: () => applied);
    }

    public void Dispose()
    {
        alloc.Dispose();
        exporter.Dispose();
        meter.Dispose();
    }

    [Fact]
    public void Commands_are_counted_by_kind_outcome_and_first_reason()
    {
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", Hold("a", 3));
        alloc.Send("bolts", Hold("b", 4));
        alloc.Send("bolts", Hold("c", 5));
        alloc.Send(
            "bolts", new AllocationCommandBody.Release { ReservationId = "a", Quantity = 4, Reason = "Cancelled" });

        var scrape = Scrape();

        Assert.Equal(2, scrape["alloc_commands_total{command=\"Hold\",outcome=\"Held\",reason=\"\"}"]);
        Assert.Equal(1,
            scrape["alloc_commands_total{command=\"Hold\",outcome=\"Rejected\",reason=\"InsufficientAvailability\"}"]);
        Assert.Equal(1, scrape["alloc_release_failures_total{reason=\"ExceedsHeld\"}"]);
        Assert.Equal(2, scrape["alloc_holds_created_total"]);
    }

    [Fact]
    public void A_repeat_is_counted_as_a_duplicate_and_as_nothing_else()
    {
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", Hold("a", 3), commandId: "once");
        alloc.Send("bolts", Hold("a", 3), commandId: "once");

        var scrape = Scrape();

        Assert.Equal(1, scrape["alloc_duplicate_commands_total{kind=\"Hold\"}"]);
        Assert.Equal(1, scrape["alloc_commands_total{command=\"Hold\",outcome=\"Held\",reason=\"\"}"]);
        Assert.Equal(1, scrape["alloc_holds_created_total"]);
    }

    [Fact]
    public void An_expiry_is_counted_with_its_lateness()
    {
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 3, TtlMs = 60_000 });

        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(63));
        var scrape = Scrape();

        Assert.Equal(1, scrape["alloc_holds_expired_total"]);
        Assert.Equal(
            (1, 3), (scrape["alloc_expiry_lateness_seconds_count"], scrape["alloc_expiry_lateness_seconds_sum"]));
    }

    [Fact]
    public void A_confirmation_is_counted_by_channel_with_the_time_since_its_units_were_granted()
    {
        alloc.Stock("bolts", 10);
        foreach (var (id, channel) in new[] { ("a", "web"), ("b", "dealer"), ("c", null), ("refused", "web") })
        {
            SendFrom(channel, Hold(id, 2));
        }
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(40));
        SendFrom("dealer", new AllocationCommandBody.Confirm { ReservationId = "a" });
        SendFrom("dealer", new AllocationCommandBody.Confirm { ReservationId = "a" }, commandId: "again");
        SendFrom("dealer", new AllocationCommandBody.Confirm { ReservationId = "a" }, commandId: "again");
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(20));
        SendFrom("dealer", new AllocationCommandBody.Confirm { ReservationId = "b" });
        SendFrom(null, new AllocationCommandBody.Confirm { ReservationId = "c" });
        SendFrom("web", new AllocationCommandBody.Confirm { ReservationId = "refused", Quantity = 3 });

        var scrape = Scrape();

        foreach (var (channel, seconds) in new[] { ("web", 40), ("dealer", 60), ("", 60) })
        {
            Assert.Equal(
                (1, seconds),
                (scrape[$"alloc_confirmation_duration_seconds_count{{channel=\"{channel}\"}}"],
                    scrape[$"alloc_confirmation_duration_seconds_sum{{channel=\"{channel}\"}}"]));
        }
    }

    [Fact]
    public void Channels_that_are_made_up_share_one_series()
    {
        alloc.Stock("bolts", 100);
        for (var n = 0; n < 30; n++)
        {
            SendFrom($"channel-{n}", Hold($"r{n}", 1));
            SendFrom($"channel-{n}", new AllocationCommandBody.Confirm { ReservationId = $"r{n}" });
        }

        var counts = Scrape().Where(s => s.Key.StartsWith(
            "alloc_confirmation_duration_seconds_count", StringComparison.Ordinal)).ToDictionary();

        Assert.Equal(BoundedNames.Most + 1, counts.Count);
        Assert.Equal(10, counts[$"alloc_confirmation_duration_seconds_count{{channel=\"{BoundedNames.Other}\"}}"]);
        Assert.Equal(30, counts.Values.Sum());
    }

    [Fact]
    public void A_decision_that_contradicts_the_ledger_stops_its_task_and_is_counted_from_zero_on()
    {
        const string series = "alloc_invariant_violations_total";
        alloc.Stock("bolts", 10);
        Assert.Equal(0, Scrape()[series]);
        var pools = alloc.Driver.GetStore<IKeyValueStore<string, PoolState>>(AllocationStores.Pools);
        var pool = pools.Get("bolts")!;
        pools.Put("bolts", pool with { Balances = pool.Balances with { Free = 11 } });

        var stopped = Assert.Throws<StreamsException>(() => alloc.Send("bolts", Hold("a", 3)));

        Assert.Contains("the balances do not sum to zero", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(1, Read()[series]);
    }

    [Fact]
    public void Units_promised_beyond_supply_show_until_they_are_there_again()
    {
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", Hold("a", 8));
        alloc.Send(
            "bolts", new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 2, Quantity = -5 });
        var deficit = "alloc_pool_deficit_units{partition=\"0\"}";
        Assert.Equal(3, Scrape()[deficit]);

        alloc.Send(
            "bolts", new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 3, Quantity = 3 });
        Assert.Equal(0, Scrape()[deficit]);
    }

    [Fact]
    public void A_fact_about_supply_that_changes_nothing_is_counted_by_reason()
    {
        alloc.Stock("bolts", 10);
        alloc.Send(
            "bolts", new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = 10 });

        Assert.Equal(1, Scrape()["alloc_supply_ignored_total{reason=\"Duplicate\"}"]);
    }

    [Fact]
    public void A_command_takes_from_its_append_to_the_commit_of_its_answer()
    {
        alloc.Driver.CommitsEachRecord = false;
        alloc.Stock("bolts", 10);
        var before = Scrape().GetValueOrDefault("alloc_command_duration_seconds_count"); // takes the interval: a second

        alloc.Driver.AdvanceWallClock(TimeSpan.FromMilliseconds(400));
        alloc.Send("bolts", Hold("a", 3));
        alloc.Driver.AdvanceWallClock(TimeSpan.FromMilliseconds(100));
        alloc.Driver.Commit();
        var after = Scrape();

        Assert.Equal(0, before);
        Assert.Equal(3, after["alloc_command_duration_seconds_count"]);
        Assert.Equal(1.5 + 1.5 + 0.1, after["alloc_command_duration_seconds_sum"], 6);
        Assert.Equal(1, after["alloc_command_duration_seconds_bucket{le=\"0.1\"}"]);
        Assert.Equal(3, after["alloc_command_duration_seconds_bucket{le=\"2.5\"}"]);
    }

    [Fact]
    public void A_tick_is_no_command()
    {
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 3, TtlMs = 60_000 });
        var before = Scrape()["alloc_command_duration_seconds_count"];

        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(60));

        Assert.IsType<AllocationOutcomeEvent.Expired>(alloc.Outcomes()[^1].Event);
        Assert.Equal(before, Scrape()["alloc_command_duration_seconds_count"]);
    }

    [Fact]
    public void A_policy_that_a_partition_refuses_is_counted_by_reason_from_zero_on()
    {
        Assert.Equal(0, Scrape()["alloc_policies_refused_total{reason=\"PolicyConflict\"}"]);

        Activate(1, minutes: 5);
        Activate(1, minutes: 6);
        Activate(1, minutes: 5);
        alloc.Send(ReservedKeys.Policy, Activation(2, minutes: 7) with { Document = "{}" });
        var scrape = Scrape();

        Assert.Equal(1, scrape["alloc_policies_refused_total{reason=\"PolicyConflict\"}"]);
        Assert.Equal(1, scrape["alloc_policies_refused_total{reason=\"InvalidPolicy\"}"]);
        Assert.Equal(1, scrape["alloc_policy_version{partition=\"0\"}"]);
    }

    [Fact]
    public void A_policy_that_was_applied_and_not_taken_shows_for_how_long()
    {
        const string series = "alloc_policy_untaken_seconds{partition=\"0\"}";
        Assert.Equal(0, Scrape()[series]);

        applied = new PolicyApplication(1, alloc.Driver.NowMs);
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(200));
        Assert.Equal(201, Scrape()[series]);

        Activate(1, minutes: 5);
        Assert.Equal(0, Scrape()[series]);
    }

    private void Activate(int version, int minutes) =>
        alloc.Send(ReservedKeys.Policy, Activation(version, minutes));

    private AllocationCommandBody.PolicyActivate Activation(int version, int minutes)
    {
        var row = PolicyVersions.Version0.TtlTable[0] with { DefaultMs = minutes * 60_000 };
        var document = PolicyDocument.Write(PolicyVersions.Version0 with { Version = version, TtlTable = [row] });
        return new AllocationCommandBody.PolicyActivate
        {
            Document = document,
            Version = version,
            ContentHash = PolicyDocument.HashOf(document),
            EffectiveAtMs = alloc.Driver.NowMs,
        };
    }

    private static AllocationCommandBody.Hold Hold(string id, long quantity) =>
        new() { ReservationId = id, Quantity = quantity };

    private void SendFrom(string? channel, AllocationCommandBody body, string? commandId = null)
    {
        var command = alloc.Command("bolts", body, commandId);
        alloc.Pipe("bolts"u8.ToArray(), alloc.Bytes(command with { Actor = command.Actor with { Channel = channel } }));
    }

    /// <summary>Lets the tallies be published and reads every series.</summary>
    private Dictionary<string, double> Scrape()
    {
        alloc.Driver.AdvanceWallClock(AllocationMetrics.Interval);
        return Read();
    }

    private Dictionary<string, double> Read()
    {
        using var output = new MemoryStream();
        exporter.WriteAsync(output, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        return Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .ToDictionary(
                line => line[..line.LastIndexOf(' ')],
                line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
