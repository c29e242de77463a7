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
    public void Who_belongs_to_no_team_gets_nothing()
    {
        CaseLedger.Refused(Hold(Opened(), "x", 1, "visitor"), ReasonCode.QuotaExceeded);
    }

    private static CaseLedger Opened() => new CaseLedger("quota").Opened(Cluster, 100, PoolKind.Capacity);

    private static AllocationOutcome Hold(
        CaseLedger cluster, string id, long quantity, string team, string channel = "batch") =>
        cluster.Hold(Cluster, id, quantity, channel, customer: team);
}
