using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>A class takes from lower ones what it lacks.</summary>
public sealed class PreemptionTests
{
    private static AllocationPolicy Policy(
        bool confirmed = false, long age = 0, long cooldown = 0, int victims = 100, bool waits = false) =>
        ThreeClasses.Waiting() with
        {
            PreemptionTable =
            [
                new PreemptionRow(
                    "preempt/vip", PoolPattern.All, Vip, [Web, Plus], confirmed, age, cooldown, victims, waits),
            ],
        };

    private static AllocationCommandBody.Hold Body(
        string id, long quantity, string priorityClass, HoldMode mode = HoldMode.AllOrNothing) => new()
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
            Mode = mode,
            TtlMs = 3_600_000,
        };

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event switch
    {
        AllocationOutcomeEvent.Promoted promoted => $"Promoted {promoted.ReservationId}",
        AllocationOutcomeEvent.Preempted preempted => $"Preempted {preempted.ReservationId} {preempted.Quantity}",
        _ => OutcomeText.Of(o),
    })];

    private static TestLedger Full(AllocationPolicy policy, params (string Id, long Quantity, string Class)[] holds)
    {
        var ledger = TestLedger.WithStock(holds.Sum(h => h.Quantity), policy: policy);
        foreach (var (id, quantity, priorityClass) in holds)
        {
            ledger.NowMs += 1_000;
            ledger.Run(Body(id, quantity, priorityClass));
        }
        return ledger;
    }

    [Fact]
    public void Lowest_class_loses_first_and_of_it_the_newest()
    {
        var ledger = Full(Policy(), ("w1", 2, Web), ("p1", 2, Plus), ("w2", 2, Web), ("v0", 4, Vip));

        var outcomes = ledger.All(Body("v", 5, Vip));

        Assert.Equal(["Preempted w2 2", "Preempted w1 2", "Preempted p1 2", "✔ Held"], Texts(outcomes));
        Assert.Equal((1, 9), (ledger.Balances.Free, ledger.Balances.Held));
        Assert.All(outcomes.SkipLast(1), o => Assert.Equal(
            (false, outcomes[^1].CommandId), (o.Original, o.CausedBy!.CommandId)));
        var preempted = Assert.IsType<AllocationOutcomeEvent.Preempted>(outcomes[0].Event);
        Assert.Equal(("v", Vip, false), (preempted.By, preempted.ByClass, preempted.WaitsAgain));
        var told = Assert.Single(outcomes[^1].Decision, s => s.Rule == DecisionRule.Preemption);
        Assert.Equal(
            [(NumberName.Victims, 3), (NumberName.FreedByPreemption, 6)],
            told.Numbers.Select(n => (n.Name, n.Value)));
        Assert.Equal("preempted 2", OutcomeText.Of(ledger.Reservation("w1"), ledger.NowMs));
        Assert.Equal("R AlreadyPreempted", OutcomeText.Of(ledger.Confirm("w1")));
    }

    [Fact]
    public void Whoever_is_not_needed_keeps_its_units()
    {
        var ledger = Full(Policy(), ("w1", 5, Web), ("w2", 1, Web), ("w3", 2, Web));

        var outcomes = ledger.All(Body("v", 5, Vip));

        Assert.Equal(["Preempted w1 5", "✔ Held"], Texts(outcomes));
        Assert.Equal(0, ledger.Balances.Free);
    }

    [Fact]
    public void What_cannot_free_enough_takes_nothing()
    {
        var ledger = Full(Policy(victims: 1), ("w1", 2, Web), ("w2", 2, Web));

        var rejected = ledger.All(Body("v", 3, Vip));

        Assert.Equal(["R InsufficientAvailability+PreemptionNotPermitted"], Texts(rejected));
        Assert.Equal(4, ledger.Balances.Held);
    }

    [Fact]
    public void Lower_and_equal_classes_take_nothing_and_are_not_told_of_preemption()
    {
        var ledger = Full(Policy(), ("w1", 2, Web), ("v1", 2, Vip));

        Assert.Equal(["R InsufficientAvailability"], Texts(ledger.All(Body("p", 1, Plus))));
        Assert.Equal(
            ["R InsufficientAvailability+PreemptionNotPermitted"], Texts(ledger.All(Body("v", 3, Vip))));
    }

    [Fact]
    public void Young_holds_are_spared()
    {
        var ledger = Full(Policy(age: 10_000), ("old", 2, Web), ("young", 2, Web));
        ledger.NowMs += 9_000;

        Assert.Equal(["Preempted old 2", "✔ Held"], Texts(ledger.All(Body("v", 1, Vip))));
    }

    [Fact]
    public void Confirmed_units_are_taken_after_all_held_ones_where_the_row_says_so()
    {
        var never = Full(Policy(), ("w1", 2, Web), ("w2", 2, Web));
        var also = Full(Policy(confirmed: true), ("w1", 2, Web), ("w2", 2, Web));
        foreach (var ledger in new[] { never, also })
        {
            ledger.Confirm("w2");
        }

        Assert.Equal(
            ["R InsufficientAvailability+PreemptionNotPermitted"], Texts(never.All(Body("v", 3, Vip))));
        Assert.Equal(["Preempted w1 2", "Preempted w2 2", "✔ Held"], Texts(also.All(Body("v", 3, Vip))));
        Assert.Equal((1, 3, 0), (also.Balances.Free, also.Balances.Held, also.Balances.Confirmed));
    }

    [Fact]
    public void Cooldown_keeps_the_class_from_preempting_again_until_it_ends()
    {
        var ledger = Full(Policy(cooldown: 5_000), ("w1", 2, Web), ("w2", 2, Web));
        ledger.All(Body("v1", 2, Vip));

        var early = ledger.All(Body("v2", 2, Vip));
        ledger.NowMs += 5_000;
        var late = ledger.All(Body("v3", 2, Vip));

        Assert.Equal(["R InsufficientAvailability+PreemptionNotPermitted"], Texts(early));
        Assert.Equal(["Preempted w1 2", "✔ Held"], Texts(late));
    }

    [Fact]
    public void One_who_waits_for_a_cooldown_preempts_when_it_ends()
    {
        var ledger = Full(Policy(cooldown: 5_000), ("w1", 2, Web), ("w2", 2, Web));
        ledger.All(Body("v1", 2, Vip));
        ledger.All(Body("v2", 2, Vip, HoldMode.Waitlist));

        var outcomes = ledger.Wait(TimeSpan.FromSeconds(5));

        Assert.Equal(["N PromotionGoesOn", "Preempted w1 2", "Promoted v2"], Texts(outcomes));
    }

    [Fact]
    public void Waiters_stand_in_the_way_only_of_those_who_could_not_take_units_from_them()
    {
        var ledger = Full(Policy(), ("w1", 4, Web));
        ledger.All(Body("first", 2, Web, HoldMode.Waitlist));
        ledger.All(Body("second", 2, Vip, HoldMode.Waitlist));

        Assert.Equal("held 2", OutcomeText.Of(ledger.Reservation("second"), ledger.NowMs));
        Assert.Equal("held 2", OutcomeText.Of(ledger.Reservation("first"), ledger.NowMs));
        Assert.Equal(
            ["R InsufficientAvailability"], Texts(ledger.All(Body("p", 2, Plus))));
    }

    [Fact]
    public void Victim_is_served_before_those_who_came_after_it()
    {
        var boosted = Policy(waits: true).WithBoost(Vip, 600_000);
        var ledger = Full(boosted, ("w1", 4, Web), ("w2", 2, Web));
        ledger.All(Body("later", 2, Web, HoldMode.Waitlist));

        var outcomes = ledger.All(Body("v", 2, Vip));
        var freed = ledger.All(new AllocationCommandBody.Release { ReservationId = "v", Reason = "test" });

        Assert.Equal(["Preempted w2 2", "✔ Held"], Texts(outcomes));
        Assert.Equal(["✔ Released", "Promoted w2"], Texts(freed));
        Assert.Equal("held 2 preempted 2", OutcomeText.Of(ledger.Reservation("w2"), ledger.NowMs));
        Assert.Equal("waiting 2", OutcomeText.Of(ledger.Reservation("later"), ledger.NowMs));
    }

    [Fact]
    public void Surplus_goes_to_waiters_after_the_one_it_was_taken_for()
    {
        var ledger = Full(Policy().WithBoost(Vip, 600_000), ("w1", 4, Web));
        ledger.All(Body("small", 3, Web, HoldMode.Waitlist));

        var outcomes = ledger.All(Body("v", 1, Vip));

        Assert.Equal(["Preempted w1 4", "✔ Held", "Promoted small"], Texts(outcomes));
        Assert.Equal((0, 4), (ledger.Balances.Free, ledger.Balances.Held));
    }
}
