using Alloc.Engine.Processing;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Workflow;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>What stage events make of an item, one sentence at a time.</summary>
public sealed class WaitingItemsTests : IDisposable
{
    private static readonly TimeSpan Sla = TimeSpan.FromMinutes(15);

    private readonly BacklogDriver backlog = new();

    public void Dispose() => backlog.Dispose();

    [Fact]
    public void What_left_within_its_SLA_is_completed_and_nobody_is_alerted()
    {
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(10));
        backlog.Leave("o1");
        backlog.Pass(Sla);

        var status = backlog.Status();
        Assert.Equal((0, 1, 0), (status.Waiting, status.Completed, status.CompletedLate));
        Assert.Empty(backlog.Alerts());
    }

    [Fact]
    public void What_waits_beyond_its_SLA_is_overdue_once_and_stays_open()
    {
        backlog.Enter("o1");
        backlog.Pass(Sla + TimeSpan.FromSeconds(4));
        Assert.Empty(backlog.Alerts());

        backlog.Pass(TimeSpan.FromMinutes(5));

        var alert = Assert.Single(backlog.Alerts());
        Assert.Equal(AgingKind.Overdue, alert.Kind);
        Assert.Equal((StartMs, StartMs + (long)Sla.TotalMilliseconds), (alert.EnteredAtMs, alert.DueAtMs));
        Assert.Equal((1, 1), (backlog.Status().Waiting, backlog.Status().Breached));
    }

    [Fact]
    public void A_left_after_its_SLA_closes_the_item_all_the_same()
    {
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(20));
        backlog.Leave("o1");
        backlog.Pass(TimeSpan.FromSeconds(2));

        var status = backlog.Status();
        Assert.Equal((0, 1, 1), (status.Waiting, status.Completed, status.CompletedLate));
    }

    [Fact]
    public void A_redelivered_entered_is_counted_and_changes_nothing()
    {
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(1));
        backlog.Enter("o1");
        backlog.Leave("o1");
        backlog.Enter("o1");
        backlog.Leave("o1");
        backlog.Pass(TimeSpan.FromSeconds(2));

        var status = backlog.Status();
        Assert.Equal((0, 1, 3), (status.Waiting, status.Completed, status.Duplicates));
        Assert.Equal(1, backlog.Deltas().Last(d => d.StageId == Fraud).Arrivals);
    }

    [Fact]
    public void A_higher_attempt_closes_the_open_one_as_rerouted_and_counts_as_a_retry()
    {
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromMinutes(10));
        backlog.Enter("o1", attempt: 2);
        backlog.Leave("o1", attempt: 1);
        backlog.Pass(TimeSpan.FromMinutes(6));

        var status = backlog.Status();
        Assert.Equal((1, 0, 1, 1), (status.Waiting, status.Completed, status.Retries, status.Duplicates));
        Assert.Empty(backlog.Alerts());

        backlog.Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(2, Assert.Single(backlog.Alerts()).Attempt);
    }

    [Fact]
    public void An_attempt_that_goes_back_is_a_duplicate()
    {
        backlog.Enter("o1", attempt: 3);
        backlog.Enter("o1", attempt: 2);
        backlog.Leave("o1", attempt: 2);
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal((1, 2), (backlog.Status().Waiting, backlog.Status().Duplicates));
        Assert.Equal(3, backlog.Work("o1")!.Stages.Single().Attempt);
    }

    [Fact]
    public void A_left_without_entered_is_told_after_one_SLA()
    {
        backlog.Leave("o1");
        backlog.Pass(Sla);
        Assert.Empty(backlog.Alerts());

        backlog.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(AgingKind.LeftWithoutEntered, Assert.Single(backlog.Alerts()).Kind);
        Assert.Equal(0, backlog.Status().Waiting);
    }

    [Fact]
    public void A_left_that_overtook_its_entered_is_a_pair()
    {
        backlog.Leave("o1");
        backlog.Enter("o1");
        backlog.Enter("o1");
        backlog.Pass(Sla + Sla);

        Assert.Empty(backlog.Alerts());
        var status = backlog.Status();
        Assert.Equal((0, 1, 1), (status.Waiting, status.Completed, status.Duplicates));
    }

    [Fact]
    public void Nothing_is_kept_longer_than_30_days()
    {
        backlog.Enter("o1");
        backlog.Driver.AdvanceWallClock(TimeSpan.FromDays(29));
        backlog.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(1, backlog.Status().Waiting);

        backlog.Driver.AdvanceWallClock(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(10));
        backlog.Pass(TimeSpan.FromSeconds(2));

        var status = backlog.Status();
        Assert.Equal((0, 1, 0), (status.Waiting, status.Truncated, status.Completed));
        Assert.Single(backlog.Alerts());
    }

    [Fact]
    public void An_attempt_is_remembered_for_a_day_and_then_nothing_is_left_of_the_work()
    {
        backlog.Enter("o1");
        backlog.Leave("o1");
        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(23.9));
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal((0, 1), (backlog.Status().Waiting, backlog.Status().Duplicates));

        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(0.2));
        backlog.Pass(TimeSpan.FromSeconds(10));

        Assert.Null(backlog.Work("o1"));
    }

    [Fact]
    public void An_order_has_its_stages_and_holds_in_one_place()
    {
        backlog.Hold("o1", "bolts", NowPlus(30));
        backlog.Enter("o1");
        backlog.Enter("o1", Payment);
        backlog.Leave("o1");

        var work = backlog.Work("o1")!;
        Assert.Equal(
            [(Fraud, StageStanding.Left), (Payment, StageStanding.Open)],
            work.Stages.Select(s => (s.StageId, s.Standing)));
        Assert.Equal("bolts", Assert.Single(work.Holds).PoolId);
    }

    [Fact]
    public void Manual_review_and_compensation_are_counted()
    {
        backlog.Send(Event("o1", Fraud, 1, StageEventKind.Entered) with
        {
            Attributes = new Dictionary<string, string> { ["review"] = "manual" },
        });
        backlog.Enter("o2");
        backlog.Leave("o2", result: StageResult.Compensated);
        backlog.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal((1, 1), (backlog.Status().InManualReview, backlog.Status().Compensations));

        backlog.Leave("o1");
        backlog.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(0, backlog.Status().InManualReview);
    }

    [Fact]
    public void A_thousand_timers_that_are_due_together_are_all_served()
    {
        for (var n = 0; n < 2500; n++)
        {
            backlog.Enter($"o{n}");
        }
        backlog.Pass(Sla + TimeSpan.FromSeconds(8));

        Assert.Equal(2500, backlog.Alerts().Select(a => a.WorkId).Distinct().Count());
        Assert.Equal(2500, backlog.Status().Breached);
    }

    [Fact]
    public void Bad_events_are_dead_letters_that_say_why_and_change_nothing()
    {
        var good = Event("o1", Fraud, 1, StageEventKind.Entered);
        var many = Enumerable.Range(0, 201)
            .Select(n => new StageReservation { PoolId = "p", ReservationId = $"r{n}" }).ToList();
        (StageEvent Event, string? Key, string Says)[] cases =
        [
            (good with { StageId = "Nowhere" }, null, "version 0 of the operations catalogue has no stage 'Nowhere'"),
            (good, "o2", "its key is 'o2' and its workId 'o1'"),
            (good with { Attempt = 0 }, null, "attempt 0"),
            (good with { Attempt = int.MaxValue }, null, "is not between 1 and 1000000"),
            (good with { Kind = StageEventKind.Unknown }, null, "neither Entered nor Left"),
            (good with { Reservations = many }, null, "201 reservations, more than 200"),
            (good with { WorkId = new string('x', 4_097) }, new string('x', 4_097), "4097 characters, at most 4096"),
            (good with { WorkId = "a\u0000b" }, "a\u0000b", "has a control character, U+0000"),
            (With(Enumerable.Range(0, 33).ToDictionary(n => $"a{n}", n => "")), null, "33 attributes"),
            (With(new() { ["a"] = new('x', 2000) }), null, "2000 characters"),
            (good with
            {
                Reservations = [.. Enumerable.Range(0, 40).Select(n => new StageReservation
                {
                    PoolId = new string('p', 4_096), ReservationId = new string('r', 4_000) + n,
                })],
            }, null, "characters in reservations and attributes together, more than 262144"),
        ];

        foreach (var (stageEvent, key, says) in cases)
        {
            backlog.Send(stageEvent, key ?? stageEvent.WorkId);
            Assert.Contains(says, Assert.Single(backlog.DeadLetters()), StringComparison.Ordinal);
        }
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(
            (1L, cases.Length - 1L),
            (backlog.Driver.DeadLettersOf(BadRecordKind.Unknown), backlog.Driver.DeadLettersOf(BadRecordKind.Invalid)));
        Assert.Null(backlog.Work("o1"));
        Assert.Equal(0, backlog.Status().Waiting);
    }

    [Fact]
    public void A_writers_clock_that_is_a_year_ahead_counts_for_nothing()
    {
        backlog.Send(Event("o1", Fraud, 1, StageEventKind.Entered) with
        {
            OccurredAtMs = StartMs + (long)TimeSpan.FromDays(365).TotalMilliseconds,
        });
        backlog.Pass(TimeSpan.FromSeconds(30));

        Assert.InRange(backlog.Status().AgeP50Ms, 29_000, 31_000);
    }

    [Fact]
    public void Control_records_of_kinds_that_are_not_known_are_skipped_and_counted()
    {
        backlog.Send(Event("", "", 1, StageEventKind.Unknown), "$definition", 0);
        backlog.Send(Event("", "", 1, StageEventKind.Unknown), "$catalogue", 0);
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(2, backlog.Driver.UnusualCounts["unknown-control"]);
        Assert.Equal((0, 0), (backlog.Status().Waiting, backlog.Status().Duplicates));
        Assert.Empty(backlog.DeadLetters());
    }

    [Theory]
    [InlineData("$order", "$order", StageEventKind.Entered)]
    [InlineData("$order", "$order", StageEventKind.Left)]
    [InlineData("$order", "$order", StageEventKind.Unknown)]
    [InlineData("$order", "", StageEventKind.Entered)]
    [InlineData("$catalogue", "order", StageEventKind.Left)]
    [InlineData("$", "$", StageEventKind.Entered)]
    public void Work_whose_key_begins_with_a_dollar_is_a_dead_letter(string key, string work, StageEventKind kind)
    {
        backlog.Send(Event(work, Fraud, 1, kind), key, 0);
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Contains(
            $"its key '{key}' begins with $, and it is about work '{work}'; such keys are for control records, so ids "
            + "of work must not begin with $", Assert.Single(backlog.DeadLetters()), StringComparison.Ordinal);
        Assert.Equal(0, backlog.Status().Waiting);
        Assert.Empty(backlog.Driver.UnusualCounts);
    }

    private static StageEvent With(Dictionary<string, string> attributes) =>
        Event("o1", Fraud, 1, StageEventKind.Entered) with { Attributes = attributes };

    private long NowPlus(double minutes) => backlog.NowMs + (long)(minutes * 60_000);
}
