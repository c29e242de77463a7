using Alloc.Verify;

namespace Verify.Tests;

/// <summary>Each fault that a ledger which does not keep to a degraded mode could leave behind must be found.</summary>
public sealed class ModeFaultTests
{
    private const int Time = 8_000;

    private const string Policy = """
        {"version":1,
         "classMappings":[{"from":"old","to":"web"}],
         "importance":[{"id":"i","pools":"vault","importance":"critical"}],
         "modes":[
           {"id":"m0","mode":"stop","pools":"vault","effect":"rejectHolds"},
           {"id":"m1","mode":"stop","pools":"seats-*","effect":"rejectHolds"},
           {"id":"m2","mode":"busy","pools":"*","effect":"waitlistClasses","classes":["web"]},
           {"id":"m3","mode":"short","pools":"*","effect":"shortenTtl","cap":"1m"}]}
        """;

    private readonly History history = History.Sound();

    public ModeFaultTests() => Put("policy", "PolicyActivated", o => o with
    {
        PolicyVersion = 1,
        Policy = new ObservedPolicy(1, "hash", Time) { Document = Policy },
    });

    [Theory]
    [InlineData("stop", "vip", 30_000, true)]
    [InlineData("busy", "web", 30_000, true)]
    [InlineData("busy", "old", 30_000, true)]
    [InlineData("busy", "vip", 30_000, false)]
    [InlineData("short", "vip", 60_000, false)]
    [InlineData("short", "vip", 60_001, true)]
    [InlineData("unknown", "web", 60_001, false)]
    public void A_hold_that_a_mode_forbids_is_found(string mode, string priorityClass, long lifeMs, bool isFound)
    {
        Switch(mode);
        Hold("r4", priorityClass, lifeMs);

        Expect(isFound);
    }

    [Fact]
    public void A_cap_of_the_switch_counts_where_it_is_less()
    {
        Switch("short", capMs: 10_000);
        Hold("r4", "web", 10_001);

        Expect(isFound: true);
    }

    [Fact]
    public void A_mode_that_is_switched_off_forbids_nothing()
    {
        Switch("stop");
        Switch("stop", on: false);
        Hold("r4", "web", 30_000);

        Expect(isFound: false);
    }

    [Fact]
    public void The_first_mode_that_acts_on_the_pool_acts_alone()
    {
        Switch("short");
        Switch("stop");
        Hold("r4", "web", 30_000);

        Expect(isFound: false);
    }

    [Theory]
    [InlineData("seats-A", "", true)]
    [InlineData("seats-*", "web", true)]
    [InlineData("other", "", false)]
    [InlineData("", "vip", false)]
    public void A_switch_for_some_pools_and_classes_forbids_nothing_elsewhere(
        string pools, string classes, bool isFound)
    {
        Switch("stop", pools: pools, classes: classes);
        Hold("r4", "web", 30_000);

        Expect(isFound);
    }

    [Fact]
    public void A_confirmation_of_what_is_held_is_no_grant()
    {
        Hold("r4", "web", 30_000);
        Switch("stop");
        var held = history.Of("r4");
        history.Put(
            history.Ask("confirm/r4", Ask.Confirm, Time, "r4", 1), "Confirmed",
            History.Move("HoldConfirmed", Account.Held, Account.Confirmed, 1),
            [held with { Held = 0, Confirmed = 1, Version = 2, ExpiresAtMs = null }],
            o => o with { PolicyVersion = 1 });

        Expect(isFound: false);
    }

    private void Switch(
        string mode, bool on = true, long? capMs = null, string pools = "", string classes = "") =>
        Put($"{mode}/{on}", "ModeChanged", o => o with
        {
            PolicyVersion = 1,
            Switch = new ObservedSwitch(
                mode, on, capMs, pools.Length > 0 ? [pools] : [], classes.Length > 0 ? [classes] : []),
        });

    private void Hold(string id, string priorityClass, long lifeMs) => history.Put(
        history.Ask($"hold/{id}", Ask.Hold, Time, id, 1), "Held",
        History.Move("Held", Account.Free, Account.Held, 1),
        [new ObservedReservation
        {
            Id = id,
            Held = 1,
            Granted = 1,
            Version = 1,
            Class = priorityClass,
            ExpiresAtMs = Time + lifeMs,
        }], o => o with { PolicyVersion = 1 });

    private void Put(string id, string what, Func<ObservedOutcome, ObservedOutcome> with) =>
        history.Put(history.Ask(id, Ask.Other, Time), what, [], [], with);

    private void Expect(bool isFound)
    {
        history.Publish();
        history.Expect(isFound ? [FindingKind.ModeBroken] : []);
    }
}
