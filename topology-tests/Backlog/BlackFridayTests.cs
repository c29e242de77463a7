using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Topology.Tests.Catalogue;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>Fraud decisions slow to a tenth and back, on virtual time.</summary>
public sealed class BlackFridayTests : IDisposable
{
    private static readonly double PageShare = OperationsCatalogue.Shipped.Stage(Fraud)!.PageShare;
    private readonly BreachAlert alert = new(Fraud, OperationsCatalogue.Shipped);
    private readonly BacklogDriver backlog;

    public BlackFridayTests()
    {
        backlog = new BacklogDriver(partitions: 2, alert.Instruments);
        backlog.Apply(FraudSlow.Catalogue);
    }

    public void Dispose()
    {
        backlog.Dispose();
        alert.Dispose();
    }

    [Fact]
    public void The_age_rises_promises_at_risk_are_named_before_they_break_and_the_mode_switches_and_back()
    {
        var flow = new OrderFlow(backlog);
        flow.Run(TimeSpan.FromMinutes(15));
        Assert.InRange(backlog.Status().OldestEnteredAtMs ?? backlog.NowMs, backlog.NowMs - 5_000, backlog.NowMs);
        Assert.Empty(backlog.Alerts());
        Assert.Empty(backlog.Modes());

        flow.Decisions /= 10;
        var slowAtMs = backlog.NowMs;
        flow.Run(TimeSpan.FromMinutes(10));
        Assert.InRange(backlog.Status().AgeP99Ms, 7 * 60_000, 10 * 60_000);
        Assert.Null(backlog.Status().Drain!.EstimateMs);
        var early = backlog.Alerts();
        Assert.All(early, a => Assert.Equal(AgingKind.HoldAtRisk, a.Kind));
        Assert.NotEmpty(early);

        long? lateSinceMs = null;
        flow.Run(TimeSpan.FromMinutes(30), () =>
        {
            alert.Look(backlog.NowMs);
            lateSinceMs ??= LateShare(flow) > PageShare ? backlog.NowMs : null;
        });
        CheckAlert(lateSinceMs!.Value);
        var on = Assert.Single(backlog.Modes());
        Assert.Equal(("fraud-slow", true, "breachedShare"), (on.Mode, on.On, on.Measure));
        Assert.True(on.Value >= on.Threshold);
        Assert.Equal(
            [(0, true), (1, true)],
            backlog.Commands().Select((c, i) => (i, ((AllocationCommandBody.ModeSwitch)c.Body).On)));

        flow.Decisions *= 10;
        var healedAtMs = backlog.NowMs;
        var drains = new List<(long AtMs, DrainTime Drain)>();
        long? drainedAtMs = null;
        long? quietSinceMs = null;
        flow.Run(TimeSpan.FromMinutes(60), () =>
        {
            alert.Look(backlog.NowMs);
            if (alert.FiringSinceMs is null)
            {
                quietSinceMs ??= backlog.NowMs;
                Assert.InRange(LateShare(flow), 0, PageShare + 0.01);
            }
            drainedAtMs ??= flow.Undecided < 10 ? backlog.NowMs : null;
            if (drainedAtMs is null && (backlog.NowMs - healedAtMs) % 60_000 == 0
                && backlog.Status().Drain is { } drain)
            {
                drains.Add((backlog.NowMs, drain));
            }
        });

        var off = Assert.Single(backlog.Modes());
        Assert.Equal((false, on.Episode), (off.On, off.Episode));
        Assert.True(off.SinceMs > healedAtMs);
        Assert.InRange(quietSinceMs!.Value, healedAtMs, drainedAtMs!.Value);
        Assert.Equal(2, backlog.Commands().Count);
        CheckNames([.. early, .. backlog.Alerts()], flow, slowAtMs, healedAtMs);
        CheckDrain(drains, drainedAtMs!.Value);
        Assert.Equal(0, backlog.Status().HoldsAtRisk);
        Assert.Equal(backlog.Status().Completed, flow.PaymentsStarted);
    }

    [Fact]
    public void What_was_said_to_happen_to_neighbours_comes_true_within_a_quarter()
    {
        var flow = new OrderFlow(backlog) { HasHolds = false };
        flow.Run(TimeSpan.FromMinutes(20));
        flow.Decisions /= 10;
        flow.Run(TimeSpan.FromMinutes(3));
        var said = backlog.Status().Propagation;
        var saidAtMs = backlog.NowMs;
        var breach = said.Single(p => p is { StageId: Fraud, Effect: PropagationEffect.SlaBreach });
        var starved = said.Single(p => p is { StageId: Payment, Effect: PropagationEffect.Starved });
        backlog.Alerts();

        var before = flow.PaymentsStarted;
        flow.Run(TimeSpan.FromHours(1));
        var started = flow.PaymentsStarted - before;
        flow.Run(TimeSpan.FromMinutes(25));

        var overdue = backlog.Alerts().Where(a => a is { Kind: AgingKind.Overdue, StageId: Fraud }).ToList();
        var firstMs = overdue.Min(a => a.DueAtMs!.Value);
        Near(firstMs - saidAtMs, breach.AtMs - saidAtMs);
        Near(overdue.Count(a => a.DueAtMs < breach.AtMs + 3_600_000), breach.Items);
        Assert.InRange(starved.AtMs - saidAtMs, 0, 60_000);
        Near(flow.Arrivals * 3_600 - started, starved.Items);
    }

    [Fact]
    public void Orders_that_are_lost_with_their_holds_were_named_minutes_before()
    {
        var flow = new OrderFlow(backlog) { IsLostWithItsHold = true };
        flow.Run(TimeSpan.FromMinutes(20));
        flow.Decisions /= 10;

        flow.Run(TimeSpan.FromMinutes(90));

        // What expires leaves, too: the stage does not work faster for that.
        var named = backlog.Alerts().Where(a => a.Kind == AgingKind.HoldAtRisk)
            .ToDictionary(a => a.ReservationId!, a => a.AtMs);
        Assert.InRange(flow.Expired.Count, 5_000, 8_000);
        Assert.All(flow.Expired, e => Assert.InRange(named[e.Key], 0, e.Value - 120_000));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void Holds_that_were_said_to_expire_expire_within_a_quarter(int minutesAfter)
    {
        var flow = new OrderFlow(backlog);
        flow.Run(TimeSpan.FromMinutes(20));
        flow.Decisions /= 10;
        flow.Run(TimeSpan.FromMinutes(minutesAfter));
        var said = backlog.Status().Propagation.Single(p => p is
        {
            StageId: Fraud, Effect: PropagationEffect.HoldsExpire,
        });
        var saidAtMs = backlog.NowMs;
        Assert.Empty(flow.Expired);

        flow.Run(TimeSpan.FromMinutes(90));

        Near(flow.Expired.Values.Min() - saidAtMs, said.AtMs - saidAtMs);
        Near(flow.Expired.Values.Count(atMs => atMs < said.AtMs + 3_600_000), said.Items);
    }

    [Fact]
    public void A_backlog_that_is_let_go_at_once_surges_into_the_next_stage_as_it_was_said()
    {
        var flow = new OrderFlow(backlog) { HasHolds = false, Payments = 5 };
        flow.Run(TimeSpan.FromMinutes(20));
        flow.Decisions = 0.4;
        flow.Run(TimeSpan.FromMinutes(20));
        flow.Decisions = 30;
        flow.Run(TimeSpan.FromSeconds(40));
        var surge = backlog.Status().Propagation.Single(p => p is
        {
            StageId: Payment, Effect: PropagationEffect.Surge,
        });
        var saidAtMs = backlog.NowMs;

        // What comes beyond what is worked off, while that goes on.
        var more = 0.0;
        var (started, paid) = (flow.PaymentsStarted, flow.Paid);
        flow.Run(TimeSpan.FromHours(1), () =>
        {
            more += Math.Max(0, flow.PaymentsStarted - started - (flow.Paid - paid));
            (started, paid) = (flow.PaymentsStarted, flow.Paid);
        });

        Assert.InRange(surge.AtMs - saidAtMs, 0, 20_000);
        Near(more, surge.Items);
    }

    [Theory]
    [InlineData(10, 4)]
    [InlineData(18, 4)]
    [InlineData(18, 2)]
    public void At_the_speed_of_the_demo_too_what_expires_was_named_and_the_mode_comes_on_and_goes(
        double arrivals, double slow)
    {
        backlog.Apply(CatalogueTexts.Read(File.ReadAllText(Path.Combine(
            CatalogueTexts.Root(), "docs/examples/black-friday-demo.catalogue.yaml"))) with
        { Version = 2 });
        var flow = new OrderFlow(backlog)
        {
            Arrivals = arrivals,
            Decisions = 40,
            Payments = 40,
            HoldLife = TimeSpan.FromSeconds(20),
            IsLostWithItsHold = true,
        };
        flow.Run(TimeSpan.FromSeconds(15));
        flow.Decisions = slow;
        var switches = new List<ModeState>();
        void Look()
        {
            switches.AddRange(backlog.Modes());
            flow.Extension = TimeSpan.FromSeconds(switches is [.., { On: true }] ? 20 : 0);
        }

        flow.Run(TimeSpan.FromSeconds(40), Look);
        flow.Decisions = 40;
        flow.Run(TimeSpan.FromSeconds(45), Look);

        Assert.Equal([true, false], switches.Select(m => m.On));
        var named = backlog.Alerts().Where(a => a.Kind == AgingKind.HoldAtRisk)
            .ToLookup(a => a.ReservationId!, a => a.AtMs);
        Assert.NotEmpty(flow.Expired);
        var unnamed = flow.Expired.Where(e => !named[e.Key].Any(atMs => atMs < e.Value)).ToList();
        Assert.True(
            unnamed.Count == 0, $"{unnamed.Count} of {flow.Expired.Count} expired and were not named before: "
            + string.Join(", ", unnamed.Select(e => $"{e.Key} at {e.Value - StartMs} ms")));
    }

    // What expired was named before; what was named and should have expired by the time that fraud healed, did.
    private static void CheckNames(List<AgingAlert> alerts, OrderFlow flow, long slowAtMs, long healedAtMs)
    {
        var named = alerts.Where(a => a.Kind == AgingKind.HoldAtRisk).ToDictionary(a => a.ReservationId!);
        Assert.NotEmpty(flow.Expired);
        foreach (var (order, atMs) in flow.Expired)
        {
            Assert.True(named.TryGetValue(order, out var alert), $"{order} expired and was not named");
            Assert.InRange(alert.AtMs, slowAtMs, atMs - 1);
        }
        var falseAlarms = named.Values
            .Where(a => a.ExpiresAtMs < healedAtMs - 1_000 && !flow.Expired.ContainsKey(a.ReservationId!)).ToList();
        // Those of the cell in which the line is crossed.
        Assert.InRange(falseAlarms.Count, 0, named.Count / 100);
    }

    // It is pending from when a fifth waits for too long, and fires when that has lasted for five minutes.
    private void CheckAlert(long lateSinceMs)
    {
        Assert.NotNull(alert.FiringSinceMs);
        Assert.InRange(alert.PendingSinceMs!.Value, lateSinceMs - 3_000, lateSinceMs + 3_000);
        Assert.InRange(alert.FiringSinceMs.Value - alert.PendingSinceMs.Value, 300_000, 301_000);
    }

    private static double LateShare(OrderFlow flow) => flow.Undecided < 20
        ? 0
        : (double)flow.UndecidedFor(OperationsCatalogue.Shipped.Stage(Fraud)!.Sla) / flow.Undecided;

    private static void CheckDrain(List<(long AtMs, DrainTime Drain)> drains, long drainedAtMs)
    {
        var kept = drains.Skip(1).Count(d => d.Drain.LowMs <= drainedAtMs - d.AtMs
            && (d.Drain.HighMs is not { } high || drainedAtMs - d.AtMs <= high));
        Assert.True(drains.Count >= 30, $"only {drains.Count} minutes");
        Assert.True(kept >= 0.8 * (drains.Count - 1), $"held in {kept} of {drains.Count - 1} minutes");
        Assert.All(drains.Skip(5).SkipLast(1), d => Assert.True(
            d.Drain.HighMs - d.Drain.LowMs <= d.Drain.EstimateMs / 2));
    }

    private static void Near(double actual, double said) => Assert.InRange(said, actual * 0.75, actual * 1.25);
}
