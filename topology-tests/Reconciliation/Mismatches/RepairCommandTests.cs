using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Supply;
using Topology.Tests.Ledger;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>What each repair sends, to the last field, and that the ledger does it.</summary>
public sealed class RepairCommandTests : IDisposable
{
    private const string Pool = TestLedger.Pool;

    private readonly MismatchDriver keeper = new();
    private readonly TestLedger ledger = new(PolicyVersions.Version0 with { Drift = new DriftTolerance(1, 0) });

    public void Dispose() => keeper.Dispose();

    [Fact]
    public void Tick_goes_to_the_partition_in_the_name_of_the_service()
    {
        Repair(Late, Tick(partition: 2));

        Assert.Equal(
            Expected(ReservedKeys.Tick, new AllocationCommandBody.Tick { DueAtMs = keeper.NowMs }),
            Assert.Single(keeper.Commands()));
        Assert.Equal(("$tick", 2), PlaceOf(Assert.Single(CommandRecords())));
    }

    [Theory]
    [InlineData(false, ReleaseBucket.Held)]
    [InlineData(true, ReleaseBucket.All)]
    public void Release_has_the_version_that_was_compared(bool confirmed, ReleaseBucket bucket)
    {
        Repair(Zombie, Release() with { PoolId = Pool, Confirmed = confirmed }, "anna");

        Assert.Equal(
            Expected(
                Pool, new AllocationCommandBody.Release
                {
                    ReservationId = "r1",
                    Bucket = bucket,
                    Reason = "reconciliation m1",
                }, Operator("anna")) with
            { ExpectedVersion = 7 },
            Assert.Single(keeper.Commands()));
        Assert.Equal((Pool, Murmur2.Partition(Encoding.UTF8.GetBytes(Pool), 3)), PlaceOf(CommandRecords()[0]));
    }

    [Fact]
    public void A_forced_release_of_confirmed_units_is_asked_by_one_and_approved_by_another_in_the_ledger()
    {
        ledger.Configure();
        ledger.Snapshot(1, 100, 0);
        ledger.Hold("r1", 10);
        ledger.Confirm("r1");
        var version = ledger.Reservation("r1")!.Version;

        Repair(Dead, Force() with { PoolId = Pool, ExpectedVersion = version }, "anna", "ben");

        var force = Expected(
            Pool, new AllocationCommandBody.ForceRelease
            {
                ReservationId = "r1",
                Bucket = ReleaseBucket.All,
                Reason = "reconciliation m1",
                Ticket = "m1",
            }, Operator("anna")) with
        { ExpectedVersion = version };
        var approve = Expected(
            Pool, new AllocationCommandBody.Approve { ApprovedCommandId = "rc/m1/1" }, Operator("ben")) with
        {
            CommandId = "rc/m1/1/approve",
        };
        Assert.Equal([force, approve], keeper.Commands());
        Assert.Equal(["PendingApproval", "NoOp", "Released"], InLedger());
        Assert.Equal(100, ledger.Balances.Free);
    }

    [Fact]
    public void A_forced_release_of_held_units_needs_no_approval_in_the_ledger()
    {
        Repair(Dead, Force(confirmed: false), "anna", "ben");

        Assert.Equal(
            ReleaseBucket.Held,
            Assert.IsType<AllocationCommandBody.ForceRelease>(Assert.Single(keeper.Commands()).Body).Bucket);
    }

    [Fact]
    public void The_second_command_of_a_forced_release_that_finds_nothing_to_approve_refuses_nothing()
    {
        Repair(Dead, Force(), "anna", "ben");

        keeper.Answer("m1", 1, "PendingApproval");
        keeper.Answer("m1", 1, "NoOp");
        keeper.Answer("m1", 1, "Rejected", "NothingToApprove rc/m1/1");
        Assert.Equal(MismatchState.Repairing, keeper.Row("m1").State);

        keeper.Answer("m1", 1, "Rejected", "VersionMismatch");
        Assert.Equal(MismatchState.Open, keeper.Row("m1").State);
    }

    [Fact]
    public void Amend_names_the_units_afterwards()
    {
        Repair("QuantityMismatch", Release() with { Kind = RepairKind.Amend, Quantity = 3 }, "anna");

        Assert.Equal(
            Expected(
                "p1", new AllocationCommandBody.Amend { ReservationId = "r1", NewQuantity = 3 }, Operator("anna")) with
            { ExpectedVersion = 7 },
            Assert.Single(keeper.Commands()));
    }

    [Fact]
    public void A_count_that_is_accepted_is_applied_by_the_ledger()
    {
        ledger.Configure();
        ledger.Snapshot(1, 100, 0);
        Assert.Equal("✔ SupplyParked", OutcomeText.Of(ledger.Snapshot(2, 70, 0)));

        Repair(
            "QuantityDrift", new RepairFacts
            {
                Kind = RepairKind.AcceptSnapshot,
                PoolId = Pool,
                Source = TestLedger.Erp,
            }, "anna", "ben");

        Assert.Equal(
            Expected(
                Pool, new AllocationCommandBody.Repair
                {
                    MismatchId = "m1",
                    Action = "AcceptSnapshot",
                    Approver = "ben",
                    Source = TestLedger.Erp,
                }, Operator("anna")),
            Assert.Single(keeper.Commands()));
        Assert.Equal(["Repaired"], InLedger());
        Assert.Equal(70, ledger.Balances.Free);
    }

    [Fact]
    public void A_command_is_sent_again_exactly_as_it_was()
    {
        var command = Expected("p7", new AllocationCommandBody.Confirm { ReservationId = "r9" }) with
        {
            CommandId = "shop-17",
            CausationId = "c",
            DeadlineMs = 5,
            Epoch = 2,
        };

        Repair("UnansweredCommand", new RepairFacts
        {
            Kind = RepairKind.SendAgain,
            PoolId = "p7",
            Payload = Bytes(keeper.Serdes.Commands, command),
        });

        Assert.Equal(command, Assert.Single(keeper.Commands()));
        Assert.Equal(("p7", Murmur2.Partition("p7"u8, 3)), PlaceOf(CommandRecords()[0]));
        Assert.Equal(
            "rc/m1/1", Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.RepairSent).CommandId);
    }

    [Fact]
    public void A_command_for_a_partition_is_sent_again_to_that_partition()
    {
        var command = Expected(ReservedKeys.Mode, new AllocationCommandBody.ModeSwitch
        {
            Mode = "slow",
            On = true,
            Reason = "because",
        });

        Repair("UnansweredCommand", new RepairFacts
        {
            Kind = RepairKind.SendAgain,
            Partition = 2,
            Payload = Bytes(keeper.Serdes.Commands, command),
        });

        Assert.Equal((ReservedKeys.Mode, 2), PlaceOf(Assert.Single(CommandRecords())));
    }

    [Fact]
    public void What_cannot_be_read_is_not_sent_and_the_exception_queue_says_so()
    {
        Repair("UnansweredCommand", new RepairFacts
        {
            Kind = RepairKind.SendAgain,
            PoolId = "p7",
            Payload = new byte[] { 1, 2, 3 },
        });

        Assert.Empty(keeper.Commands());
        Assert.Equal((MismatchState.Open, 0), (keeper.Row("m1").State, keeper.Row("m1").Attempts));
        Assert.Contains("SendAgain cannot be sent", keeper.Row("m1").Exception!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void An_outcome_is_given_again_as_it_was_and_never_into_the_journal()
    {
        ledger.Configure();
        var outcome = ledger.Journal[0];

        Repair("MissedEvent", new RepairFacts
        {
            Kind = RepairKind.Redeliver,
            PoolId = Pool,
            Service = "mailer",
            OutcomeId = $"{Pool}#1",
            Payload = Bytes(keeper.Serdes.Outcomes, outcome),
        });

        Assert.Equal(
            Bytes(keeper.Serdes.Outcomes, outcome),
            Bytes(keeper.Serdes.Outcomes, Assert.Single(keeper.Redeliveries())));
        Assert.Equal(Pool, Encoding.UTF8.GetString(keeper.Records(keeper.Options.RedeliveryTopic)[0].Key!));
        Assert.Empty(keeper.Records(keeper.Options.OutcomeTopic));
    }

    public static TheoryData<RepairKind, SupplyRequestKind, string?, long?, long?> Requests() => new()
    {
        { RepairKind.RequestSnapshot, SupplyRequestKind.Snapshot, null, null, null },
        { RepairKind.RequestMovement, SupplyRequestKind.Movement, "mv1", null, null },
        { RepairKind.RequestMovements, SupplyRequestKind.Movements, null, 4, 6 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void Sources_are_asked_for_what_is_missing(
        RepairKind kind, SupplyRequestKind asked, string? movement, long? from, long? to)
    {
        Repair(
            "SupplyGap", new RepairFacts
            {
                Kind = kind,
                PoolId = "p1",
                Source = "wms",
                MovementId = "mv1",
                FromSequence = 4,
                ToSequence = 6,
            }, "anna");

        Assert.Equal(
            new SupplyRequest
            {
                RequestId = "rc/m1/1",
                PoolId = "p1",
                Kind = asked,
                Source = "wms",
                MovementId = movement,
                FromSequence = from,
                ToSequence = to,
                MismatchId = "m1",
                RequestedAtMs = keeper.NowMs,
            }, Assert.Single(keeper.Requests()));
        Assert.Empty(keeper.Commands());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_slice_is_frozen_in_every_partition_whoever_owns_it(long epoch)
    {
        ledger.Configure();
        if (epoch > 0)
        {
            Transfer(new AllocationCommandBody.AuthorityTransfer
            {
                Slice = Pool,
                Mode = AuthorityMode.Authoritative,
                Owner = "somebody",
                NewEpoch = epoch,
            });
        }

        Repair(
            "DualWriter", new RepairFacts { Kind = RepairKind.Freeze, PoolId = Pool, Epoch = epoch }, "anna", "ben");

        var expected = Expected(ReservedKeys.Authority, new AllocationCommandBody.AuthorityTransfer
        {
            Slice = Pool,
            Mode = AuthorityMode.Frozen,
            Owner = "alloc",
            NewEpoch = epoch + 1,
        }, Operator("ben"));
        Assert.All(keeper.Commands(), c => Assert.Equal(expected, c));
        Assert.Equal(
            [("$authority", 0), ("$authority", 1), ("$authority", 2)], CommandRecords().Select(PlaceOf).Order());
        Assert.Equal("AuthorityChanged", Transfer(keeper.Commands()[0].Body));
        Assert.Equal("R PoolFrozen", OutcomeText.Of(ledger.Hold("r1", 1)));
    }

    // Opens a mismatch, has it approved by these people, and lets the next run send it.
    private void Repair(string className, RepairFacts facts, params string[] people)
    {
        keeper.Say(Stands("m1", className, facts));
        foreach (var person in people)
        {
            keeper.Decide("m1", DecisionKind.Approve, person);
        }
        // Nobody who approved waits for the run of the minute.
        var latestMs = keeper.NowMs + (people.Length > 0 ? 1_000 : 61_000);
        while (keeper.NowMs < latestMs && !HasSent)
        {
            keeper.Pass(TimeSpan.FromMilliseconds(100));
        }
    }

    private bool HasSent => ((string[])
        [keeper.Options.CommandTopic, keeper.Options.RedeliveryTopic, keeper.Options.SupplyRequestTopic])
        .SelectMany(t => Enumerable.Range(0, keeper.Options.PoolPartitionCount).Select(p => keeper.Driver.Log(t, p)))
        .Any(l => l.Count > 0);

    private static Actor Operator(string id) => new() { Type = ActorType.Operator, Id = id };

    private AllocationCommand Expected(string pool, AllocationCommandBody body, Actor? actor = null) => new()
    {
        CommandId = "rc/m1/1",
        PoolId = pool,
        Actor = actor ?? new Actor { Type = ActorType.Service, Id = "reconciliation" },
        CorrelationId = "m1",
        IssuedAtMs = keeper.NowMs,
        Body = body,
    };

    private IReadOnlyList<TestRecord> CommandRecords() => keeper.Records(keeper.Options.CommandTopic);

    private static (string Key, int Partition) PlaceOf(TestRecord record) =>
        (Encoding.UTF8.GetString(record.Key!), record.Partition);

    private List<string> InLedger()
    {
        ledger.NowMs = keeper.NowMs;
        return [.. keeper.Commands().SelectMany(ledger.All).Select(o => o.Event.GetType().Name)];
    }

    private string Transfer(AllocationCommandBody body) => Assert.Single(ledger.Fold(
        ledger.Command(body, pool: ReservedKeys.Authority), ReservedKeys.Authority, -1, ledger.NowMs))
        .Event.GetType().Name;
}
