using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Partition;

/// <summary>The partition's clock, expiry and parking.</summary>
public sealed class TimerTests
{
    [Fact]
    public void Hold_is_expired_at_its_very_time_before_the_record_itself()
    {
        var ledger = TestLedger.WithStock(1);
        ledger.Hold("first", 1, ttlMs: 1_000);

        ledger.NowMs += 999;
        var early = ledger.Hold("second", 1);
        ledger.NowMs += 1;
        var outcomes = ledger.All(new AllocationCommandBody.Hold { ReservationId = "third", Quantity = 1 });

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(early));
        Assert.Equal(["✔ Expired", "✔ Held"], outcomes.Select(OutcomeText.Of));
        Assert.Equal(outcomes[1].CommandId, outcomes[0].CausedBy!.CommandId);
        Assert.False(outcomes[0].Original);
    }

    [Fact]
    public void Tick_that_finds_nothing_due_leaves_nothing_and_moves_no_clock()
    {
        var ledger = TestLedger.WithStock(1);
        var before = ledger.State.Partition;

        ledger.NowMs += 60_000;
        var outcomes = ledger.Tick();

        Assert.Empty(outcomes);
        Assert.Equal(before, ledger.State.Partition);
    }

    [Fact]
    public void Clock_never_goes_back()
    {
        var ledger = TestLedger.WithStock(5);
        var command = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        var late = ledger.Fold(command, TestLedger.Pool, TestLedger.Partition, timestampMs: 0).Single();

        Assert.Equal(ledger.NowMs, late.TMs);
    }

    [Fact]
    public void Timers_fire_in_the_order_of_time_kind_pool_and_id()
    {
        var ledger = TestLedger.WithStock(9);
        ledger.Hold("b", 1, ttlMs: 30_000);
        ledger.Hold("a", 1, ttlMs: 30_000);
        ledger.Hold("c", 1, ttlMs: 20_000);
        ledger.Confirm("unknown");

        var fired = ledger.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(
            ["Expired c", "Expired a", "Expired b", "Rejected unknown"],
            fired.Select(o => o.Event switch
            {
                AllocationOutcomeEvent.Expired expired => $"Expired {expired.ReservationId}",
                AllocationOutcomeEvent.Rejected rejected => $"Rejected {rejected.ReservationId}",
                _ => "other",
            }));
    }

    [Fact]
    public void At_most_n_timers_fire_for_one_record_and_a_hold_it_names_is_expired_all_the_same()
    {
        var limits = PolicyVersions.Version0.Limits with { TimersPerRecord = 3 };
        var ledger = TestLedger.WithStock(20, policy: PolicyVersions.Version0 with { Limits = limits });
        for (var index = 0; index < 10; index++)
        {
            ledger.Hold($"h{index}", 1, ttlMs: 1_000);
        }

        ledger.NowMs += 5_000;
        var named = ledger.All(new AllocationCommandBody.Confirm { ReservationId = "h9" });
        var rest = ledger.Tick();

        Assert.Equal(
            ["✔ Expired", "✔ Expired", "✔ Expired", "✔ Expired", "R AlreadyExpired"], named.Select(OutcomeText.Of));
        Assert.Equal("h9", Assert.IsType<AllocationOutcomeEvent.Expired>(named[3].Event).ReservationId);
        Assert.Equal(3, rest.Count);
        Assert.Equal(3, ledger.Balances.Held);
    }

    [Fact]
    public void Parked_commands_are_decided_right_after_their_hold_in_order()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Release("r", 1);
        ledger.Confirm("r", 3, Remainder.Keep);
        ledger.Consume("r", 2);

        var outcomes = ledger.All(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 5 });

        Assert.Equal(["✔ Held", "✔ Released", "✔ Confirmed", "✔ Consumed"], outcomes.Select(OutcomeText.Of));
        Assert.All(outcomes, o => Assert.True(o.Original));
        Assert.All(outcomes.Skip(1), o => Assert.Equal(outcomes[0].CommandId, o.CausedBy!.CommandId));
        Assert.Equal("held 1 confirmed 1 consumed 2 released 1", OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
        Assert.Equal(0, ledger.PoolState.Parked);
        Assert.Equal(TimerKind.Expiry, ledger.State.GetTimers().Single().Kind);
    }

    [Fact]
    public void Consumption_parked_at_its_hold_is_decided_right_after_the_confirmation()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        ledger.Consume("r", 5);

        var outcomes = ledger.All(new AllocationCommandBody.Confirm { ReservationId = "r" });

        Assert.Equal(["✔ Confirmed", "✔ Consumed"], outcomes.Select(OutcomeText.Of));
    }

    [Fact]
    public void Tombstone_and_rejected_hold_end_parked_commands_at_once()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Confirm("r");
        ledger.Confirm("s");

        var tombstone = ledger.All(
            new AllocationCommandBody.Release { ReservationId = "r", Reason = "order cancelled" });
        var rejected = ledger.All(new AllocationCommandBody.Hold { ReservationId = "s", Quantity = 11 });
        var late = ledger.Hold("r", 1);

        Assert.Equal(["N tombstone", "R AlreadyReleased"], tombstone.Select(OutcomeText.Of));
        Assert.Equal(["R InsufficientAvailability", "R NeverHeld"], rejected.Select(OutcomeText.Of));
        Assert.Equal("R AlreadyReleased", OutcomeText.Of(late));
        Assert.Empty(ledger.State.GetTimers());
    }

    [Fact]
    public void Expiry_of_the_hold_ends_a_consumption_parked_for_its_confirmation()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5, ttlMs: 10_000);
        ledger.Consume("r", 5);

        var outcomes = ledger.Wait(TimeSpan.FromSeconds(10));

        Assert.Equal(["✔ Expired", "✔ OrphanConsumed"], outcomes.Select(OutcomeText.Of));
    }

    [Theory]
    [InlineData(false, "✔ Expired", "✔ OrphanConsumed")]
    [InlineData(true, "✔ Extended", "✔ Consumed")]
    public void Hold_that_is_due_expires_before_the_grace_of_its_consumption_ends_after_an_outage(
        bool isExtended, params string[] expected)
    {
        var policy = PolicyVersions.Version0 with
        {
            ModeTable = [new ModeRow("mode/slow", "slow", PoolPattern.All, ModeEffect.ExtendHolds, 600_000)],
        };
        var ledger = TestLedger.WithStock(10, policy: policy);
        ledger.Hold("r", 5, ttlMs: 32_000);
        ledger.Consume("r", 5);
        if (isExtended)
        {
            ledger.Run(ledger.Command(
                new AllocationCommandBody.ModeSwitch { Mode = "slow", On = true, Reason = "test" },
                pool: ReservedKeys.Mode));
        }

        var outcomes = ledger.Wait(TimeSpan.FromSeconds(60));

        Assert.Equal(expected, outcomes.Select(OutcomeText.Of));
        Assert.DoesNotContain(ledger.State.GetTimers(), t => t.DueAtMs <= ledger.NowMs);
    }

    [Fact]
    public void Victim_that_is_due_expires_and_who_would_have_taken_from_it_gets_what_is_free()
    {
        var policy = TestPolicies.ThreeClasses with
        {
            Limits = PolicyVersions.Version0.Limits with { TimersPerRecord = 1 },
            PreemptionTable =
            [
                new PreemptionRow(
                    "preempt/vip", PoolPattern.All, TestPolicies.Vip, [TestPolicies.Web], IncludeConfirmed: false,
                    MinimumAgeMs: 0, CooldownMs: 60_000, MaximumVictims: 100, VictimWaitsAgain: false),
            ],
        };
        var ledger = TestLedger.WithStock(10, policy: policy);
        ledger.Hold("first", 5, ttlMs: 1_000);
        ledger.Hold("second", 5, ttlMs: 2_000);

        ledger.NowMs += 60_000;
        var outcomes = ledger.All(
            new AllocationCommandBody.Hold { ReservationId = "vip", Quantity = 8, Class = TestPolicies.Vip });

        Assert.Equal(["✔ Expired", "✔ Expired", "✔ Held"], outcomes.Select(OutcomeText.Of));
        Assert.Empty(outcomes[2].Cooldowns);
        Assert.DoesNotContain(outcomes[2].Decision, s => s.Rule == DecisionRule.Preemption);
    }

    [Fact]
    public void No_more_than_eight_commands_are_parked_for_a_reservation()
    {
        var ledger = TestLedger.WithStock(10);

        var outcomes = Enumerable.Range(0, 9).Select(_ => ledger.Confirm("r")).ToList();
        var fact = ledger.Consume("r", 1);

        Assert.Equal(8, outcomes.Count(o => OutcomeText.Of(o) == "P"));
        Assert.Equal("R UnknownReservation", OutcomeText.Of(outcomes[8]));
        Assert.Equal("✔ OrphanConsumed", OutcomeText.Of(fact));
    }

    [Fact]
    public void Repeat_of_a_parked_command_gets_the_provisional_answer_again_and_later_the_original()
    {
        var ledger = TestLedger.WithStock(10);
        var confirm = ledger.Command(new AllocationCommandBody.Confirm { ReservationId = "r" });
        var parked = ledger.Run(confirm);

        var meanwhile = ledger.Run(confirm);
        ledger.Hold("r", 5);
        var afterwards = ledger.Run(confirm);

        Assert.Equal(("P", OutcomeIds.Of(parked)), (OutcomeText.Of(meanwhile), meanwhile.DuplicateOf));
        Assert.Equal("✔ Confirmed", OutcomeText.Of(afterwards));
        Assert.NotEqual(OutcomeIds.Of(parked), afterwards.DuplicateOf);
        Assert.Empty(afterwards.Entries);
    }

    [Fact]
    public void Parked_consumption_is_seen_already()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Consume("r", 2, "c1", TestLedger.Erp, 1);

        var sameId = ledger.Consume("r", 2, "c1");
        var sameSequence = ledger.Consume("r", 2, "c2", TestLedger.Erp, 1);

        Assert.Equal("N ConsumeSeen", OutcomeText.Of(sameId));
        Assert.Equal("N SourceSequenceSeen", OutcomeText.Of(sameSequence));
    }
}
