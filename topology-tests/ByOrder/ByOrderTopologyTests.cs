using System.Diagnostics.Metrics;
using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.ByOrder;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;
using Topology.Tests.Topology;

namespace Topology.Tests.ByOrder;

/// <summary>What outcomes mean for orders.</summary>
public sealed class ByOrderTopologyTests : IDisposable
{
    private readonly ByOrderDriver driver = new();

    public void Dispose() => driver.Dispose();

    [Fact]
    public void Hold_of_an_order_is_told_under_its_key_with_the_time_of_the_outcome()
    {
        driver.Stock("bolts", 10);
        var command = driver.Allocation.Command("bolts", Hold("o2/1", "o2", 3)) with { CorrelationId = "order/o2" };
        driver.Allocation.Pipe("bolts"u8.ToArray(), driver.Allocation.Bytes(command));

        var (record, key, told) = Assert.Single(driver.Records());

        Assert.Equal(("o2", "o2", OrderRole.Owner, "bolts", "Held"),
            (key, told.OrderRef, told.Role, told.PoolId, told.Event));
        Assert.Equal($"bolts#{told.Sequence}", told.OutcomeId);
        Assert.Equal((command.CommandId, true, null, "order/o2"),
            (told.CommandId, told.Original, told.DuplicateOf, told.CorrelationId));
        Assert.Equal((told.TMs, AllocationDriver.StartMs), (record.TimestampMs, record.TimestampMs));
        Assert.Equal(Murmur2.Partition(Encoding.UTF8.GetBytes("o2"), 3), record.Partition);
        var reservation = Assert.Single(told.Reservations);
        Assert.Equal(("o2/1", 3, 1), (reservation.ReservationId, reservation.Held, reservation.Version));
        Assert.Equal(told.TMs + 900_000, reservation.ExpiresAtMs);
    }

    [Fact]
    public void All_lines_of_a_request_are_told_at_once()
    {
        driver.Stock("bolts", 10);

        var told = driver.Send("bolts", new AllocationCommandBody.Hold
        {
            Mode = HoldMode.AllOrNothing,
            OrderRef = "o1",
            Lines =
            [
                new HoldLine { ReservationId = "o1/1", Quantity = 1 },
                new HoldLine { ReservationId = "o1/2", Quantity = 2 },
            ],
        });

        Assert.Equal(["o1/1:1", "o1/2:2"], Assert.Single(told).Reservations.Select(r => $"{r.ReservationId}:{r.Held}"));
    }

    [Fact]
    public void Former_order_learns_of_a_reassignment_too()
    {
        driver.Stock("bolts", 10);
        driver.Send("bolts", Hold("r", "old", 2));

        var told = driver.Send("bolts", new AllocationCommandBody.Reassign { ReservationId = "r", ToOrderRef = "new" });

        Assert.Equal(
            [("new", OrderRole.Owner, "r"), ("old", OrderRole.FormerOwner, "r")],
            told.Select(t => (t.OrderRef, t.Role, Assert.Single(t.Reservations).ReservationId)));
        Assert.Single(told.Select(t => t.OutcomeId).Distinct());
    }

    [Fact]
    public void Reassignment_to_another_customer_of_the_same_order_has_no_former_order()
    {
        driver.Stock("bolts", 10);
        driver.Send("bolts", Hold("r", "o1"));

        var told = driver.Send(
            "bolts", new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "bo" });

        Assert.Equal([("o1", OrderRole.Owner)], told.Select(t => (t.OrderRef, t.Role)));
    }

    [Fact]
    public void Rejected_hold_is_told_to_its_order_with_the_reasons()
    {
        driver.Stock("bolts", 1);

        var told = Assert.Single(driver.Send("bolts", Hold("r", "o1", 5)));

        Assert.Equal(("o1", "Rejected"), (told.OrderRef, told.Event));
        Assert.Equal(["InsufficientAvailability"], told.Reasons);
    }

    [Theory]
    [InlineData("order/o9", "o9")]
    [InlineData("o9", null)]
    [InlineData("order/", null)]
    [InlineData("order/$mode", null)]
    public void Rejection_that_touches_nothing_goes_by_its_correlation(string correlationId, string? order)
    {
        driver.Stock("bolts", 1);

        var told = driver.Send(
            "bolts", new AllocationCommandBody.Extend { ReservationId = "nobody", TtlMs = 60_000 },
            correlationId: correlationId);

        Assert.Equal(order is null ? [] : [order], told.Select(t => t.OrderRef));
        Assert.All(told, t => Assert.Equal(
            ("UnknownReservation", 0), (Assert.Single(t.Reasons), t.Reservations.Count)));
    }

    [Fact]
    public void Repeat_is_marked_with_the_outcome_that_it_repeats()
    {
        driver.Stock("bolts", 10);
        var first = Assert.Single(driver.Send("bolts", Hold("r", "o1"), "c", "order/o1"));

        var again = Assert.Single(driver.Send("bolts", Hold("r", "o1"), "c", "order/o1"));

        Assert.Equal((true, null), (first.Original, first.DuplicateOf));
        Assert.Equal((false, first.OutcomeId, "Held"), (again.Original, again.DuplicateOf, again.Event));
        Assert.Empty(again.Reservations);
    }

    [Fact]
    public void Expiry_is_told_to_the_order_and_who_caused_it()
    {
        driver.Stock("bolts", 10);
        driver.Send("bolts", Hold("r", "o1") with { TtlMs = 60_000 });
        driver.Allocation.Driver.AdvanceWallClock(TimeSpan.FromMinutes(2));

        var told = Assert.Single(driver.Read());

        Assert.Equal(("o1", "Expired", null), (told.OrderRef, told.Event, told.CommandId));
        Assert.NotNull(told.CausedBy);
        Assert.Equal((0, 1), (Assert.Single(told.Reservations).Held, told.Reservations[0].Expired));
    }

    [Fact]
    public void What_belongs_to_no_order_is_told_to_nobody()
    {
        driver.Allocation.Stock("bolts", 10);
        Assert.Empty(driver.Read());

        Assert.Empty(driver.Send("bolts", Hold("cart", order: null)));
    }

    [Fact]
    public void Change_of_authority_is_told_to_every_partition_under_a_reserved_key()
    {
        driver.Send(ReservedKeys.Authority, new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "bolts*",
            Mode = AuthorityMode.Frozen,
            Owner = "alloc",
            NewEpoch = 4,
        });

        var log = Enumerable.Range(0, 3).Select(p => driver.Driver.Log("allocation.by-order", p)).ToList();

        Assert.All(log, records => Assert.Equal("$authority", Encoding.UTF8.GetString(Assert.Single(records).Key!)));
    }

    [Fact]
    public void Change_of_authority_says_which_slice_of_which_partition_has_which_mode()
    {
        var told = driver.Send(ReservedKeys.Authority, new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "bolts*",
            Mode = AuthorityMode.Frozen,
            Owner = "alloc",
            NewEpoch = 4,
        });

        Assert.Equal(3, told.Count);
        Assert.All(told, t =>
        {
            Assert.Equal(("$partition/0", "AuthorityChanged"), (t.PoolId, t.Event));
            Assert.Equal(
                new OrderAuthority { Slice = "bolts*", Mode = AuthorityMode.Frozen, Owner = "alloc", Epoch = 4 },
                t.Authority);
        });
    }

    [Theory]
    [InlineData("$authority")]
    [InlineData("")]
    public void Order_whose_reference_can_be_no_key_is_told_nothing_and_counted(string order)
    {
        driver.Stock("bolts", 10);
        var counted = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ByOrderInstruments.MeterName)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref counted, value));
        listener.Start();

        var told = driver.Send("bolts", Hold("r", order));

        Assert.Empty(told);
        Assert.True(counted > 0);
    }

    [Fact]
    public void Journal_with_a_record_without_a_value_stops_the_task()
    {
        var error = Assert.ThrowsAny<StreamsException>(() => driver.Pipe("bolts"u8.ToArray(), null, 1));

        Assert.Contains("without a value at allocation.outcomes-0@", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Topic_with_another_number_of_partitions_stops_the_task()
    {
        var options = new ByOrderOptions { PartitionCount = 2 };
        var registry = new InMemorySchemaRegistryClient();
        var serdes = new ByOrderSerdes(registry, options);
        using var built = new TopologyTestDriver(
            ByOrderTopology.Build(options, serdes), AllocationDriver.StartMs);
        using var allocation = new AllocationDriver(registry: registry);
        allocation.Stock("bolts", 10);
        allocation.Send("bolts", Hold("q", "o0"));
        var command = allocation.Command("bolts", Hold("r", "o1"));
        allocation.Pipe("bolts"u8.ToArray(), allocation.Bytes(command));
        var outcome = Assert.Single(allocation.Driver.ReadOutputs("allocation.outcomes"));

        var error = Assert.ThrowsAny<StreamsException>(
            () => built.PipeInput("allocation.outcomes", outcome.Key, outcome.Value, outcome.TimestampMs));

        Assert.Contains("has 1 partitions, but this was built for 2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Upstream_names_by_order_and_then_allocation()
    {
        var upstream = ByOrderTopology.UpstreamOf(driver.Options, "alloc-by-order", "alloc");

        var outcomes = Assert.Single(upstream.Sources);
        Assert.Equal(("alloc-by-order", "allocation.outcomes"), (upstream.Group, outcomes.Topic));
        Assert.Equal(
            ("alloc", "allocation.commands", (SourceUpstream?)null),
            (outcomes.Upstream!.Group, outcomes.Upstream.Sources[0].Topic, outcomes.Upstream.Sources[0].Upstream));
    }

    [Fact]
    public void Options_are_those_of_the_catalogue()
    {
        var options = ByOrderOptions.For(TopicCatalogue.Load().WithPrefix("x."), "x.");

        Assert.Equal(
            ("x.allocation.commands", "x.allocation.outcomes", "x.allocation.by-order"),
            (options.CommandTopic, options.OutcomeTopic, options.ByOrderTopic));
        Assert.True(options.PartitionCount > 0);
    }

    private static AllocationCommandBody.Hold Hold(string id, string? order, long quantity = 1) => new()
    {
        ReservationId = id,
        Quantity = quantity,
        Mode = HoldMode.AllOrNothing,
        OrderRef = order,
    };
}
