using Alloc.Processors.Shadow;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;

namespace Topology.Tests.Topology;

public sealed class ShadowTopologyTests
{
    private static AllocationCommandBody.Hold Hold(string id, long quantity, long? ttlMs = null) =>
        new() { ReservationId = id, Quantity = quantity, TtlMs = ttlMs };

    [Fact]
    public void Hold_of_a_shadow_slice_is_granted_by_the_shadow_and_refused_by_the_authority()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);

        var first = both.Send("bolts", Hold("r", 3));
        var second = both.Send("bolts", Hold("s", 3));
        var confirmed = both.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "r" });

        Assert.Equal("R NotAuthoritative", OutcomeText.Of(Assert.Single(first.Authority)));
        Assert.Equal("✔ Held", OutcomeText.Of(Assert.Single(first.Shadow)));
        Assert.Equal(2, first.Shadow[0].BalancesAfter.Free);
        Assert.Equal("R NotAuthoritative", OutcomeText.Of(Assert.Single(second.Authority)));
        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Assert.Single(second.Shadow)));
        Assert.Equal("✔ Confirmed", OutcomeText.Of(Assert.Single(confirmed.Shadow)));
    }

    [Fact]
    public void Shadow_has_one_topic_to_write_to_and_makes_no_ticks()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);
        both.Send("bolts", Hold("r", 3, ttlMs: 60_000));

        both.AdvanceWallClock(TimeSpan.FromMinutes(2));

        var sub = Assert.Single(both.Topology.SubTopologies);
        Assert.Equal([ShadowDriver.Topic], sub.Sinks.Select(s => s.Topic));
        Assert.All(sub.Sources, s => Assert.Null(s.Options.DeadLetterTopic));
        Assert.All(sub.Sources, s => Assert.Null(s.Options.Tick));
        Assert.Empty(both.Outcomes());
    }

    [Fact]
    public void What_is_due_fires_before_the_next_record_whatever_pool_that_is_for()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);
        both.Send("bolts", Hold("r", 3, ttlMs: 60_000));
        both.AdvanceWallClock(TimeSpan.FromMinutes(2));

        var next = both.Send("nuts", Hold("x", 1));

        var expired = Assert.Single(next.Shadow);
        Assert.Equal(("bolts", "r"), (expired.PoolId, ((AllocationOutcomeEvent.Expired)expired.Event).ReservationId));
    }

    [Theory]
    [InlineData(AuthorityMode.Legacy)]
    [InlineData(AuthorityMode.Frozen)]
    [InlineData(AuthorityMode.Authoritative)]
    public void Pools_of_slices_in_another_mode_are_ignored(AuthorityMode mode)
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Transfer("nuts*", mode, 1);

        both.Stock("nuts", 5);
        both.Stock("screws", 5);
        var nuts = both.Send("nuts", Hold("r", 1));
        var screws = both.Send("screws", Hold("r", 1));

        Assert.Empty(nuts.Shadow);
        Assert.Empty(screws.Shadow);
        Assert.Equal("✔ Held", OutcomeText.Of(Assert.Single(screws.Authority)));
        var pools = both.Driver.Log(ShadowDriver.Topic).Select(r => System.Text.Encoding.UTF8.GetString(r.Key!));
        Assert.All(pools, pool => Assert.StartsWith("$partition/", pool, StringComparison.Ordinal));
    }

    [Fact]
    public void Shadow_stops_when_the_slice_becomes_authoritative()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);
        both.Send("bolts", Hold("r", 3, ttlMs: 60_000));
        both.Transfer("bolts*", AuthorityMode.Frozen, 1);
        both.Transfer("bolts*", AuthorityMode.Authoritative, 2);

        var after = both.Send("bolts", Hold("s", 1));
        var supply = both.Send("bolts", new AllocationCommandBody.SupplyDelta
        {
            Source = "erp",
            SourceSequence = 2,
            Quantity = 1,
        });
        both.AdvanceWallClock(TimeSpan.FromMinutes(2));
        var end = both.Send("bolts", Hold("u", 1));
        both.AdvanceWallClock(TimeSpan.FromDays(400));
        var later = both.Send("bolts", Hold("v", 1));

        Assert.Equal("✔ Held", OutcomeText.Of(after.Authority[^1]));
        Assert.Empty(after.Shadow);
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(supply.Authority[^1]));
        Assert.Empty(supply.Shadow);
        // What it had held runs out by its own time, once, and nothing comes after that.
        Assert.IsType<AllocationOutcomeEvent.Expired>(Assert.Single(end.Shadow).Event);
        Assert.Empty(later.Shadow);
    }

    [Fact]
    public void Physical_facts_are_recorded_by_both_alike()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);
        var consumed = both.Send("bolts", new AllocationCommandBody.Consume
        {
            ConsumeId = "shipment-1",
            OccurredAtMs = both.Driver.NowMs,
            ReservationId = "elsewhere",
            Quantity = 2,
        });

        Assert.Equal(OutcomeText.Of(consumed.Authority[0]), OutcomeText.Of(consumed.Shadow[0]));
        Assert.Equal(consumed.Authority[0].BalancesAfter, consumed.Shadow[0].BalancesAfter);
    }

    [Fact]
    public void Import_opens_the_shadows_balance_while_the_authority_refuses_it()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);

        var imported = both.Send("bolts", new AllocationCommandBody.Import
        {
            ReservationId = "old",
            Confirmed = 2,
        });

        Assert.Equal("R NotAuthoritative", OutcomeText.Of(Assert.Single(imported.Authority)));
        Assert.Equal("✔ Imported", OutcomeText.Of(Assert.Single(imported.Shadow)));
        Assert.Equal((3L, 2L), (imported.Shadow[0].BalancesAfter.Free, imported.Shadow[0].BalancesAfter.Confirmed));
    }

    [Fact]
    public void Bytes_that_are_no_command_stop_nothing_and_are_dead_letters_of_the_authority_only()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);

        both.Pipe("bolts"u8.ToArray(), [1, 2, 3]);
        both.Pipe("bolts"u8.ToArray(), null);
        both.Pipe([0xFF], both.Authority.Bytes(both.Authority.Command("bolts", Hold("bad-key", 1))));
        var next = both.Send("bolts", Hold("r", 1));

        Assert.Equal("✔ Held", OutcomeText.Of(Assert.Single(next.Shadow)));
        Assert.Equal(0, both.Driver.DeadLetterCount);
        Assert.Equal(3, both.Authority.Driver.DeadLetterCount);
    }

    [Fact]
    public void Restart_from_its_journal_goes_on_with_the_same_slices_and_balances()
    {
        using var both = new ShadowDriver();
        both.Transfer("bolts*", AuthorityMode.Shadow, 1);
        both.Stock("bolts", 5);
        both.Send("bolts", Hold("r", 3));

        both.Driver.RestartFromJournal();
        var next = both.Send("bolts", Hold("s", 3));

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Assert.Single(next.Shadow)));
        Assert.Equal(2, next.Shadow[0].BalancesAfter.Free);
    }

    [Fact]
    public void Options_of_the_authority_make_no_shadow()
    {
        using var alloc = new AllocationDriver();

        Assert.Throws<ArgumentException>(() => ShadowTopology.Build(alloc.Options, alloc.Serdes));
    }
}
