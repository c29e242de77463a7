using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Reconciliation;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>What people decide, and what they may not.</summary>
public sealed class MismatchDecisionTests : IDisposable
{
    private readonly MismatchDriver keeper = new();

    public void Dispose() => keeper.Dispose();

    [Theory]
    [InlineData(RepairKind.ForceRelease)]
    [InlineData(RepairKind.AcceptSnapshot)]
    [InlineData(RepairKind.Freeze)]
    public void Two_people_must_want_it_even_where_the_class_is_on(RepairKind kind)
    {
        keeper.Say(Stands("m1", Late, Force() with { Kind = kind, Source = "erp", Epoch = 3 }));
        keeper.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(MismatchState.Proposed, keeper.Row("m1").State);

        keeper.Decide("m1", DecisionKind.Approve, "anna");
        Assert.Equal(("anna", MismatchState.Proposed), (keeper.Row("m1").ProposedBy, keeper.Row("m1").State));
        keeper.Decide("m1", DecisionKind.Approve, " anna ");
        Assert.Contains("anna cannot approve own request", Refused(), StringComparison.Ordinal);
        keeper.Pass(TimeSpan.FromMinutes(2));
        Assert.Empty(keeper.Commands());

        keeper.Decide("m1", DecisionKind.Approve, "Anna");
        Assert.Equal(("Anna", MismatchState.Approved), (keeper.Row("m1").Approver, keeper.Row("m1").State));
        keeper.Pass(TimeSpan.FromMinutes(1));
        Assert.NotEmpty(keeper.Commands());
    }

    [Fact]
    public void One_person_is_enough_for_the_others()
    {
        keeper.Say(Stands("m1", repair: Release()));

        keeper.Decide("m1", DecisionKind.Approve, "anna");
        keeper.Pass(TimeSpan.FromMinutes(1));

        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.Approved);
        Assert.Equal(("anna", "because", "d1"), (told.Actor, told.Reason, told.DecisionId));
        Assert.Single(keeper.Commands());
    }

    [Fact]
    public void A_decision_with_an_id_that_was_seen_changes_nothing_for_seven_days()
    {
        keeper.Say(Stands("m1", repair: Release()));
        var decision = Decision("m1", DecisionKind.Assign);
        keeper.Decide(decision);
        keeper.Decide(decision with { Assignee = "eve" });
        keeper.Decide(decision with { Kind = DecisionKind.Reject });
        Assert.Equal("ben", keeper.Row("m1").Assignee);
        Assert.Equal(3, keeper.Events().Count);

        keeper.PassLong(TimeSpan.FromDays(7), TimeSpan.FromHours(12));
        keeper.Decide(decision with { Assignee = "eve" });

        Assert.Equal("eve", keeper.Row("m1").Assignee);
    }

    public static TheoryData<string, RepairDecision> Refusals() => new()
    {
        { "actor is empty", Decision("m1", DecisionKind.Approve, "  ") },
        { "stands for nobody", Decision("m1", DecisionKind.Approve, "reconciliation") },
        { "reason is empty", Decision("m1", DecisionKind.Approve) with { Reason = " " } },
        { "reason is empty", Decision("m1", DecisionKind.Accept) with { Reason = "" } },
        { "assignee is empty", Decision("m1", DecisionKind.Assign) with { Assignee = null } },
        { "until is 2023-11-14", Decision("m1", DecisionKind.Accept) with { UntilMs = StartMs } },
        { "nothing that this version knows", Decision("m1", DecisionKind.Unknown) },
        { "no such mismatch is known", Decision("m2", DecisionKind.Approve) },
        { "scope is empty", Decision("", DecisionKind.Run) },
        { "cap is 0", Decision("", DecisionKind.Run) with { Scope = "*", Cap = 0 } },
        { "class 'Zombie'", Decision("", DecisionKind.Run) with { Scope = "*", Class = "Zombie" } },
        { "class '4'", Decision("", DecisionKind.Run) with { Scope = "*", Class = "4" } },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_a_person_got_wrong_is_refused_in_words_and_changes_nothing(string words, RepairDecision decision)
    {
        keeper.Say(Stands("m1", repair: Release()));
        var before = keeper.Row("m1");

        keeper.Decide(decision);

        var told = keeper.Events()[^1];
        Assert.Equal((MismatchEventKind.DecisionRefused, decision.DecisionId), (told.Kind, told.DecisionId));
        Assert.Contains(words, told.Detail, StringComparison.Ordinal);
        Assert.Equal(before.State, keeper.Row("m1").State);
        Assert.Equal(before.ChangedAtMs, keeper.Row("m1").ChangedAtMs);
        Assert.Empty(keeper.DeadLetters());
    }

    public static TheoryData<string, string, RepairDecision> Malformed() => new()
    {
        { "m2", "its key is 'm2'", Decision("m1", DecisionKind.Approve) },
        { "", "mismatchId '' is empty", Decision("", DecisionKind.Approve) },
        { "m1", "decisionId '' is empty", Decision("m1", DecisionKind.Approve) with { DecisionId = "" } },
        { "m1", "its key is 'm1'", Decision("", DecisionKind.Run) with { Scope = "*" } },
        { "m1", "characters in actor", Decision("m1", DecisionKind.Approve) with { Actor = new string('a', 257) } },
        { "m1", "characters in reason", Decision("m1", DecisionKind.Approve) with { Reason = new string('a', 1025) } },
        {
            "m1", "characters in assignee",
            Decision("m1", DecisionKind.Assign) with { Assignee = new string('a', 257) }
        },
        { "m1", "has a control character", Decision("m1", DecisionKind.Assign) with { Assignee = "a\0b" } },
        { "m1", "is too long", Decision("m1", DecisionKind.Approve) with { DecisionId = new string('d', 257) } },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void What_no_program_should_write_is_a_dead_letter(string key, string words, RepairDecision decision)
    {
        keeper.Say(Stands("m1", repair: Release()));

        keeper.Decide(decision, key);

        Assert.Contains(words, Assert.Single(keeper.DeadLetters()), StringComparison.Ordinal);
        Assert.Equal(MismatchState.Proposed, keeper.Row("m1").State);
    }

    public static TheoryData<string, string, Difference> BadDifferences() => new()
    {
        { "m2", "its key is 'm2'", Stands("m1") },
        { "m1", "its class 'Nothing'", Stands("m1", "Nothing") },
        { "m1", "its class '3'", Stands("m1", "3") },
        { "m1", "has no scope", Stands("m1") with { Scope = null } },
        { "m1", "has no scope", Stands("m1") with { Left = null } },
        { "m1", "its kind is one", Stands("m1") with { Kind = DifferenceKind.Unknown } },
        { "m1", "has no answer", Stands("m1") with { Kind = DifferenceKind.Answered } },
        { "m1", "choices", Stands("m1") with { Choices = [.. Enumerable.Repeat("x", 17)] } },
        { "m1", "noRepairWhy", Stands("m1") with { NoRepairWhy = new string('a', 1025) } },
        { new string('m', 201), "is too long: 201 characters, at most 200", Stands(new string('m', 201)) },
    };

    [Theory]
    [MemberData(nameof(BadDifferences))]
    public void A_difference_that_cannot_be_is_a_dead_letter(string key, string words, Difference said)
    {
        keeper.Say(said, key);

        Assert.Contains(words, Assert.Single(keeper.DeadLetters()), StringComparison.Ordinal);
        Assert.Null(keeper.Kept("m1"));
    }

    [Fact]
    public void An_acceptance_can_be_prolonged_and_ends_when_the_difference_does()
    {
        keeper.Say(Stands("m1", repair: Release()));
        keeper.Decide("m1", DecisionKind.Accept, untilMs: keeper.NowMs + 60_000);
        keeper.Decide("m1", DecisionKind.Accept);
        keeper.PassLong(TimeSpan.FromDays(30), TimeSpan.FromHours(6));
        Assert.Equal((MismatchState.Accepted, null), (keeper.Row("m1").State, keeper.Row("m1").AcceptedUntilMs));
        Assert.Empty(keeper.Reads().Open(new MismatchFilter(), 10).Mismatches);
        Assert.Single(keeper.Reads().Open(new MismatchFilter { State = MismatchState.Accepted }, 10).Mismatches);

        keeper.End("m1");

        Assert.Equal(MismatchState.ClosedBySelf, keeper.Row("m1").State);
    }

    private string Refused() => keeper.Events().Last(e => e.Kind == MismatchEventKind.DecisionRefused).Detail;
}
