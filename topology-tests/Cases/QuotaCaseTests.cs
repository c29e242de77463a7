using Alloc.Schemas.Allocation;

namespace Topology.Tests.Cases;

/// <summary>A cluster that two teams share: they lend each other what is idle and take it back.</summary>
public sealed class QuotaCaseTests
{
    private const string Cluster = "cluster/gpu";

    [Fact]
    public void Team_borrows_what_the_other_lends_and_no_more()
    {
        var cluster = Opened();

        var borrowed = Hold(cluster, "b1", 80, "research");
        var refused = Hold(cluster, "b2", 1, "research");

        Assert.IsType<AllocationOutcomeEvent.Held>(borrowed.Event);
        var reason = CaseLedger.Refused(refused, ReasonCode.QuotaExceeded);
        Assert.Equal(("customer/research", 80, 80),
            (reason.Scope, CaseLedger.Number(reason, NumberName.Used), CaseLedger.Number(reason, NumberName.Limit)));
    }

    [Fact]
    public void A_team_takes_back_what_it_lent()
    {
        var cluster = Opened();
        Hold(cluster, "own", 60, "research");
        Hold(cluster, "lent", 20, "research");
        Hold(cluster, "s1", 20, "shop");

        var held = Hold(cluster, "s2", 20, "shop");

        Assert.IsType<AllocationOutcomeEvent.Held>(held.Event);
        var told = Assert.Single(held.Decision, s => s.Rule == DecisionRule.Preemption);
        Assert.Equal("quota/shop", told.Row);
        Assert.Equal((60, 20), (cluster.Of(Cluster, "own").Held, cluster.Of(Cluster, "lent").Preempted));
        CaseLedger.Refused(Hold(cluster, "s3", 1, "shop"), ReasonCode.QuotaExceeded);
    }

    [Fact]
    public void Who_belongs_to_no_team_gets_nothing()
    {
        CaseLedger.Refused(Hold(Opened(), "x", 1, "visitor"), ReasonCode.QuotaExceeded);
    }

    [Fact]
    public void Production_takes_units_from_batch_work_and_the_victim_waits_for_them()
    {
        var cluster = Opened();
        Hold(cluster, "batch", 60, "research");
        cluster.Tell(Cluster, new AllocationCommandBody.Confirm { ReservationId = "batch" }, "batch");
        Hold(cluster, "batch-shop", 40, "shop");
        cluster.Ledger.Wait(TimeSpan.FromSeconds(6));
        cluster.Tell(
            Cluster, new AllocationCommandBody.Release { ReservationId = "batch-shop", Quantity = 20, Reason = "x" });
        cluster.Tell(Cluster, new AllocationCommandBody.Block { Quantity = 20, Reason = "maintenance" });

        var urgent = Hold(cluster, "urgent", 20, "shop", "production");

        Assert.IsType<AllocationOutcomeEvent.Held>(urgent.Event);
        var lost = cluster.Ledger.Journal.Select(o => o.Event).OfType<AllocationOutcomeEvent.Preempted>().ToList();
        Assert.NotEmpty(lost);
        Assert.All(lost, l => Assert.Equal(("urgent", "production", true), (l.By, l.ByClass, l.WaitsAgain)));
        Assert.All(lost, l => Assert.True(cluster.Of(Cluster, l.ReservationId).Waiting > 0));
    }

    private static CaseLedger Opened() => new CaseLedger("quota").Opened(Cluster, 100, PoolKind.Capacity);

    private static AllocationOutcome Hold(
        CaseLedger cluster, string id, long quantity, string team, string channel = "batch") =>
        cluster.Hold(Cluster, id, quantity, channel, customer: team);
}
