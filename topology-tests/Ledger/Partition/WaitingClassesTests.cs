using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Partition;

/// <summary>The degraded mode in which requests of low classes wait instead of being granted.</summary>
public sealed class WaitingClassesTests
{
    private const long Hour = 3_600_000;

    private static readonly AllocationPolicy Policy = ThreeClasses.Waiting() with
    {
        ModeTable =
        [
            new ModeRow("mode/busy", "busy", PoolPattern.All, ModeEffect.WaitlistClasses, 0) { Classes = [Web, Plus] },
            new ModeRow("mode/stop", "stop", PoolPattern.All, ModeEffect.RejectHolds, 0),
        ],
    };

    [Fact]
    public void Request_of_a_low_class_waits_although_there_is_enough_and_is_served_when_the_mode_ends()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, on: true);

        var waits = Hold(ledger, "w", Web, HoldMode.Waitlist);
        var passes = Hold(ledger, "v", Vip);
        var ends = ledger.All(Command(ledger, on: false));

        Assert.Equal(["✔ Waitlisted", "✔ Held"], new[] { waits, passes }.Select(OutcomeText.Of));
        Assert.Equal(["✔ ModeChanged", "✔ Promoted"], ends.Select(OutcomeText.Of));
        Assert.Contains(
            waits.Decision, s => s is { Rule: DecisionRule.Mode, Result: RuleResult.Failed, Row: "mode/busy" });
    }

    [Fact]
    public void Request_that_cannot_wait_is_rejected_with_the_mode_as_the_reason()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, on: true);

        foreach (var mode in (HoldMode[])[HoldMode.AllOrNothing, HoldMode.Partial])
        {
            var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(Hold(ledger, $"r{mode}", Web, mode).Event);

            var reason = Assert.Single(rejected.Reasons);
            Assert.Equal((ReasonCode.ClassMustWait, "busy"), (reason.Code, reason.Detail));
        }
    }

    [Fact]
    public void Units_that_come_free_are_for_classes_that_need_not_wait()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Hold(ledger, "all", Vip, quantity: 10);
        Hold(ledger, "w", Web, HoldMode.Waitlist);
        Hold(ledger, "v", Vip, HoldMode.Waitlist);
        Switch(ledger, on: true);

        ledger.Release("all", 5);

        Assert.Equal((0, 1), (ledger.Reservation("w")!.Held, ledger.Reservation("v")!.Held));
        Assert.Equal("✔ Promoted", OutcomeText.Of(ledger.All(Command(ledger, on: false))[^1]));
    }

    [Fact]
    public void Mode_switched_for_one_class_and_some_pools_leaves_the_others_alone()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, on: true, classes: [Web], pools: ["bol*", "nuts"]);

        Assert.Equal("R ClassMustWait", OutcomeText.Of(Hold(ledger, "a", Web)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "b", Plus)));
        Switch(ledger, on: true, pools: ["nuts"]);
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "c", Web)));
    }

    [Fact]
    public void Who_waits_is_served_when_a_mode_that_stays_on_is_switched_away_from_its_pool()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, on: true);
        Hold(ledger, "w", Web, HoldMode.Waitlist);

        var outcomes = ledger.All(Command(ledger, on: true, pools: ["nuts"]));

        Assert.Equal(["✔ ModeChanged", "✔ Promoted"], outcomes.Select(OutcomeText.Of));
    }

    [Fact]
    public void Mode_that_rejects_holds_can_be_switched_on_for_a_class()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Hold(ledger, "w", Web);
        ledger.Run(ledger.Command(
            new AllocationCommandBody.ModeSwitch { Mode = "stop", On = true, Reason = "test", Classes = [Web] },
            pool: ReservedKeys.Mode));

        Assert.Equal("R DegradedMode", OutcomeText.Of(Hold(ledger, "a", Web, HoldMode.Waitlist)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "b", Vip)));
        Assert.Equal("R DegradedMode", OutcomeText.Of(
            ledger.Run(new AllocationCommandBody.Amend { ReservationId = "w", NewQuantity = 2 })));
    }

    [Theory]
    [InlineData("stars", "", "no row of mode stars is about pools nuts")]
    [InlineData("busy", "vip", "no row of mode busy is about class vip")]
    [InlineData("busy", "gold", "the policy knows no class gold")]
    public void Mode_is_not_switched_on_beyond_its_rows(string mode, string priorityClass, string why)
    {
        var policy = Policy with
        {
            ModeTable =
            [
                .. Policy.ModeTable,
                new ModeRow("mode/stars", "stars", new PoolPattern("star/*"), ModeEffect.RejectHolds, 0),
            ],
        };
        var ledger = TestLedger.WithStock(10, policy: policy);

        var refused = ledger.Run(ledger.Command(
            new AllocationCommandBody.ModeSwitch
            {
                Mode = mode,
                On = true,
                Reason = "test",
                Pools = mode == "stars" ? ["nuts"] : [],
                Classes = priorityClass.Length > 0 ? [priorityClass] : [],
            },
            pool: ReservedKeys.Mode));

        var reason = Assert.Single(Assert.IsType<AllocationOutcomeEvent.Rejected>(refused.Event).Reasons);
        Assert.Equal((ReasonCode.PolicyForbids, why), (reason.Code, reason.Detail));
        Assert.Empty(ledger.State.Settings.Modes);
    }

    [Theory]
    [InlineData(false, "nuts", "pools are for a mode that is switched on")]
    [InlineData(true, "nu*ts", "pools is a pool or a prefix that ends in *")]
    [InlineData(true, "$policy", "pools is a pool or a prefix that ends in *")]
    [InlineData(true, "", "pools is empty")]
    [InlineData(true, "nuts,nuts", "pools name one twice")]
    public void Switch_with_pools_that_are_none_is_malformed(bool on, string pools, string why)
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);

        var refused = ledger.Run(Command(ledger, on, pools: pools.Split(',')));

        var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(refused.Event);
        Assert.Contains((ReasonCode.Malformed, why), rejected.Reasons.Select(r => (r.Code, r.Detail)));
    }

    [Fact]
    public void Switch_that_names_too_many_pools_is_malformed()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);

        var refused = ledger.Run(Command(ledger, on: true, pools: [.. Enumerable.Range(0, 101).Select(i => $"p{i}")]));

        Assert.Equal("R Malformed", OutcomeText.Of(refused));
    }

    [Fact]
    public void Switch_like_the_one_before_changes_nothing()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);

        Assert.Equal("✔ ModeChanged", OutcomeText.Of(ledger.Run(Command(ledger, on: true, classes: [Web]))));
        Assert.Equal("N ModeKnown", OutcomeText.Of(ledger.Run(Command(ledger, on: true, classes: [Web]))));
        Assert.Equal("✔ ModeChanged", OutcomeText.Of(ledger.Run(Command(ledger, on: true, classes: [Plus]))));
    }

    [Fact]
    public void High_class_passes_any_number_of_waiters_that_the_mode_lets_wait()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, on: true);
        for (var index = 0; index < 300; index++)
        {
            Hold(ledger, $"w{index}", Web, HoldMode.Waitlist);
        }
        Hold(ledger, "all", Vip, quantity: 10);
        Hold(ledger, "v", Vip, HoldMode.Waitlist);

        ledger.Release("all", 5);

        Assert.Equal(1, ledger.Reservation("v")!.Held);
    }

    [Fact]
    public void Waiter_whose_class_was_not_kept_at_its_place_is_passed_over_all_the_same()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, on: true);
        Hold(ledger, "w", Web, HoldMode.Waitlist);
        foreach (var place in ledger.State.GetWaiters(TestLedger.Pool).ToList())
        {
            ledger.State.PutWaiter(TestLedger.Pool, place, new Place { Quantity = 1 });
        }

        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "v", Vip)));
        Assert.Equal(0, ledger.Reservation("w")!.Held);
    }

    [Fact]
    public void Who_has_a_class_that_is_gone_waits_as_the_class_that_it_is_mapped_to()
    {
        var mapped = Policy with
        {
            Classes = [Vip, Web],
            ClassMappings = [new ClassMapping(Plus, Web)],
            ModeTable =
            [
                new ModeRow("mode/busy", "busy", PoolPattern.All, ModeEffect.WaitlistClasses, 0) { Classes = [Web] },
            ],
        };
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Hold(ledger, "p", Plus);
        ledger.Run(ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Version = 1,
                Document = PolicyDocument.Write(mapped with { Version = 1 }),
                ContentHash = PolicyDocument.HashOf(mapped with { Version = 1 }),
                EffectiveAtMs = ledger.NowMs,
            },
            pool: ReservedKeys.Policy));
        Switch(ledger, on: true, classes: [Plus]);

        var more = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "p", NewQuantity = 2 });

        Assert.Equal("R ClassMustWait", OutcomeText.Of(more));
        Assert.Equal("R ClassMustWait", OutcomeText.Of(Hold(ledger, "w", Web)));
    }

    private static AllocationOutcome Hold(
        TestLedger ledger, string id, string priorityClass, HoldMode mode = HoldMode.AllOrNothing, long quantity = 1) =>
        ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
            Mode = mode,
            TtlMs = Hour,
        });

    private static void Switch(TestLedger ledger, bool on, string[]? pools = null, string[]? classes = null) =>
        Assert.Equal("✔ ModeChanged", OutcomeText.Of(ledger.Run(Command(ledger, on, pools, classes))));

    private static AllocationCommand Command(
        TestLedger ledger, bool on, string[]? pools = null, string[]? classes = null) => ledger.Command(
        new AllocationCommandBody.ModeSwitch
        {
            Mode = "busy",
            On = on,
            Reason = "test",
            Pools = pools ?? [],
            Classes = classes ?? [],
        },
        pool: ReservedKeys.Mode);
}
