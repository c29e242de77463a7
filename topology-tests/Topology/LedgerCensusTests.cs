using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Topology;

/// <summary>What a ledger holds in all, found in its stores alone.</summary>
public sealed class LedgerCensusTests
{
    [Fact]
    public void An_empty_ledger_holds_nothing()
    {
        using var alloc = new AllocationDriver();

        var census = Take(alloc);

        Assert.Equal(0, census.Holds);
        Assert.All(census.Units, u => Assert.Equal(0, u.Units));
        Assert.Empty(census.QuotaUse);
    }

    [Fact]
    public void Units_are_those_of_all_pools_and_who_waits_or_confirmed_all_holds_nothing()
    {
        using var alloc = new AllocationDriver(policy: ThreeClasses.Waiting());
        alloc.Stock("bolts", 10);
        alloc.Stock("nuts", 4);
        alloc.Send("bolts", Hold("a", 3));
        alloc.Send("bolts", Hold("b", 4));
        alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "b" });
        alloc.Send("bolts", Hold("c", 1));
        alloc.Send("bolts", new AllocationCommandBody.Extend { ReservationId = "c", TtlMs = 1_200_000 });
        alloc.Send("bolts", new AllocationCommandBody.Block { Quantity = 1, Reason = "damaged" });
        alloc.Send("nuts", Hold("d", 4));
        alloc.Send("nuts", Hold("w", 2) with { Mode = HoldMode.Waitlist });

        var census = Take(alloc);

        Assert.Equal(3, census.Holds);
        Assert.Equal([("free", 1), ("held", 8), ("confirmed", 4), ("consumed", 0), ("blocked", 1)], census.Units);
    }

    [Fact]
    public void What_expired_was_released_or_was_used_up_is_held_no_more()
    {
        using var alloc = new AllocationDriver();
        alloc.Stock("bolts", 10);
        alloc.Send("bolts", Hold("expires", 1) with { TtlMs = 60_000 });
        alloc.Send("bolts", Hold("released", 2));
        alloc.Send("bolts", new AllocationCommandBody.Release { ReservationId = "released", Reason = "Cancelled" });
        alloc.Send("bolts", Hold("used", 3));
        alloc.Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "used" });
        alloc.Send("bolts", new AllocationCommandBody.Consume
        {
            ReservationId = "used",
            ConsumeId = "s1",
            OccurredAtMs = alloc.Driver.NowMs,
            Quantity = 3,
            Source = "erp",
            SourceSequence = 2,
        });

        Assert.Equal(1, Take(alloc).Holds);
        alloc.Driver.AdvanceWallClock(TimeSpan.FromSeconds(61));

        var census = Take(alloc);
        Assert.Equal(0, census.Holds);
        Assert.Equal([("free", 7), ("held", 0), ("confirmed", 0), ("consumed", 3), ("blocked", 0)], census.Units);
    }

    [Fact]
    public void Of_each_kind_of_quota_the_fullest_is_told_over_all_pools()
    {
        using var alloc = new AllocationDriver(policy: ThreeClasses.WithQuotas(
            Quota(QuotaScope.Customer, null, 5), Quota(QuotaScope.Dealer, "north", 10, borrow: 10),
            Quota(QuotaScope.Dealer, null, 100), Quota(QuotaScope.Tier, "gold", 1) with { IsRequired = false }));
        alloc.Stock("bolts", 50);
        alloc.Stock("nuts", 50);
        alloc.Send("bolts", HoldFor("a", 2, "anna", "north"));
        alloc.Send("nuts", HoldFor("b", 4, "anna", "south"));
        alloc.Send("nuts", HoldFor("c", 3, "bert", "north"));

        var use = Take(alloc).QuotaUse;

        Assert.Equal(3, use.Count);
        Assert.Equal(
            (4 / 5.0, 3 / 20.0, 0.0), (use[QuotaScope.Customer], use[QuotaScope.Dealer], use[QuotaScope.Tier]));
    }

    private static LedgerCensus Take(AllocationDriver alloc) => LedgerCensus.Take(
        new DriverStores(alloc.Driver), new PolicyBook(alloc.Options.Policy), TestContext.Current.CancellationToken);

    private static AllocationCommandBody.Hold Hold(string id, long quantity) =>
        new() { ReservationId = id, Quantity = quantity };

    private static AllocationCommandBody.Hold HoldFor(string id, long quantity, string customer, string dealer) =>
        Hold(id, quantity) with
        {
            CustomerRef = customer,
            Attributes = new Dictionary<string, string> { ["dealer"] = dealer },
        };

    private sealed class DriverStores(TopologyTestDriver driver) : IStores
    {
        public TStore GetStore<TStore>(string name)
            where TStore : class => driver.GetStore<TStore>(name);
    }
}
