using Alloc.Verify;

namespace Verify.Tests;

/// <summary>Each fault of the rules for too few units that a broken domain could leave behind must be found.</summary>
public sealed class ScarcityFaultTests
{
    private const int Time = 8_000;
    private readonly History history = History.Sound();

    public ScarcityFaultTests()
    {
        history.TakePolicy(1, Time);
        history.TakePolicy(2, Time);
    }

    [Fact]
    public void A_sound_history_of_waiting_preemption_quotas_and_approval_has_no_findings()
    {
        Wait("w1", 3);
        Promote("w1", 3);
        Grant("r4", 4, o => o with { Steps = [Availability(o.Before.Free), Quota(used: 0, granted: 4, limit: 4)] });
        Preempt("r4", 4, by: "vip");
        Force("r1", 2, approvedBy: "Operator/ann");

        Expect();
    }

    [Fact]
    public void A_grant_of_what_is_kept_for_a_higher_class_is_found()
    {
        Grant("r4", 4, o => o with { Steps = [Availability(o.Before.Free, kept: o.Before.Free - 3)] });

        Expect(FindingKind.Oversold);
    }

    [Fact]
    public void A_grant_within_overbooking_is_sound_and_one_beyond_it_is_found()
    {
        Grant("r4", 98, o => o with { Steps = [Availability(o.Before.Free, overbooking: 5)], PolicyVersion = 1 });
        Expect();

        Grant("r5", 1, o => o with { Steps = [Availability(o.Before.Free, overbooking: 5)], PolicyVersion = 1 });
        Expect(FindingKind.Oversold);
    }

    [Fact]
    public void Numbers_of_a_decision_that_contradict_the_balances_are_found()
    {
        Grant("r4", 4, o => o with { Steps = [Availability(o.Before.Free + 1)] });

        Expect(FindingKind.TraceBroken);
    }

    [Fact]
    public void A_deficit_that_is_not_published_is_found()
    {
        Take(100);

        Expect(FindingKind.DeficitUnpublished);
    }

    [Fact]
    public void A_deficit_that_is_published_twice_is_found()
    {
        Take(100);
        var deficit = -history.Outcomes[^1].After.Free;
        OverCommit(deficit);
        Expect();

        OverCommit(deficit);
        Expect(FindingKind.DeficitUnpublished);
    }

    [Fact]
    public void A_grant_while_in_deficit_is_found()
    {
        Take(100);
        OverCommit(-history.Outcomes[^1].After.Free);
        Grant("r4", 1, o => o with { Steps = [Availability(o.Before.Free, overbooking: 50)], PolicyVersion = 1 });

        Expect(FindingKind.GrantInDeficit);
    }

    [Fact]
    public void A_charge_that_is_not_what_its_reservation_changed_by_is_found()
    {
        Grant("r4", 4, o => o with { Charges = [new ObservedCharge("dealer/seven", 3, 0)] }, "dealer/seven");

        Expect(FindingKind.ChargeMismatch);
    }

    [Fact]
    public void A_charge_that_no_reservation_caused_and_a_usage_below_zero_are_found()
    {
        Grant("r4", 4, o => o with { Charges = [new ObservedCharge("dealer/nine", -1, 0)] });

        Expect(FindingKind.ChargeMismatch, FindingKind.QuotaBroken);
    }

    [Fact]
    public void A_grant_beyond_the_limit_that_its_decision_names_is_found()
    {
        Grant("r4", 4, o => o with { Steps = [Availability(o.Before.Free), Quota(used: 1, granted: 4, limit: 4)] });

        Expect(FindingKind.QuotaBroken);
    }

    [Fact]
    public void A_promotion_of_more_than_was_waited_for_is_found()
    {
        Wait("w1", 3);
        Promote("w1", 4);

        Expect(FindingKind.WaiterBroken);
    }

    [Fact]
    public void A_promotion_past_an_equal_waiter_is_found()
    {
        Wait("w1", 3, place: 1);
        Wait("w2", 3, place: 2);
        Promote("w2", 3);

        Expect(FindingKind.WaiterBroken);
    }

    [Fact]
    public void Units_taken_away_for_nobody_are_found()
    {
        var tick = history.Ask("", Ask.Tick, Time);
        Victim(tick, "r3", 5, by: "vip", "gold");

        Expect(FindingKind.PreemptionBroken);
    }

    [Fact]
    public void A_victim_of_the_preemptors_own_class_is_found()
    {
        Preempt("r3", 5, by: "vip", byClass: "");

        Expect(FindingKind.PreemptionBroken);
    }

    [Fact]
    public void A_quota_takes_back_what_it_lent_from_its_own_class_and_within_a_cool_down()
    {
        Grant("r4", 1, o => o with { Cooldowns = [("", Time + 1)] });
        Grant("south", 1);
        Victim(history.CommandLog[^1], "r3", 5, by: "south", byClass: "", o => o with
        {
            Steps = [new ObservedStep("Preemption", "quota/south", true, new Dictionary<string, long>
            {
                ["Borrowed"] = 5, ["Lendable"] = 10, ["FreedByPreemption"] = 5,
            })],
        });

        Expect();
    }

    [Fact]
    public void A_victim_that_keeps_held_units_is_found()
    {
        Preempt("r3", 3, by: "vip");

        Expect(FindingKind.PreemptionBroken);
    }

    [Fact]
    public void A_preemption_within_the_cool_down_is_found()
    {
        Grant("r4", 2, o => o with { Cooldowns = [("gold", Time + 1)] });
        var tick = history.Ask("", Ask.Tick, Time);
        Victim(tick, "r3", 5, by: "vip", "gold");

        Expect(FindingKind.PreemptionBroken, FindingKind.CooldownBroken);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Operator/eve")]
    public void Confirmed_units_taken_back_without_another_ones_approval_are_found(string? approvedBy)
    {
        Force("r1", 2, approvedBy);

        Expect(FindingKind.ApprovalMissing);
    }

    [Fact]
    public void A_split_that_loses_units_is_found()
    {
        var split = history.Ask("split", Ask.Split, Time, "r3");
        var whole = history.Of("r3");
        history.Put(split, "ReservationSplit", [],
            [
                whole with { Held = 3, Granted = 3, Version = 2 },
                whole with { Id = "r3b", Held = 1, Granted = 1, Version = 1 },
            ],
            o => o with { Subject = "r3", Parts = ["r3b"] });

        Expect(FindingKind.WrongEffect, FindingKind.ReservationSumMismatch);
    }

    [Fact]
    public void An_amended_quantity_that_is_not_the_one_asked_for_is_found()
    {
        var amend = history.Ask("amend", Ask.Amend, Time, "r3", 3);
        var known = history.Of("r3");
        history.Put(amend, "Amended", History.Move("HoldReleased", Account.Held, Account.Free, 1),
            [known with { Held = 4, Released = 1, Version = 2 }]);

        Expect(FindingKind.WrongEffect);
    }

    [Fact]
    public void A_policy_that_goes_back_is_found()
    {
        Grant("r4", 1, o => o with { PolicyVersion = 2 });
        Grant("r5", 1, o => o with { PolicyVersion = 1 });

        Expect(FindingKind.PolicyWentBack);
    }

    [Fact]
    public void An_epoch_that_goes_back_is_found()
    {
        Grant("r4", 1, o => o with { Epoch = 2 });
        Grant("r5", 1, o => o with { Epoch = 1 });

        Expect(FindingKind.EpochWentBack);
    }

    private void Grant(
        string id, long quantity, Func<ObservedOutcome, ObservedOutcome>? with = null, params string[] scopes) =>
        history.Put(
            history.Ask($"hold-{id}", Ask.Hold, Time, id, quantity), "Held",
            History.Move("Held", Account.Free, Account.Held, quantity),
            [new ObservedReservation
            {
                Id = id, Held = quantity, Granted = quantity, Version = 1, ExpiresAtMs = 90_000, Scopes = scopes,
            }],
            with);

    private void Take(long quantity) => history.Put(
        history.Ask("take", Ask.Other, Time), "SupplyApplied",
        History.Move("SupplyRemoved", Account.Free, Account.External, quantity), []);

    private void OverCommit(long deficit) => history.Put(
        history.CommandLog[^1], "OverCommitted", [], [], o => o with { Quantity = deficit }, AnswerKind.Caused);

    private void Wait(string id, long quantity, long place = 1) => history.Put(
        history.Ask($"hold-{id}", Ask.Hold, Time, id, quantity), "Waitlisted", [],
        [new ObservedReservation { Id = id, Waiting = quantity, Version = 1, Place = (place, 0) }]);

    private void Promote(string id, long quantity)
    {
        var waiter = history.Of(id);
        history.Put(
            history.Ask("", Ask.Tick, Time), "Promoted", History.Move("Held", Account.Free, Account.Held, quantity),
            [waiter with
            {
                Waiting = 0, Held = quantity, Granted = quantity, Version = 2, ExpiresAtMs = 90_000,
            }],
            o => o with { Subject = id, Quantity = quantity }, AnswerKind.Caused);
    }

    private void Preempt(string victim, long quantity, string by, string byClass = "gold")
    {
        Grant(by, 1);
        Victim(history.CommandLog[^1], victim, quantity, by, byClass);
    }

    private void Victim(
        ObservedCommand source, string victim, long quantity, string by, string byClass,
        Func<ObservedOutcome, ObservedOutcome>? change = null)
    {
        var known = history.Of(victim);
        history.Put(
            source, "Preempted", History.Move("HoldPreempted", Account.Held, Account.Free, quantity),
            [known with
            {
                Held = known.Held - quantity, Preempted = quantity, Version = known.Version + 1,
                ExpiresAtMs = known.Held == quantity ? null : known.ExpiresAtMs,
            }],
            o => (change ?? (same => same))(
                o with { Subject = victim, Quantity = quantity, PreemptedBy = (by, byClass) }),
            AnswerKind.Caused);
    }

    private void Force(string id, long quantity, string? approvedBy)
    {
        var known = history.Of(id);
        var force = history.Ask("force", Ask.ForceRelease, Time, id) with { Actor = "Operator/eve" };
        history.CommandLog[^1] = force;
        if (approvedBy is not null)
        {
            history.Put(force, "PendingApproval", [], [], null, AnswerKind.Provisional);
            var approve = history.Ask("approve", Ask.Approve, Time) with { Actor = approvedBy, Approves = "force" };
            history.CommandLog[^1] = approve;
        }
        var source = history.CommandLog[^1];
        history.Put(
            force, "Released", History.Move("ConfirmRevoked", Account.Confirmed, Account.Free, quantity),
            [known with { Confirmed = known.Confirmed - quantity, Released = quantity, Version = known.Version + 1 }],
            o => o with { Source = source.At, HasCause = source != force, Subject = id });
        if (approvedBy is not null)
        {
            history.Put(source, "NoOp", [], []);
        }
    }

    private static ObservedStep Availability(long free, long overbooking = 0, long kept = 0) => new(
        "Availability", "", HasPassed: true, new Dictionary<string, long>
        {
            ["Free"] = free,
            ["Overbooking"] = overbooking,
            ["Protected"] = kept,
            ["Available"] = free + overbooking - kept,
        });

    private static ObservedStep Quota(long used, long granted, long limit) => new(
        "Quota", "quota/seven", HasPassed: true, new Dictionary<string, long>
        {
            ["Used"] = used,
            ["Requested"] = granted,
            ["Limit"] = limit,
        });

    private void Expect(params FindingKind[] kinds) => history.Expect(kinds);
}
