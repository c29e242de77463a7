using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Reconciliation;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>What becomes of a mismatch.</summary>
public sealed class MismatchLifeTests : IDisposable
{
    private readonly MismatchDriver keeper = new();

    public void Dispose() => keeper.Dispose();

    [Fact]
    public void A_mismatch_keeps_the_row_that_it_was_opened_under()
    {
        keeper.Say(Stands("m1", repair: Release()));
        keeper.Apply(With(MismatchClass.ZombieHold, r => r with
        {
            Severity = MismatchSeverity.Page,
            Owner = "night",
            Repair = true,
        }));
        keeper.Say(Stands("m1", repair: Release(8)));
        keeper.Say(Stands("m2", repair: Release()) with { Owner = "shipping" });

        Assert.Equal(
            ("ticket", "orders", 0, MismatchState.Proposed),
            (keeper.Row("m1").Severity, keeper.Row("m1").Owner, keeper.Row("m1").CatalogueVersion,
                keeper.Row("m1").State));
        Assert.Equal(
            ("page", "shipping", 1, MismatchState.Approved),
            (keeper.Row("m2").Severity, keeper.Row("m2").Owner, keeper.Row("m2").CatalogueVersion,
                keeper.Row("m2").State));
    }

    [Theory]
    [InlineData(Zombie, 24)]
    [InlineData(Late, 1)]
    public void What_no_rule_repairs_is_in_the_exception_queue_at_once_and_overdue_in_time(string className, int hours)
    {
        keeper.Say(Stands("m1", className));

        var exception = keeper.Row("m1").Exception!;
        Assert.Equal([MismatchEventKind.Opened, MismatchEventKind.Queued], keeper.EventKinds("m1"));
        Assert.Equal("nobody knows the order", exception.Why);
        Assert.Equal(["alloc reservation force-release r1 --pool p1"], exception.Choices);
        Assert.Equal(TimeSpan.FromHours(hours).TotalMilliseconds, exception.DueAtMs - exception.SinceMs);
        Assert.Equal((1, 0), (Queue().Count, Queue().Overdue));

        keeper.PassLong(TimeSpan.FromHours(hours) + TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10));

        Assert.Equal((1, 1), (Queue().Count, Queue().Overdue));
    }

    [Fact]
    public void A_repair_that_lacks_what_it_needs_is_none()
    {
        keeper.Say(Stands("m1", repair: Release() with { ExpectedVersion = null }));

        Assert.Null(keeper.Row("m1").Repair);
        Assert.Contains("expectedVersion is missing", keeper.Row("m1").Exception!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repair_that_comes_to_be_known_takes_it_out_of_the_queue()
    {
        keeper.Say(Stands("m1"));
        keeper.Say(Stands("m1", repair: Release()));

        Assert.Equal((MismatchState.Proposed, null), (keeper.Row("m1").State, keeper.Row("m1").Exception));
        Assert.Empty(keeper.Reads().Counts().Queues);
    }

    [Fact]
    public void A_safe_repair_of_a_class_that_is_on_is_sent_in_the_next_run_and_repaired_when_the_sides_agree()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        Assert.Equal(
            (MismatchState.Approved, "reconciliation"), (keeper.Row("m1").State, keeper.Row("m1").Approver));

        keeper.Pass(TimeSpan.FromSeconds(61));
        Assert.Equal(MismatchState.Repairing, keeper.Published("m1")!.State);

        keeper.End("m1", "the hold expired");
        Assert.Equal(
            [
                MismatchEventKind.Opened, MismatchEventKind.Approved, MismatchEventKind.RepairSent,
                MismatchEventKind.Repaired,
            ], keeper.EventKinds("m1"));
        Assert.Equal(MismatchState.Repaired, keeper.Published("m1")!.State);
        Assert.Equal("the hold expired", keeper.Events()[^1].Detail);
    }

    [Fact]
    public void A_rejected_repair_is_compared_again_before_it_is_tried_again_and_three_are_enough()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        for (var attempt = 1; attempt <= MismatchRouting.MaximumAttempts; attempt++)
        {
            keeper.Pass(TimeSpan.FromSeconds(61));
            keeper.Answer("m1", attempt, "Rejected", "VersionMismatch: it is at 8");
            Assert.Equal(MismatchState.Open, keeper.Row("m1").State);
            if (attempt < MismatchRouting.MaximumAttempts)
            {
                // Compared again: it still stands, with a version that is the same or another.
                keeper.Say(Stands("m1", Late, Tick()));
                Assert.Equal(MismatchState.Approved, keeper.Row("m1").State);
            }
        }
        keeper.Pass(TimeSpan.FromMinutes(10));

        var exception = keeper.Row("m1").Exception!;
        Assert.Equal(3, exception.Tried.Count);
        Assert.All(exception.Tried, t => Assert.Contains("VersionMismatch", t, StringComparison.Ordinal));
        Assert.Equal("3 attempts did not repair it", exception.Why);
        Assert.Equal(3, keeper.Commands().Count);
    }

    [Fact]
    public void Without_a_word_of_the_comparison_the_next_attempt_waits_a_minute()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        keeper.Pass(TimeSpan.FromSeconds(61));
        keeper.Answer("m1", 1, "Rejected", "VersionMismatch");

        // And until five seconds ago is known.
        keeper.Pass(TimeSpan.FromSeconds(64));
        Assert.Equal(MismatchState.Open, keeper.Row("m1").State);
        keeper.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(MismatchState.Approved, keeper.Row("m1").State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_attempt_whose_difference_stands_after_five_minutes_did_not_repair_it(bool isAnswered)
    {
        keeper.Say(Stands("m1", Late, Tick()));
        keeper.Pass(TimeSpan.FromSeconds(61));
        if (isAnswered)
        {
            keeper.Answer("m1", 1);
        }
        keeper.Pass(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(5));

        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.RepairUnproven);
        Assert.Contains(isAnswered ? "it was done" : "it was not answered", told.Detail, StringComparison.Ordinal);
        Assert.Equal(MismatchState.Open, keeper.Row("m1").State);

        keeper.End("m1");
        Assert.Equal(MismatchState.Repaired, keeper.Row("m1").State);
    }

    [Fact]
    public void What_was_said_while_the_keeper_stood_still_counts_before_the_time_that_passed()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        keeper.Say(Stands("m2", repair: Release()));
        keeper.Decide("m2", DecisionKind.Approve);
        keeper.Decide("m1", DecisionKind.Assign);
        keeper.Driver.PauseInput(keeper.Options.DifferenceTopic);
        keeper.End("m1", "the hold expired");
        keeper.End("m2");
        keeper.Driver.StandStill(TimeSpan.FromMinutes(10));

        keeper.Pass(TimeSpan.FromSeconds(90));
        Assert.Empty(keeper.Commands());
        keeper.Driver.ResumeInput(keeper.Options.DifferenceTopic);
        keeper.Pass(TimeSpan.FromSeconds(90));

        Assert.Empty(keeper.Commands());
        Assert.Equal(
            (MismatchState.ClosedBySelf, MismatchState.ClosedBySelf), (keeper.Row("m1").State, keeper.Row("m2").State));
    }

    [Fact]
    public void An_attempt_is_not_doubted_before_the_comparisons_are_known()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        keeper.Pass(TimeSpan.FromSeconds(61));
        keeper.Driver.HoldWatermark(keeper.Options.DifferenceTopic);

        keeper.Pass(TimeSpan.FromMinutes(7));
        Assert.Equal(MismatchState.Repairing, keeper.Row("m1").State);
        keeper.Driver.ReleaseWatermark(keeper.Options.DifferenceTopic);
        keeper.Pass(TimeSpan.FromSeconds(1));

        Assert.Contains(MismatchEventKind.RepairUnproven, keeper.EventKinds("m1"));
    }

    [Fact]
    public void A_stale_answer_changes_nothing()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        keeper.Pass(TimeSpan.FromSeconds(61));
        keeper.Answer("m1", 1, "Rejected", "VersionMismatch");
        keeper.Pass(TimeSpan.FromSeconds(121));
        Assert.Equal((MismatchState.Repairing, 2), (keeper.Row("m1").State, keeper.Row("m1").Attempts));
        var before = keeper.Kept("m1");

        keeper.Answer("m1", 1, "Rejected", "VersionMismatch");
        keeper.Answer("m1", 3, "Rejected", "VersionMismatch");
        keeper.Answer("unknown", 1, "Rejected", "VersionMismatch");

        Assert.Equal(before!.TimerAtMs, keeper.Kept("m1")!.TimerAtMs);
        Assert.Equal(MismatchState.Repairing, keeper.Row("m1").State);
        Assert.Null(keeper.Kept("unknown"));
    }

    [Fact]
    public void Other_numbers_change_it_and_other_words_alone_do_not()
    {
        keeper.Say(Stands("m1", repair: Release()));
        keeper.Say(Stands("m1", repair: Release()) with { Right = Side("ledger", 1) with { Says = "one unit" } });
        Assert.Equal([MismatchEventKind.Opened, MismatchEventKind.Proposed], keeper.EventKinds("m1"));

        keeper.Say(Stands("m1", repair: Release(8), right: 2));

        Assert.Equal(MismatchEventKind.Changed, keeper.EventKinds("m1")[^1]);
        Assert.Equal(2, keeper.Row("m1").Right.Numbers[0].Value);
        Assert.Contains("version 8", keeper.Row("m1").Repair!.Summary, StringComparison.Ordinal);
        Assert.Equal(MismatchState.Proposed, keeper.Row("m1").State);
    }

    [Fact]
    public void An_approval_of_one_repair_is_none_of_another()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        Assert.Equal(MismatchState.Approved, keeper.Row("m1").State);

        keeper.Say(Stands("m1", Late, Force()));
        keeper.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal(
            (MismatchState.Proposed, "reconciliation", null),
            (keeper.Row("m1").State, keeper.Row("m1").ProposedBy, keeper.Row("m1").Approver));
        Assert.Empty(keeper.Commands());
    }

    [Fact]
    public void A_later_episode_names_the_one_before_for_ninety_days()
    {
        var scope = new MismatchScope { Kind = "order", Id = "o7", OrderRef = "o7" };
        keeper.Say(Stands("m1") with { Scope = scope });
        keeper.Say(Stands("other"));
        Assert.Null(keeper.Row("m1").Previous);
        keeper.End("m1");
        keeper.End("other");

        keeper.Say(Stands("m2") with { Scope = scope });
        Assert.Equal("m1", keeper.Row("m2").Previous);
        keeper.End("m2");
        keeper.PassLong(TimeSpan.FromDays(89), TimeSpan.FromDays(1));
        keeper.Say(Stands("m3") with { Scope = scope });
        Assert.Equal("m2", keeper.Row("m3").Previous);
        keeper.End("m3");
        keeper.PassLong(TimeSpan.FromDays(92), TimeSpan.FromDays(1));
        keeper.Say(Stands("m4") with { Scope = scope });
        Assert.Null(keeper.Row("m4").Previous);
    }

    [Fact]
    public void A_closed_one_is_the_last_word_for_seven_days_and_then_taken_back()
    {
        keeper.Say(Stands("m1", repair: Release()));
        keeper.End("m1");
        Assert.Equal(MismatchState.ClosedBySelf, keeper.Published("m1")!.State);

        keeper.PassLong(TimeSpan.FromDays(6.5), TimeSpan.FromHours(12));
        Assert.NotNull(keeper.Published("m1"));
        keeper.PassLong(TimeSpan.FromDays(1), TimeSpan.FromHours(12));

        Assert.Null(keeper.Published("m1"));
        Assert.Null(keeper.Kept("m1"));
    }

    [Fact]
    public void An_acceptance_that_is_over_opens_it_again_with_its_repair()
    {
        keeper.Say(Stands("m1", Late, Tick()));
        keeper.Decide("m1", DecisionKind.Accept, untilMs: keeper.NowMs + 3_600_000);
        keeper.PassLong(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(1));
        Assert.Equal(MismatchState.Accepted, keeper.Row("m1").State);
        Assert.Empty(keeper.Commands());

        keeper.PassLong(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(20));

        Assert.Equal(
            [MismatchEventKind.AcceptanceOver, MismatchEventKind.Approved, MismatchEventKind.RepairSent],
            keeper.EventKinds("m1").Skip(3).Take(3));
        Assert.Single(keeper.Commands());
    }

    [Fact]
    public void The_scope_of_a_read_model_without_its_partition_waits_for_a_person()
    {
        keeper.Say(Stands("m1", "ProjectionDrift", new RepairFacts { Kind = RepairKind.RebuildScope, PoolId = "p1" }));

        Assert.Contains("partition is missing", keeper.Row("m1").Exception!.Why, StringComparison.Ordinal);
        keeper.Pass(TimeSpan.FromMinutes(2));
        Assert.Empty(keeper.Records(keeper.Options.RebuildTopic));
    }

    private QueueCount Queue() => Assert.Single(keeper.Reads().Counts().Queues);
}
