using Alloc.Processors.Backlog.Waiting;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>Which holds are predicted to expire before it is their work's turn, counted whole and named once.</summary>
public sealed class HoldsAtRiskTests : IDisposable
{
    private readonly BacklogDriver backlog = new();

    public void Dispose() => backlog.Dispose();

    [Fact]
    public void Where_nothing_leaves_a_hold_is_named_once_and_before_it_expires()
    {
        backlog.Hold("o1", "bolts", After(10));
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(9));

        var alert = Assert.Single(backlog.Alerts());
        Assert.Equal((AgingKind.HoldAtRisk, "bolts", "o1"), (alert.Kind, alert.PoolId, alert.ReservationId));
        Assert.True(alert.AtMs < alert.ExpiresAtMs);
        Assert.Null(alert.PredictedLeaveAtMs);
        Assert.Equal(1, backlog.Status().HoldsAtRisk);
    }

    [Fact]
    public void A_hold_that_its_order_gives_up_is_at_risk_no_more()
    {
        backlog.Hold("o1", "bolts", After(10));
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(5));
        backlog.Hold("o1", "bolts", null, held: 0);
        backlog.Pass(TimeSpan.FromSeconds(3));

        Assert.Equal(0, backlog.Status().HoldsAtRisk);
    }

    [Fact]
    public void An_order_that_a_reassignment_took_a_hold_from_needs_it_no_more()
    {
        backlog.Hold("o1", "bolts", After(10));
        backlog.Enter("o1");
        backlog.Hold("o1", "bolts", After(10), role: OrderRole.FormerOwner);
        backlog.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(0, backlog.Status().HoldsAtRisk);
        Assert.Empty(backlog.Alerts());
    }

    [Fact]
    public void An_expiry_that_moves_is_named_again_and_one_that_stays_is_not()
    {
        backlog.Hold("o1", "bolts", After(10));
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(5));
        Assert.Single(backlog.Alerts());
        backlog.Hold("o1", "bolts", After(5));
        backlog.Leave("o1");
        backlog.Enter("o1", Payment);
        backlog.Pass(TimeSpan.FromMinutes(2));
        Assert.Empty(backlog.Alerts());
        Assert.Equal(1, backlog.Status(Payment).HoldsAtRisk);

        backlog.Hold("o1", "bolts", After(20));
        backlog.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal(Payment, Assert.Single(backlog.Alerts()).StageId);
    }

    [Fact]
    public void An_outcome_that_is_older_than_what_is_known_changes_nothing()
    {
        backlog.Enter("o1");
        backlog.Hold("o1", "bolts", After(30), version: 7);
        backlog.Hold("o1", "bolts", After(1), version: 6);

        Assert.Equal(7, backlog.Work("o1")!.Holds.Single().Version);
    }

    [Fact]
    public void A_hold_is_known_whether_it_comes_before_its_work_or_after()
    {
        backlog.Hold("o1", "bolts", After(10));
        backlog.Enter("o1");
        backlog.Enter("o2");
        backlog.Hold("o2", "nuts", After(10));
        backlog.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(["o1", "o2"], backlog.Alerts().Select(a => a.WorkId).Order());
        Assert.Equal(2, backlog.Status().HoldsAtRisk);
    }

    [Fact]
    public void Who_is_at_the_front_is_not_at_risk_though_the_queue_is_long()
    {
        // One enters each second for twelve minutes, then one leaves every other second. A hold lives twenty minutes,
        // so whoever has more than 480 in front of him is too late.
        for (var n = 0; n < 720; n++)
        {
            backlog.Hold($"o{n}", "bolts", After(20));
            backlog.Enter($"o{n}");
            backlog.Pass(TimeSpan.FromSeconds(1));
        }
        for (var n = 0; n < 100; n++)
        {
            backlog.Leave($"o{n}");
            backlog.Pass(TimeSpan.FromSeconds(2));
        }

        Assert.InRange(backlog.Status().HoldsAtRisk, 220, 270);
    }

    [Fact]
    public void No_transaction_has_more_than_a_thousand_alerts_and_the_count_is_whole_at_once()
    {
        for (var n = 0; n < 2500; n++)
        {
            backlog.Hold($"o{n}", "bolts", After(30));
            backlog.Enter($"o{n}");
        }
        while (backlog.Status() is not { HoldsAtRisk: > 0 })
        {
            backlog.Driver.AdvanceWallClock(TimeSpan.FromMilliseconds(200));
        }

        Assert.Equal(2500, backlog.Status().HoldsAtRisk);
        Assert.InRange(backlog.Alerts().Count, 0, RiskNaming.AlertsPerCommit);
        backlog.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(2500, backlog.Status().HoldsAtRisk);
    }

    [Fact]
    public void Every_hold_is_named_in_turn()
    {
        for (var n = 0; n < 2500; n++)
        {
            backlog.Hold($"o{n}", "bolts", After(30));
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(3));

        var named = backlog.Alerts();
        Assert.Equal(2500, named.Count);
        Assert.Equal(2500, named.Select(a => a.WorkId).Distinct().Count());
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(RiskSurvey.CellsPerSecond - 1, 0, true)]
    [InlineData(RiskSurvey.CellsPerSecond * 3, 2_900, false)]
    [InlineData(RiskSurvey.CellsPerSecond * 3, 3_000, true)]
    [InlineData(RiskSurvey.CellsPerSecond * 3, -1, true)]
    [InlineData(int.MaxValue, RiskSurvey.LongestMs, true)]
    public void Where_there_are_very_many_cells_they_are_looked_through_less_often(int cells, long laterMs, bool isOver)
    {
        Assert.Equal(isOver, new RiskSurvey(5_000, 1, null, cells, []).IsOver(5_000 + laterMs));
    }

    private long After(double minutes) => backlog.NowMs + (long)(minutes * 60_000);
}
