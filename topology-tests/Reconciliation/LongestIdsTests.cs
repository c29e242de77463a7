using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// Whatever the ledger takes reaches a mismatch: each class of finding with the longest ids that a policy lets in at
/// the front door.
/// </summary>
public sealed class LongestIdsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(25);

    /// <summary>Each class that a comparison finds × ids as long as the policy allows × what they are made
    /// of.</summary>
    public static TheoryData<MismatchClass, int, char> Table
    {
        get
        {
            var table = new TheoryData<MismatchClass, int, char>();
            foreach (var mismatch in Enum.GetValues<MismatchClass>().Where(c => c != MismatchClass.ProjectionDrift))
            {
                foreach (var length in new[] { PolicyVersions.Version0.Limits.MaximumIdLength, TextBounds.Id })
                {
                    table.Add(mismatch, length, 'x');
                    table.Add(mismatch, length, '日');
                    // In a command to choose it takes most.
                    table.Add(mismatch, length, '\'');
                }
            }
            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Every_finding_about_the_longest_ids_becomes_a_mismatch(MismatchClass mismatch, int length, char filler)
    {
        var ids = new Ids(length, filler);
        using var world = Open(length);

        var scope = Make(world, ids, mismatch);
        world.Pass(Long, 5);

        Assert.Empty(Letters(world));
        var row = Assert.Single(world.Rows(), m => m.Class == mismatch.ToString());
        Assert.Equal(scope, row.Scope.Id);
        Assert.All(new[] { row.Left, row.Right }, side => Assert.InRange(side.Says.Length, 1, TextBounds.Words));
        Assert.All([row.Scope.PoolId, row.Scope.OrderRef], id => Assert.True(id is null || id.Length == length));
    }

    [Fact]
    public void A_repair_about_the_longest_ids_is_sent_answered_and_proven()
    {
        var ids = new Ids(TextBounds.Id, 'x');
        using var world = Open(TextBounds.Id);
        Make(world, ids, MismatchClass.ZombieHold);
        world.Pass(TimeSpan.FromMinutes(2), 5);
        var proposed = Assert.Single(world.Rows());

        world.Decide(new RepairDecision
        {
            DecisionId = "d-1",
            MismatchId = proposed.MismatchId,
            Kind = DecisionKind.Approve,
            Actor = "kim",
            Reason = "it is dead",
            DecidedAtMs = world.NowMs,
        });
        world.Pass(TimeSpan.FromSeconds(30));

        Assert.Equal(MismatchState.Proposed, proposed.State);
        Assert.Equal(MismatchState.Repaired, Assert.Single(world.Rows()).State);
        Assert.Empty(Letters(world));
    }

    [Theory]
    [InlineData("a\u0001b", "Nobody knows an order a\\u0001b.")]
    [InlineData("a\0b", "Nobody knows an order a\\u0000b.")]
    public void A_reference_with_control_characters_is_written_out_and_in_no_list(string order, string says)
    {
        using var world = Open(256);
        world.Stock(10);
        world.Order("another", "AcceptedForProcessing");
        world.Hold("r", 2, order);
        world.Confirm("r");

        world.Pass(TimeSpan.FromMinutes(5), 5);

        var row = Assert.Single(world.Rows());
        Assert.Equal((nameof(MismatchClass.ReservationWithoutOrder), null), (row.Class, row.Scope.OrderRef));
        Assert.Equal(says, row.Left.Says);
        Assert.Empty(Letters(world));
    }

    [Fact]
    public void An_endless_reason_of_a_service_is_fitted_with_its_control_characters_written_out()
    {
        using var world = Open(256);
        world.Stock(10);
        world.Apply(With("warehouse"));
        world.Hold("r", 1, "o-1");
        var outcome = OutcomeOf(world, "Held");

        world.Pipe(world.Options.ReceiptTopic, World.Pool, World.Bytes(world.Serdes.Receipts, new EffectReceipt
        {
            ReceiptId = "r-1",
            OutcomeId = outcome,
            Service = "warehouse",
            Result = EffectResult.Failed,
            Reason = "begins\n" + new string('.', 200_000) + "ends",
        }));
        world.Pass(TimeSpan.FromSeconds(10));

        var says = Assert.Single(world.Rows()).Right.Says;
        Assert.StartsWith("warehouse failed: begins\\u000a...", says, StringComparison.Ordinal);
        Assert.EndsWith("..ends", says, StringComparison.Ordinal);
        Assert.Contains('…', says);
        Assert.Empty(Letters(world));
    }

    [Fact]
    public void A_command_too_large_to_be_sent_again_is_a_mismatch_all_the_same()
    {
        using var world = Open(256);
        world.Stock(10);
        world.Lose(
            new AllocationCommandBody.Hold
            {
                ReservationId = "r",
                Quantity = 1,
                Attributes = new Dictionary<string, string> { ["note"] = new('n', 600_000) },
            }, "lost-1");

        world.Pass(TimeSpan.FromMinutes(3), 5);

        var row = Assert.Single(world.Rows());
        Assert.Equal((nameof(MismatchClass.UnansweredCommand), null), (row.Class, row.Repair));
        Assert.Contains(
            "bytes, more than the 524288 that a repair carries", row.Exception!.Why, StringComparison.Ordinal);
        Assert.Empty(Letters(world));
    }

    [Fact]
    public void A_command_that_only_looks_like_an_answer_to_a_repair_says_nothing_to_the_keeper()
    {
        using var world = Open(TextBounds.Id);
        world.Stock(10);

        world.Send(
            new AllocationCommandBody.Hold { ReservationId = "a", Quantity = 1 }, $"rc/{new string('m', 201)}/1");
        world.Send(new AllocationCommandBody.Hold { ReservationId = "b", Quantity = 1 }, "rc//1");
        world.Pass(TimeSpan.FromSeconds(10));

        Assert.Empty(Letters(world));
        Assert.Empty(world.Differences());
    }

    /// <summary>What is beyond a bound, whose topic has the dead letter, and what that says.</summary>
    public static TheoryData<string, object, string> Hostile()
    {
        var (id, shortId) = (new string('i', TextBounds.Id + 1), new string('i', TextBounds.ShortId + 1));
        var line = new OrderLine { LineId = "1", PoolId = "p", ReservationId = "r", Quantity = 1 };
        var order = new OrderStatus { OrderRef = "o", Version = 1, State = "Cancelled", Lines = [line] };
        var payment = new PaymentStatus
        {
            OrderRef = "o",
            PaymentId = "p",
            Version = 1,
            State = PaymentState.Captured,
            AmountMinor = 1,
            Currency = "EUR",
        };
        var receipt = new EffectReceipt
        {
            ReceiptId = "r",
            OutcomeId = "p#1",
            Service = "s",
            Result = EffectResult.Applied,
        };
        return new TheoryData<string, object, string>
        {
            { "orderRef", order with { OrderRef = id }, "is too long: 4097 characters, at most 4096" },
            { "poolId", order with { Lines = [line with { PoolId = id }] }, "4097 characters, at most 4096" },
            { "reservationId", order with { Lines = [line with { ReservationId = id }] }, "at most 4096" },
            { "lineId", order with { Lines = [line with { LineId = shortId }] }, "257 characters, at most 256" },
            { "state", order with { State = shortId }, "257 characters, at most 64" },
            {
                "lines together", order with
                {
                    Lines = [.. Enumerable.Range(0, 70).Select(n => line with { LineId = $"{n}", PoolId = id[1..] })],
                }, "more than 262144"
            },
            { "orderRef", payment with { OrderRef = id }, "4097 characters, at most 4096" },
            { "paymentId", payment with { PaymentId = shortId }, "257 characters, at most 256" },
            {
                "outcomeId", receipt with { OutcomeId = $"{id}{new string('i', 18)}#1" },
                "4117 characters, at most 4116"
            },
            { "receiptId", receipt with { ReceiptId = id + id + id }, "12291 characters, at most 8239" },
            { "service", receipt with { Service = shortId }, "257 characters, at most 64" },
        };
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void What_is_beyond_a_bound_is_a_dead_letter_that_names_field_length_and_bound(
        string field, object word, string says)
    {
        using var world = Open(TextBounds.Id);

        var topic = Say(world, word);

        var letter = Assert.Single(world.DeadLetters(topic));
        Assert.Contains(field, letter, StringComparison.Ordinal);
        Assert.Contains(says, letter, StringComparison.Ordinal);
        Assert.InRange(letter.Length, 1, 1_000);
    }

    [Fact]
    public void A_movement_that_the_supply_bridge_refuses_is_nobodys_counterpart()
    {
        using var world = Open(TextBounds.Id);
        world.Stock(10);

        world.Move(new string('m', TextBounds.Id + 1), MovementKind.Shipped, 1);
        world.Move("m-1", MovementKind.Shipped, 1, reservation: new string('r', TextBounds.Id + 1));
        world.Move("m-2", MovementKind.Shipped, 1, sequence: 0);
        world.Pass(Long, 5);

        Assert.Empty(world.Rows());
        Assert.Empty(Letters(world));
    }

    private static World Open(int length) => new(
        policy: PolicyVersions.Version0 with
        {
            Limits = PolicyVersions.Version0.Limits with { MaximumIdLength = length },
            Drift = new DriftTolerance(10, 5),
        },
        keeps: true);

    private static OperationsCatalogue With(string service) => OperationsCatalogue.Shipped with
    {
        Version = 1,
        Effects = [new EffectRow("ship", "Held", [service], TimeSpan.FromMinutes(2))],
    };

    // What makes a difference of the class, and the scope that it has.
    private static string Make(World world, Ids ids, MismatchClass mismatch)
    {
        Stock(world, ids);
        switch (mismatch)
        {
            case MismatchClass.UnansweredCommand:
                world.Lose(
                    new AllocationCommandBody.Hold { ReservationId = ids.Reservation, Quantity = 1 }, ids.Command,
                    ids.Pool);
                return $"{ids.Pool}/{ids.Command}";
            case MismatchClass.ExpiryNotReleased:
                world.Ledger.Driver.AppendsTicks = false;
                world.Hold(ids.Reservation, 1, ids.Order, TimeSpan.FromMinutes(1), ids.Pool);
                return $"{ids.Pool}/{ids.Reservation}";
            case MismatchClass.MissedEvent or MismatchClass.DuplicateEffect:
                return MakeEffect(world, ids, mismatch);
            case MismatchClass.DualWriter:
                Transfer(world, ids, AuthorityMode.Legacy, 1);
                Transfer(world, ids, AuthorityMode.Frozen, 1);
                Transfer(world, ids, AuthorityMode.Authoritative, 2);
                world.Send(
                    new AllocationCommandBody.Hold { ReservationId = ids.Reservation, Quantity = 1 }, ids.Command,
                    ids.Pool, epoch: 1);
                return ids.Pool;
            case MismatchClass.QuantityDrift or MismatchClass.SupplyConflict:
                Count(world, ids, 1, 1_000);
                Count(world, ids, mismatch == MismatchClass.QuantityDrift ? 2 : 1, 10);
                return $"{ids.Pool}/{ids.Source}";
            case MismatchClass.SupplyGap:
                world.Send(
                    new AllocationCommandBody.SupplyDelta
                    {
                        Source = ids.Source,
                        SourceSequence = long.MaxValue - 1,
                        Quantity = 1,
                    }, pool: ids.Pool);
                return $"{ids.Pool}/{ids.Source}/2-{long.MaxValue - 2}";
            case MismatchClass.ConfirmedNotConsumed or MismatchClass.OrphanReturn or MismatchClass.OrphanConsume:
                return MakeGoods(world, ids, mismatch);
            default:
                return MakeOrder(world, ids, mismatch);
        }
    }

    private static string MakeEffect(World world, Ids ids, MismatchClass mismatch)
    {
        var service = new string('w', TextBounds.Name);
        world.Apply(With(service));
        world.Hold(ids.Reservation, 1, ids.Order, pool: ids.Pool);
        var outcome = OutcomeOf(world, "Held");
        if (mismatch == MismatchClass.DuplicateEffect)
        {
            world.Receipt(outcome, service);
            world.Receipt(outcome, service, id: $"2/{outcome}");
        }
        return $"{outcome}/{service}";
    }

    private static string MakeGoods(World world, Ids ids, MismatchClass mismatch)
    {
        if (mismatch == MismatchClass.OrphanConsume)
        {
            world.Consume(ids.Reservation, 2, ids.Movement, ids.Pool);
        }
        else
        {
            world.Pipe(world.Options.MovementTopic, ids.Pool, World.Bytes(world.Serdes.Movements, new WarehouseMovement
            {
                MovementId = ids.Movement,
                PoolId = ids.Pool,
                Kind = mismatch == MismatchClass.OrphanReturn ? MovementKind.Returned : MovementKind.Shipped,
                ReservationId = ids.Reservation,
                OrderRef = ids.Order,
                Quantity = 2,
                Source = ids.Source,
                SourceSequence = 1,
                OccurredAtMs = world.NowMs,
            }));
        }
        return $"{ids.Pool}/{ids.Movement}";
    }

    private static string MakeOrder(World world, Ids ids, MismatchClass mismatch)
    {
        world.Order("another", "AcceptedForProcessing");
        Say(world, ids, 1, "AcceptedForProcessing");
        if (mismatch is not (MismatchClass.OrderWithoutReservation or MismatchClass.PaidWithoutReservation))
        {
            world.Hold(ids.Reservation, 3, ids.Order, TimeSpan.FromHours(2), ids.Pool);
        }
        switch (mismatch)
        {
            case MismatchClass.ZombieHold:
                Say(world, ids, 2, "Cancelled");
                break;
            case MismatchClass.ConfirmedForDeadOrder:
                world.Confirm(ids.Reservation, ids.Pool);
                Say(world, ids, 2, "Failed");
                break;
            case MismatchClass.ReservationWithoutOrder:
                world.Confirm(ids.Reservation, ids.Pool);
                Say(world, ids, 2, "ReadyForFulfillment", ids.Reservation[1..]);
                break;
            case MismatchClass.OrderWithoutReservation or MismatchClass.QuantityMismatch:
                Say(world, ids, 2, "InventoryHoldPending");
                break;
            default:
                world.Pay(ids.Order, PaymentState.Authorized, authorizedFor: TimeSpan.FromMinutes(2));
                return ids.Order;
        }
        return $"{ids.Pool}/{ids.Reservation}";
    }

    private static void Stock(World world, Ids ids)
    {
        world.Send(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = ids.Source },
        }, pool: ids.Pool);
        world.Send(
            new AllocationCommandBody.SupplyDelta { Source = ids.Source, SourceSequence = 1, Quantity = 1_000 },
            pool: ids.Pool);
    }

    private static void Count(World world, Ids ids, long version, long quantity) => world.Send(
        new AllocationCommandBody.SupplySnapshot
        {
            Source = ids.Source,
            Version = version,
            Quantity = quantity,
            Through = 1,
        }, pool: ids.Pool);

    private static void Transfer(World world, Ids ids, AuthorityMode mode, long epoch) => world.Send(
        new AllocationCommandBody.AuthorityTransfer
        {
            Slice = ids.Pool,
            Mode = mode,
            Owner = mode == AuthorityMode.Legacy ? ids.Source : "alloc",
            NewEpoch = epoch,
        }, pool: "$authority");

    private static void Say(World world, Ids ids, long version, string state, string? reservation = null) =>
        world.Say(new OrderStatus
        {
            OrderRef = ids.Order,
            Version = version,
            State = state,
            Lines =
            [
                new OrderLine
                {
                    LineId = new string('l', TextBounds.ShortId),
                    PoolId = ids.Pool,
                    ReservationId = reservation ?? ids.Reservation,
                    Quantity = 2,
                },
            ],
        });

    private static string Say(World world, object word)
    {
        switch (word)
        {
            case OrderStatus order:
                world.Say(order);
                return world.Options.OrderTopic;
            case PaymentStatus payment:
                world.Pipe(
                    world.Options.PaymentTopic, payment.OrderRef, World.Bytes(world.Serdes.Payments, payment));
                return world.Options.PaymentTopic;
            default:
                var receipt = (EffectReceipt)word;
                world.Pipe(
                    world.Options.ReceiptTopic, receipt.OutcomeId[..receipt.OutcomeId.LastIndexOf('#')],
                    World.Bytes(world.Serdes.Receipts, receipt));
                return world.Options.ReceiptTopic;
        }
    }

    private static string OutcomeOf(World world, string name)
    {
        var outcome = world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic)
            .Select(r => world.Ledger.Serdes.Outcomes.Deserialize(r.Value))
            .Single(o => o.Event.GetType().Name == name);
        return $"{outcome.PoolId}#{outcome.Sequence}";
    }

    private static List<string> Letters(World world) =>
    [
        .. new[]
        {
            world.Options.DecisionTopic, world.Options.OrderTopic, world.Options.PaymentTopic,
            world.Options.ReceiptTopic,
        }.SelectMany(world.DeadLetters),
    ];

    /// <summary>Ids of one length, each of its own.</summary>
    private sealed class Ids(int length, char filler)
    {
        public string Pool => Of('p');

        public string Reservation => Of('r');

        public string Order => Of('o');

        public string Movement => Of('m');

        public string Source => Of('s');

        public string Command => Of('c');

        private string Of(char first) => first + new string(filler, length - 1);
    }
}
