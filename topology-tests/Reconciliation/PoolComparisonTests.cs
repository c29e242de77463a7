using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// Each difference between what is said of pools: found when its tolerance is over and not before, ended.
/// </summary>
public sealed class PoolComparisonTests
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_ledger_at_work_opens_nothing()
    {
        using var world = new World();
        world.Stock(100);
        for (var order = 0; order < 20; order++)
        {
            world.Hold($"o-{order}/1", 2, $"o-{order}", TimeSpan.FromMinutes(2));
            world.Pass(TimeSpan.FromSeconds(7));
            if (order % 3 == 0)
            {
                world.Confirm($"o-{order}/1");
            }
        }

        world.Pass(TimeSpan.FromMinutes(10));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_command_without_an_answer_is_found_after_its_tolerance_and_grace_and_not_before()
    {
        using var world = new World();
        world.Stock(10);
        world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, "lost-1");

        world.Pass(TimeSpan.FromSeconds(90));
        var before = world.Mismatches();
        world.Pass(Skew + TimeSpan.FromSeconds(2));

        Assert.Empty(before);
        Assert.Equal(["UnansweredCommand parts-7/lost-1"], world.Mismatches());
    }

    [Fact]
    public void An_unanswered_command_that_is_sent_again_and_answered_is_over()
    {
        using var world = new World();
        world.Stock(10);
        var hold = new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 };
        world.Lose(hold, "lost-1");
        world.Pass(TimeSpan.FromSeconds(100));
        var found = Assert.Single(world.Differences(), d => d.Class == "UnansweredCommand");

        world.Send(hold, "lost-1");

        var ended = Assert.Single(world.Differences());
        Assert.Equal((DifferenceKind.Ended, found.MismatchId), (ended.Kind, ended.MismatchId));
        Assert.Equal(RepairKind.SendAgain, found.Repair!.Kind);
        Assert.Equal("lost-1", world.Serdes.Commands.Deserialize(found.Repair.Payload!.Value.Span).CommandId);
    }

    [Fact]
    public void A_command_that_became_a_dead_letter_is_answered()
    {
        using var world = new World();
        world.Stock(10);
        world.Garble();

        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void What_allocation_has_not_read_is_lag_and_no_mismatch()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold(world.Options.OutcomeTopic, world.Options.CommandDeadLetterTopic, world.Options.ByOrderTopic);
        world.IsLedgerHeard = false;
        world.Hold("r", 1, "o-1", TimeSpan.FromMinutes(1));
        world.Order("o-1", "AwaitingFraudDecision", ("1", "r", 1));

        world.Pass(TimeSpan.FromMinutes(10));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_hold_that_does_not_end_at_its_time_is_found_and_ends_when_the_ledger_looks_at_the_clock()
    {
        using var world = new World();
        world.Stock(10);
        world.Ledger.Driver.AppendsTicks = false;
        world.Hold("r", 1, "o-1", TimeSpan.FromMinutes(1));

        world.Pass(TimeSpan.FromSeconds(60 + 30));
        var before = world.Mismatches();
        world.Pass(Skew + TimeSpan.FromSeconds(2));
        var found = world.Differences();
        world.Ledger.Driver.AppendsTicks = true;
        world.Pass(TimeSpan.FromSeconds(1));

        Assert.Empty(before);
        var difference = Assert.Single(found);
        Assert.Equal(("ExpiryNotReleased", "parts-7/r"), (difference.Class, difference.Scope!.Id));
        Assert.Equal((RepairKind.Tick, 0), (difference.Repair!.Kind, difference.Repair.Partition!.Value));
        Assert.Equal(DifferenceKind.Ended, Assert.Single(world.Differences()).Kind);
    }

    [Fact]
    public void A_hold_that_is_extended_again_and_again_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 1, "o-1", TimeSpan.FromMinutes(1));

        for (var time = 0; time < 5; time++)
        {
            world.Pass(TimeSpan.FromSeconds(50));
            world.Send(new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = 60_000 });
        }
        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_service_that_writes_no_receipt_is_found_and_its_receipt_ends_it()
    {
        using var world = new World();
        world.Stock(10);
        world.Apply(With(new EffectRow("ship", "Confirmed", ["warehouse"], TimeSpan.FromMinutes(5))));
        world.Hold("r", 1, "o-1");
        world.Confirm("r");

        world.Pass(TimeSpan.FromMinutes(6));
        var before = world.Mismatches();
        world.Pass(Skew + TimeSpan.FromSeconds(2));
        var found = Assert.Single(world.Differences());
        world.Receipt(found.Repair!.OutcomeId!, "warehouse");

        Assert.Empty(before);
        Assert.Equal(("MissedEvent", "warehouse"), (found.Class, found.Owner));
        Assert.Equal(RepairKind.Redeliver, found.Repair.Kind);
        Assert.IsType<AllocationOutcomeEvent.Confirmed>(
            world.Serdes.Redeliveries.Deserialize(found.Repair.Payload!.Value.Span).Event);
        Assert.Equal(DifferenceKind.Ended, Assert.Single(world.Differences()).Kind);
    }

    [Theory]
    [InlineData(EffectResult.Applied, true)]
    [InlineData(EffectResult.Skipped, true)]
    [InlineData(EffectResult.Failed, false)]
    public void A_receipt_in_time_is_enough_where_the_service_did_not_fail(EffectResult result, bool isEnough)
    {
        using var world = new World();
        world.Stock(10);
        world.Apply(With(new EffectRow("ship", "Held", ["warehouse"], TimeSpan.FromMinutes(5))));
        world.Hold("r", 1, "o-1");

        world.Receipt(HeldOutcome(world), "warehouse", result);
        world.Pass(TimeSpan.FromMinutes(10));

        Assert.Equal(isEnough ? 0 : 1, world.Mismatches().Count);
    }

    [Fact]
    public void A_service_that_applied_twice_is_found_and_one_that_says_the_same_again_is_not()
    {
        using var world = new World();
        world.Stock(10);
        world.Apply(With(new EffectRow("ship", "Held", ["warehouse"], TimeSpan.FromMinutes(5))));
        world.Hold("r", 1, "o-1");
        var outcome = HeldOutcome(world);

        world.Receipt(outcome, "warehouse", id: "first");
        world.Receipt(outcome, "warehouse", id: "first");
        var before = world.Mismatches();
        world.Receipt(outcome, "warehouse", id: "second");

        Assert.Empty(before);
        Assert.Equal([$"DuplicateEffect {outcome}/warehouse"], world.Mismatches());
    }

    [Fact]
    public void A_receipt_that_is_read_before_its_outcome_counts()
    {
        using var world = new World();
        world.Stock(10);
        world.Apply(With(new EffectRow("ship", "Held", ["warehouse"], TimeSpan.FromMinutes(5))));
        world.Receipt($"{World.Pool}#3", "warehouse");

        world.Hold("r", 1, "o-1");
        world.Pass(TimeSpan.FromMinutes(10));

        Assert.Equal($"{World.Pool}#3", HeldOutcome(world));
        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_receipt_for_an_outcome_that_nobody_sent_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Apply(With(new EffectRow("ship", "Held", ["warehouse"], TimeSpan.FromMinutes(5))));

        world.Receipt($"{World.Pool}#999", "warehouse");
        world.Pass(TimeSpan.FromMinutes(10));

        Assert.Empty(world.Mismatches());
    }

    [Theory]
    [InlineData("parts-7#x", "warehouse", "parts-7", "is not <poolId>#<sequence>")]
    [InlineData("parts-7#1", "warehouse", "other", "is of another pool")]
    [InlineData("parts-7#1", "", "parts-7", "service '' is empty")]
    public void A_receipt_that_is_none_becomes_a_dead_letter(
        string outcome, string service, string key, string reason)
    {
        using var world = new World();

        world.Receipt(outcome, service, id: "id", key: key);

        Assert.Contains(reason, Assert.Single(world.DeadLetters(world.Options.ReceiptTopic)), StringComparison.Ordinal);
    }

    [Fact]
    public void Goods_that_left_and_were_not_consumed_are_found_after_their_time_and_the_consumption_ends_it()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 2, "o-1");
        world.Confirm("r");
        world.Move("m-1", MovementKind.Shipped, 2, "r");

        world.Pass(TimeSpan.FromMinutes(16), 5);
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromSeconds(10));
        var found = world.Differences();
        world.Consume("r", 2, "m-1");

        Assert.Empty(before);
        Assert.Equal("ConfirmedNotConsumed parts-7/m-1", Assert.Single(found.Select(Show)));
        Assert.Equal(DifferenceKind.Ended, Assert.Single(world.Differences()).Kind);
    }

    [Fact]
    public void What_the_ledger_consumed_and_no_warehouse_shipped_is_found_in_pools_whose_warehouse_reports()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 3, "o-1");
        world.Confirm("r");
        world.Consume("r", 1, "m-0");
        world.Pass(TimeSpan.FromSeconds(1));
        world.Move("m-1", MovementKind.Shipped, 1, "r");
        world.Consume("r", 1, "m-1");
        world.Consume("r", 1, "m-2");

        world.Pass(TimeSpan.FromMinutes(17), 5);

        Assert.Equal(["OrphanConsume parts-7/m-2"], world.Mismatches());
    }

    [Theory]
    [InlineData(3, 2, "ConfirmedNotConsumed parts-7/m-1")]
    [InlineData(2, 3, "OrphanConsume parts-7/m-1")]
    [InlineData(2, 2, null)]
    public void Quantities_of_a_pair_are_compared(long shipped, long consumed, string? expected)
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 5, "o-1");
        world.Confirm("r");
        world.Move("m-1", MovementKind.Shipped, shipped, "r");
        world.Consume("r", consumed, "m-1");

        world.Pass(TimeSpan.FromMinutes(17), 5);

        Assert.Equal(expected is null ? [] : [expected], world.Mismatches());
    }

    [Fact]
    public void A_movement_that_is_said_again_after_its_pair_is_nothing_new()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 2, "o-1");
        world.Confirm("r");
        world.Move("m-1", MovementKind.Shipped, 2, "r");
        world.Consume("r", 2, "m-1");
        world.Pass(TimeSpan.FromHours(1), 60);

        world.Move("m-1", MovementKind.Shipped, 2, "r");
        world.Pass(TimeSpan.FromHours(1), 60);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_return_that_one_side_does_not_know_is_found()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 2, "o-1");
        world.Confirm("r");
        world.Move("m-1", MovementKind.Shipped, 2, "r");
        world.Consume("r", 2, "m-1");
        world.Move("m-2", MovementKind.Returned, 1, "r", sequence: 2);
        world.Send(new AllocationCommandBody.Return { ReservationId = "r", Quantity = 1, ConsumeId = "m-3" });

        world.Pass(TimeSpan.FromMinutes(17), 5);

        Assert.Equal(
            ["OrphanReturn parts-7/m-2", "OrphanReturn parts-7/m-3"], world.Mismatches().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Units_that_no_promise_covered_stand_until_a_count_says_what_is_there()
    {
        using var world = new World();
        world.Stock(10);
        world.Consume("walk-in", 2, "m-1");
        world.Pass(TimeSpan.FromMinutes(30), 30);
        var found = world.Mismatches();

        Count(world, version: 1, quantity: 8, through: null);

        Assert.Equal(["OrphanConsume parts-7/m-1"], found);
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void A_count_of_a_pool_ends_nothing_of_one_whose_name_begins_with_it()
    {
        using var world = new World();
        world.Stock(10);
        world.Stock(10, "parts-7/gear");
        world.Consume("walk-in", 2, "m-1", "parts-7/gear");
        world.Pass(TimeSpan.FromMinutes(30), 30);
        var found = world.Standing();

        Count(world, version: 1, quantity: 8, through: null);

        Assert.Equal(["OrphanConsume parts-7/gear//m-1"], found);
        Assert.Equal(found, world.Standing());
    }

    [Fact]
    public void A_count_that_the_ledger_does_not_believe_stands_until_it_is_settled()
    {
        using var world = new World(policy: PolicyVersions.Version0 with { Drift = new DriftTolerance(10, 5) });
        world.Stock(1_000);
        Count(world, version: 1, quantity: 1_000, through: 1);

        Count(world, version: 2, quantity: 10, through: 1);
        var found = world.Standing();
        Count(world, version: 3, quantity: 1_000, through: 1);

        Assert.Equal(["QuantityDrift parts-7/erp"], found);
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void Facts_that_are_missing_stand_until_they_come()
    {
        using var world = new World();
        world.Stock(10);
        world.Send(new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 4, Quantity = 1 });
        world.Pass(TimeSpan.FromHours(2), 60);
        var found = world.Standing();

        world.Send(new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 2, Quantity = 1 });
        var half = world.Standing();
        world.Send(new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 3, Quantity = 1 });

        Assert.Equal(["SupplyGap parts-7/erp/2-3"], found);
        Assert.Equal(found, half);
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void A_count_that_says_two_things_stands_until_another_takes_its_place()
    {
        using var world = new World();
        world.Stock(10);
        Count(world, version: 1, quantity: 10, through: 1);
        Count(world, version: 1, quantity: 11, through: 1);
        var found = world.Standing();

        Count(world, version: 2, quantity: 10, through: 1);

        Assert.Equal(["SupplyConflict parts-7/erp"], found);
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void A_second_writer_stands_until_the_slice_is_frozen()
    {
        using var world = new World();
        world.Stock(10);
        Transfer(world, AuthorityMode.Legacy, 1);
        Transfer(world, AuthorityMode.Frozen, 1);
        Transfer(world, AuthorityMode.Authoritative, 2);
        world.Send(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, epoch: 1);
        var found = world.Standing();

        Transfer(world, AuthorityMode.Frozen, 2);

        Assert.Equal(["DualWriter parts-7"], found);
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void The_same_facts_give_the_same_ids_after_all_state_was_lost()
    {
        IReadOnlyList<string> Run(bool restarts)
        {
            using var world = new World();
            world.Stock(10);
            world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, "lost-1");
            world.Consume("r", 2, "m-1");
            world.Pass(TimeSpan.FromSeconds(50));
            if (restarts)
            {
                world.Driver.RestartFromJournal();
            }
            world.Pass(TimeSpan.FromMinutes(30), 10);
            return [.. world.Differences().Select(d => d.MismatchId)];
        }

        Assert.Equal(2, Run(false).Count);
        Assert.Equal(Run(false), Run(true));
    }

    [Fact]
    public void Who_begins_late_meets_answers_to_commands_that_the_log_has_no_more()
    {
        using var world = new World(compares: false);
        world.Stock(10);
        world.Hold("r", 1, "o-1");
        world.Ledger.Driver.AdvanceWallClock(TimeSpan.FromHours(1));
        world.Listen();

        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Empty(world.Mismatches());
    }

    private static void Count(World world, long version, long quantity, long? through) => world.Send(
        new AllocationCommandBody.SupplySnapshot
        {
            Source = "erp",
            Version = version,
            Quantity = quantity,
            Through = through,
        });

    private static void Transfer(World world, AuthorityMode mode, long epoch) => world.Send(
        new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "parts-*",
            Mode = mode,
            Owner = mode == AuthorityMode.Legacy ? "erp" : "alloc",
            NewEpoch = epoch,
        }, pool: "$authority");

    private static string HeldOutcome(World world)
    {
        var outcome = world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic)
            .Select(r => world.Ledger.Serdes.Outcomes.Deserialize(r.Value))
            .Single(o => o.Event is AllocationOutcomeEvent.Held);
        return $"{outcome.PoolId}#{outcome.Sequence}";
    }

    private static OperationsCatalogue With(EffectRow row) =>
        OperationsCatalogue.Shipped with { Version = 1, Effects = [row] };

    private static string Show(Difference difference) => $"{difference.Class} {difference.Scope!.Id}";
}
