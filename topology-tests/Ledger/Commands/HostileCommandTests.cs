using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Commands;

/// <summary>What nobody should send gets a clear answer and leaves the ledger as it is.</summary>
public sealed class HostileCommandTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Quantity_out_of_range_is_malformed(long quantity)
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        AllocationOutcome[] answers =
        [
            ledger.Hold("x", quantity),
            ledger.Confirm("r", quantity),
            ledger.Release("r", quantity),
            ledger.Consume("r", quantity),
            ledger.Return("r", quantity),
            ledger.Run(new AllocationCommandBody.Block { Quantity = quantity, Reason = "" }),
            ledger.Run(new AllocationCommandBody.Unblock { Quantity = quantity, Reason = "" }),
            ledger.Run(new AllocationCommandBody.Hold
            {
                Lines = [new HoldLine { ReservationId = "a", Quantity = 1 }, new HoldLine
                {
                    ReservationId = "b",
                    Quantity = quantity,
                }],
            }),
        ];

        Assert.All(answers, a => Assert.Equal("R Malformed", OutcomeText.Of(a)));
        Assert.Equal((5, 5), (ledger.Balances.Free, ledger.Balances.Held));
        Assert.Single(ledger.State.Reservations);
    }

    [Fact]
    public void Supply_that_overflows_is_malformed_and_nothing_moves()
    {
        var ledger = new TestLedger();
        ledger.Configure();
        const long Most = 1_000_000_000_000_000;
        var sequence = 0L;
        AllocationOutcome last;
        do
        {
            last = ledger.Delta(++sequence, Most);
        }
        while (last.Event is AllocationOutcomeEvent.SupplyApplied);

        Assert.Equal("R Malformed", OutcomeText.Of(last));
        Assert.Equal((sequence - 1) * Most, ledger.Balances.Free);
        Assert.Equal(long.MaxValue / Most, sequence - 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue + 1)]
    public void Delta_out_of_range_is_malformed(long quantity)
    {
        var ledger = TestLedger.WithStock(10);

        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Delta(1, quantity)));
    }

    [Fact]
    public void Times_of_1970_and_9999_are_rejected()
    {
        var ledger = TestLedger.WithStock(10);
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        var old = ledger.Run(hold with { IssuedAtMs = 0 });
        var ahead = ledger.Run(hold with { CommandId = "ahead", IssuedAtMs = 253_402_300_799_000 });
        var longest = ledger.Run(hold with { CommandId = "far", IssuedAtMs = long.MaxValue });
        var endless = ledger.Hold("s", 1, ttlMs: long.MaxValue);

        Assert.Equal(["R TooOld", "R Malformed", "R Malformed"], new[] { old, ahead, longest }.Select(OutcomeText.Of));
        Assert.Equal("R TtlExceedsMaximum", OutcomeText.Of(endless));
        Assert.Equal(10, ledger.Balances.Free);
    }

    [Fact]
    public void Record_times_of_1970_leave_the_clock_where_it_is()
    {
        var ledger = TestLedger.WithStock(10);
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        var outcome = ledger.Fold(hold, TestLedger.Pool, TestLedger.Partition, timestampMs: -1).Single();

        Assert.Equal(ledger.NowMs, outcome.TMs);
    }

    [Fact]
    public void Null_key_wrong_key_and_wrong_partition_are_answered_by_the_pool_of_the_partition()
    {
        var ledger = new TestLedger();
        AllocationCommand Hold(string id) =>
            ledger.Command(new AllocationCommandBody.Hold { ReservationId = id, Quantity = 1 });

        AllocationOutcome[] answers =
        [
            ledger.Fold(Hold("a"), key: null, -1, ledger.NowMs).Single(),
            ledger.Fold(Hold("b"), "nuts", TestLedger.Partition, ledger.NowMs).Single(),
            ledger.Fold(Hold("c"), TestLedger.Pool, TestLedger.Partition + 1, ledger.NowMs).Single(),
        ];

        Assert.All(answers, a => Assert.Equal(("R Malformed", "$partition/3"), (OutcomeText.Of(a), a.PoolId)));
        Assert.Equal([1L, 2L, 3L], answers.Select(a => a.Sequence));
        Assert.Equal(
            ["the record has no key", "key and poolId differ", "the key belongs to another partition"],
            answers.Select(a => ((AllocationOutcomeEvent.Rejected)a.Event).Reasons.Single().Detail));
        Assert.Null(ledger.State.GetPool(TestLedger.Pool));
    }

    [Fact]
    public void Unknown_pool_is_answered_by_the_pool_of_the_partition_and_remembered_under_its_name()
    {
        var ledger = new TestLedger();
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        var unknown = ledger.Run(hold);
        ledger.Configure();
        ledger.Delta(1, 10);
        var repeat = ledger.Run(hold);
        var newTry = ledger.Hold("r", 1);

        Assert.Equal(("R UnknownPool", "$partition/3", TestLedger.Pool), (OutcomeText.Of(unknown), unknown.PoolId,
            unknown.RequestedPoolId));
        Assert.Equal((TestLedger.Pool, "$partition/3#1"), (repeat.PoolId, repeat.DuplicateOf));
        Assert.Equal("✔ Held", OutcomeText.Of(newTry));
    }

    [Fact]
    public void Nothing_waits_in_a_pool_that_nobody_knows_but_a_whole_release_leaves_its_tombstone()
    {
        var ledger = new TestLedger();

        var confirm = ledger.Confirm("r");
        var release = ledger.Release("r");
        ledger.Configure();
        ledger.Delta(1, 10);
        var late = ledger.Hold("r", 1);

        Assert.Equal("R UnknownReservation", OutcomeText.Of(confirm));
        Assert.Equal("N tombstone", OutcomeText.Of(release));
        Assert.Equal("R AlreadyReleased", OutcomeText.Of(late));
    }

    [Fact]
    public void Facts_create_the_pool_that_they_are_about()
    {
        var ledger = new TestLedger();

        ledger.Delta(1, 10);
        var held = ledger.Hold("r", 1);

        Assert.Equal("✔ Held", OutcomeText.Of(held));
        Assert.False(ledger.PoolState.Configured);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("$policy")]
    [InlineData("$partition/3")]
    public void Pool_id_that_is_empty_reserved_or_has_control_characters_is_malformed(string poolId)
    {
        var ledger = new TestLedger();

        var answer = ledger.Run(ledger.Command(
            new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, pool: poolId));

        Assert.Equal(("R Malformed", "$partition/3"), (OutcomeText.Of(answer), answer.PoolId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0001")]
    public void Id_that_is_empty_or_has_control_characters_is_malformed(string id)
    {
        var ledger = TestLedger.WithStock(10);

        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Hold(id, 1)));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Hold(new string('x', 257), 1)));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Hold("r", 1, commandId: id)));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Consume("r", 1, id)));
    }

    public static TheoryData<string, Func<AllocationCommand, string, AllocationCommand>> Texts => new()
    {
        { "correlationId", (c, text) => c with { CorrelationId = text } },
        { "causationId", (c, text) => c with { CausationId = text } },
        { "actor.id", (c, text) => c with { Actor = c.Actor with { Id = text } } },
        { "actor.channel", (c, text) => c with { Actor = c.Actor with { Channel = text } } },
        { "actor.tier", (c, text) => c with { Actor = c.Actor with { Tier = text } } },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_of_the_envelope_that_is_too_long_is_malformed_and_never_parked(
        string field, Func<AllocationCommand, string, AllocationCommand> set)
    {
        var ledger = TestLedger.WithStock(10);
        var confirm = ledger.Command(new AllocationCommandBody.Confirm { ReservationId = "r" });

        var longest = ledger.Run(set(confirm, new string('x', 256)));
        var tooLong = ledger.Run(set(confirm with { CommandId = "other" }, new string('x', 257)));

        Assert.IsType<AllocationOutcomeEvent.Parked>(longest.Event);
        Assert.Equal("R Malformed", OutcomeText.Of(tooLong));
        Assert.Equal($"{field} is too long", ((AllocationOutcomeEvent.Rejected)tooLong.Event).Reasons.Single().Detail);
    }

    [Fact]
    public void Reason_of_a_release_that_is_too_long_is_malformed_and_never_parked()
    {
        var ledger = TestLedger.WithStock(10);
        AllocationCommandBody Release(int length) =>
            new AllocationCommandBody.Release { ReservationId = "r", Quantity = 1, Reason = new string('x', length) };

        Assert.IsType<AllocationOutcomeEvent.Parked>(ledger.Run(Release(1_024)).Event);
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Release(1_025))));
    }

    [Fact]
    public void Values_that_this_version_does_not_know_are_malformed_never_guessed()
    {
        var ledger = TestLedger.WithStock(10);
        var hold = ledger.Command(
            new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1, Mode = HoldMode.Unknown });

        AllocationOutcome[] answers =
        [
            ledger.Run(hold),
            ledger.Run(hold with
            {
                CommandId = "x",
                Actor = new Actor { Type = ActorType.Unknown, Id = "a" },
                Body = new AllocationCommandBody.Confirm { ReservationId = "r" },
            }),
            ledger.Confirm("r", 1, Remainder.Unknown),
            ledger.Release("r", 1, ReleaseBucket.Unknown),
            ledger.Return("r", 1, disposition: ReturnDisposition.Unknown),
            ledger.Configure(PoolKind.Unknown),
        ];

        Assert.All(answers, a => Assert.Equal("R Malformed", OutcomeText.Of(a)));
    }

    [Fact]
    public void Commands_for_a_partition_are_answered_by_its_pool()
    {
        var ledger = new TestLedger();
        var activate = ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Document = "{}",
                Version = 1,
                ContentHash = "",
                EffectiveAtMs = 0,
            },
            pool: ReservedKeys.Policy);

        var answer = ledger.Run(activate);
        var elsewhere = ledger.Run(activate with { PoolId = TestLedger.Pool });

        Assert.Equal(("R Malformed", "$partition/3"), (OutcomeText.Of(answer), answer.PoolId));
        Assert.Equal("R Malformed", OutcomeText.Of(elsewhere));
    }

    [Fact]
    public void Pool_with_units_keeps_its_kind()
    {
        var ledger = TestLedger.WithStock(10);

        Assert.Equal("R PolicyForbids", OutcomeText.Of(ledger.Configure(PoolKind.Capacity)));
    }
}
