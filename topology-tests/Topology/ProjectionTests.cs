using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Projection;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Topology.Tests.Topology;

/// <summary>
/// The search projection: a fold of the journal that ignores repeats, stops at gaps, and finds reservations.
/// </summary>
public sealed class ProjectionTests : IDisposable
{
    private readonly AllocationDriver alloc = new();
    private readonly TopologyTestDriver projection;

    public ProjectionTests()
    {
        projection = NewProjection();
        alloc.Driver.ReadOutputs(alloc.Options.OutcomeTopic);
        Fold(alloc.Send("bolts", new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
        }));
        Fold(alloc.Send(
            "bolts", new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = 100 }));
    }

    public void Dispose()
    {
        projection.Dispose();
        alloc.Dispose();
    }

    [Fact]
    public void A_reservation_is_found_by_order_by_customer_by_pool_and_by_status()
    {
        Fold(alloc.Send("bolts", Hold("a", order: "order-1", customer: "ann")));
        Fold(alloc.Send("bolts", Hold("b", order: "order-2", customer: "ann")));
        Fold(alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "b" }));

        Assert.Equal(["a"], Ids(Query() with { Order = "order-1" }));
        Assert.Equal(["a", "b"], Ids(Query() with { Customer = "ann" }));
        Assert.Equal(["a", "b"], Ids(Query() with { Pool = "bolts" }));
        Assert.Equal(["b"], Ids(Query() with { Status = ReservationStatus.Confirmed }));
        Assert.Equal(["a"], Ids(Query() with { Customer = "ann", Status = ReservationStatus.Held }));
        Assert.Empty(Ids(Query() with { Order = "order-3" }));
    }

    [Fact]
    public void A_rejected_hold_is_found_by_its_order_and_customer()
    {
        Fold(alloc.Send("bolts", Hold("a", order: "order-1", customer: "ann") with { Quantity = 101 }));

        Assert.Equal(["a"], Ids(Query() with { Order = "order-1", Status = ReservationStatus.Failed }));
        Assert.Equal(["a"], Ids(Query() with { Customer = "ann" }));
    }

    [Fact]
    public void An_index_follows_what_a_reservation_becomes()
    {
        Fold(alloc.Send("bolts", Hold("a", order: "order-1")));
        Fold(alloc.Send("bolts", new AllocationCommandBody.Release { ReservationId = "a", Reason = "Cancelled" }));

        Assert.Empty(Ids(Query() with { Status = ReservationStatus.Held }));
        Assert.Equal(["a"], Ids(Query() with { Status = ReservationStatus.Released }));
        Assert.Equal(2, Index().Count);
    }

    [Fact]
    public void Old_ones_are_found_by_their_age()
    {
        Fold(alloc.Send("bolts", Hold("old")));
        var between = alloc.Driver.NowMs + 1;
        alloc.Driver.AdvanceWallClock(TimeSpan.FromMinutes(5));
        Fold(alloc.Outcomes());
        Fold(alloc.Send("bolts", Hold("new")));

        Assert.Equal(["old"], Ids(Query() with { CreatedBeforeMs = between }));
        Assert.Equal(["new"], Ids(Query() with { CreatedSinceMs = between }));
        Assert.Equal(["old"], Ids(Query() with { Pool = "bolts", CreatedBeforeMs = between }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pages_lead_to_every_reservation_once(bool byPool)
    {
        for (var n = 0; n < 25; n++)
        {
            Fold(alloc.Send("bolts", Hold($"r{n:D2}", customer: "ann")));
        }
        var query = byPool ? Query() with { Pool = "bolts" } : Query() with { Customer = "ann" };
        var seen = new List<string>();
        byte[]? place = [];

        while (place is not null)
        {
            var page = Search().Run(query, place, 10);
            Assert.True(page.Found.Count <= 10);
            seen.AddRange(page.Found.Select(f => f.View.ReservationId));
            place = page.LookedTo;
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(n => $"r{n:D2}"), seen);
    }

    [Fact]
    public void A_repeated_outcome_changes_nothing()
    {
        var outcomes = alloc.Send("bolts", Hold("a"));
        Fold(outcomes);
        Fold(alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "a" }));
        var before = Views();

        Fold(outcomes);

        Assert.Equal(before, Views());
    }

    [Fact]
    public void A_gap_stops_it_and_says_which_pool_what_was_expected_and_what_came()
    {
        alloc.Send("bolts", Hold("lost"));
        var later = alloc.Send("bolts", Hold("a"));

        var fault = Assert.ThrowsAny<Exception>(() => Fold(later));

        Assert.Contains("pool bolts expects outcome 3 and found 4", fault.ToString(), StringComparison.Ordinal);
        Assert.IsAssignableFrom<StreamsException>(fault);
    }

    [Fact]
    public void A_new_instance_has_the_same_view_and_goes_on()
    {
        Fold(alloc.Send("bolts", Hold("a", order: "order-1")));
        var (views, index) = (Views(), Index());

        projection.RestartFromJournal();

        Assert.Equal(views, Views());
        Assert.Equal(index, Index());
        Fold(alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "a" }));
        Assert.Equal(["a"], Ids(Query() with { Status = ReservationStatus.Confirmed }));
    }

    [Fact]
    public void The_whole_journal_folded_anew_gives_the_same_view()
    {
        var journal = new List<AllocationOutcome>();
        for (var n = 0; n < 5; n++)
        {
            journal.AddRange(alloc.Send("bolts", Hold($"r{n}", order: $"order-{n % 2}")));
            journal.AddRange(alloc.Send("bolts", n % 2 == 0
                ? new AllocationCommandBody.Confirm { ReservationId = $"r{n}" }
                : new AllocationCommandBody.Release { ReservationId = $"r{n}", Reason = "Cancelled" }));
        }
        Fold(journal);
        using var anew = NewProjection();

        foreach (var record in projection.Log(alloc.Options.OutcomeTopic))
        {
            anew.PipeInput(alloc.Options.OutcomeTopic, record.Key, record.Value, record.TimestampMs);
        }

        Assert.Equal(Views(), Views(anew));
        Assert.Equal(Index(), Index(anew));
    }

    [Fact]
    public void What_the_ledger_forgets_is_not_found_and_later_swept()
    {
        Fold(alloc.Send("bolts", Hold("a", order: "order-1")));
        Fold(alloc.Send("bolts", new AllocationCommandBody.Release { ReservationId = "a", Reason = "Cancelled" }));
        alloc.Driver.AdvanceWallClock(TimeSpan.FromDays(31));
        Fold(alloc.Send("bolts", Hold("b")));

        Assert.Empty(Ids(Query() with { Order = "order-1" }));
        projection.AdvanceWallClock(ProjectionProcessor.SweepInterval);
        projection.AdvanceWallClock(ProjectionProcessor.SweepInterval);

        Assert.DoesNotContain(Views(), v => v.ReservationId == "a");
        Assert.DoesNotContain(Index(), k => k.Id == "a");
    }

    private static AllocationCommandBody.Hold Hold(string id, string? order = null, string? customer = null) =>
        new() { ReservationId = id, Quantity = 1, OrderRef = order, CustomerRef = customer };

    private TopologyTestDriver NewProjection() => new(
        ProjectionTopology.Build(
            new ProjectionOptions { Persistence = StorePersistence.InMemory }, alloc.Serdes.Outcomes),
        AllocationDriver.StartMs);

    private void Fold(IEnumerable<AllocationOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            var bytes = new ArrayBufferWriter<byte>();
            alloc.Serdes.Outcomes.Serialize(outcome, bytes);
            projection.PipeInput(
                alloc.Options.OutcomeTopic, Encoding.UTF8.GetBytes(outcome.PoolId), bytes.WrittenSpan.ToArray(),
                outcome.TMs);
        }
    }

    private ReservationQuery Query() => new() { NowMs = alloc.Driver.NowMs };

    private List<string> Ids(ReservationQuery query) =>
        [.. Search().Run(query, [], 100).Found.Select(f => f.View.ReservationId)];

    private ReservationSearch Search() => new(
        projection.GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations),
        projection.GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index));

    private List<ReservationView> Views(TopologyTestDriver? driver = null) =>
        [.. (driver ?? projection).GetStore<IKeyValueStore<PoolKey, ReservationView>>(ProjectionStores.Reservations)
            .All().Select(e => e.Value)];

    private List<IndexKey> Index(TopologyTestDriver? driver = null) =>
        [.. (driver ?? projection).GetStore<IKeyValueStore<IndexKey, IndexEntry>>(ProjectionStores.Index)
            .All().Select(e => e.Key)];
}
