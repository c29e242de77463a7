using System.Security.Cryptography;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;

namespace Topology.Tests.Ledger.Commands;

public sealed class IdempotencyTests
{
    [Fact]
    public void Repeat_is_answered_with_the_originals_result_and_present_balances_and_no_entries()
    {
        var ledger = TestLedger.WithStock(10);
        var command = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 4 });
        var original = ledger.Run(command);
        ledger.Hold("other", 5);

        var repeat = ledger.Run(command with { IssuedAtMs = command.IssuedAtMs + 5, CorrelationId = "retry" });

        Assert.Equal(OutcomeIds.Of(original), repeat.DuplicateOf);
        Assert.Same(original.Event, repeat.Event);
        Assert.Empty(repeat.Entries);
        Assert.False(repeat.Original);
        Assert.Equal(1, repeat.BalancesAfter.Free);
    }

    [Fact]
    public void Same_id_with_another_body_is_a_conflict_and_leaves_the_original_remembered()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 4, commandId: "c");

        var conflict = ledger.Hold("r", 5, commandId: "c");
        var repeat = ledger.Hold("r", 4, commandId: "c");

        Assert.Equal("R IdempotencyConflict", OutcomeText.Of(conflict));
        Assert.False(conflict.Original);
        Assert.Equal("✔ Held", OutcomeText.Of(repeat));
        Assert.NotNull(repeat.DuplicateOf);
    }

    [Fact]
    public void Rejection_is_remembered_like_any_answer()
    {
        var ledger = TestLedger.WithStock(0);
        var command = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 4 });
        ledger.Run(command);
        ledger.Delta(1, 10);

        var repeat = ledger.Run(command);
        var newTry = ledger.Hold("r", 4);

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(repeat));
        Assert.Equal("✔ Held", OutcomeText.Of(newTry));
    }

    [Fact]
    public void What_was_forgotten_cannot_be_granted_again()
    {
        var ledger = TestLedger.WithStock(10);
        var command = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 4 });
        ledger.Run(command);

        ledger.NowMs += ledger.Policy.Limits.CommandRetentionMs - 1;
        var remembered = ledger.Run(command);
        ledger.NowMs += 2;
        var tooOld = ledger.Run(command);

        Assert.NotNull(remembered.DuplicateOf);
        Assert.Equal("R TooOld", OutcomeText.Of(tooOld));
        Assert.Equal(10, ledger.Balances.Free);
    }

    [Fact]
    public void Consumption_seen_in_the_pool_is_a_no_op_whatever_command_brings_it()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 4);
        ledger.Confirm("r");
        ledger.Consume("r", 2, "shipment-1");

        var again = ledger.Consume("r", 2, "shipment-1");
        var elsewhere = ledger.Consume("other", 2, "shipment-1");
        ledger.Return("r", 2, "return-1");
        var returnedTwice = ledger.Return("r", 2, "return-1");

        Assert.Equal(["N ConsumeSeen", "N ConsumeSeen", "N ConsumeSeen"],
            new[] { again, elsewhere, returnedTwice }.Select(OutcomeText.Of));
        Assert.Equal((8, 2, 0), (ledger.Balances.Free, ledger.Balances.Confirmed, ledger.Balances.Consumed));
    }

    [Fact]
    public void Physical_facts_are_never_refused_for_their_age()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 4);
        ledger.Confirm("r");
        var consume = ledger.Command(new AllocationCommandBody.Consume
        {
            ReservationId = "r",
            Quantity = 4,
            ConsumeId = "s",
            OccurredAtMs = 0,
        });

        var outcome = ledger.Run(consume with { IssuedAtMs = 0, DeadlineMs = 1 });

        Assert.Equal("✔ Consumed", OutcomeText.Of(outcome));
    }

    [Fact]
    public void Deadline_that_has_passed_rejects_without_touching_capacity()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("held", 1);
        AllocationOutcome Late(AllocationCommandBody body) =>
            ledger.Run(ledger.Command(body) with { DeadlineMs = ledger.NowMs - 1 });

        var hold = Late(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 4 });
        var confirm = Late(new AllocationCommandBody.Confirm { ReservationId = "held" });
        var extend = Late(new AllocationCommandBody.Extend { ReservationId = "held", TtlMs = 3_600_000 });
        var release = Late(new AllocationCommandBody.Release { ReservationId = "held", Reason = "test" });

        Assert.All([hold, confirm, extend], o => Assert.Equal("R DeadlineExceeded", OutcomeText.Of(o)));
        Assert.Equal("failed", OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
        Assert.Equal("✔ Released", OutcomeText.Of(release));
        Assert.Equal(10, ledger.Balances.Free);
    }

    [Fact]
    public void Ended_reservation_is_forgotten_after_its_retention()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 4);
        ledger.Release("r");

        ledger.NowMs += ledger.Policy.Limits.ReservationRetentionMs - 1;
        var known = ledger.Hold("r", 4);
        ledger.NowMs += 1;
        var forgotten = ledger.Hold("r", 4);

        Assert.Equal("R AlreadyReleased", OutcomeText.Of(known));
        Assert.Equal("✔ Held", OutcomeText.Of(forgotten));
        Assert.Equal(1, ledger.Reservation("r")!.Version);
    }

    // A retry may come after an upgrade: fields that were added since, or got a default, change no hash.
    [Fact]
    public void Payload_hash_of_a_command_from_before_its_fields_had_defaults_is_the_same()
    {
        var ledger = new TestLedger();

        Assert.Equal(
            Hash("alloc.allocation.SupplyDelta", writer =>
            {
                writer.WriteString("source");
                writer.WriteString("erp");
                writer.WriteString("sourceSequence");
                writer.WriteLong(3);
                writer.WriteString("quantity");
                writer.WriteLong(-5);
            }),
            Convert.ToHexString(PayloadHashing.Compute(ledger.Command(new AllocationCommandBody.SupplyDelta
            {
                Source = "erp",
                SourceSequence = 3,
                Quantity = -5,
            })).Span));
        Assert.Equal(
            Hash("alloc.allocation.PoolConfigure", writer =>
            {
                writer.WriteString("settings");
                writer.WriteString("unit");
                writer.WriteString("piece");
                writer.WriteString("");
            }),
            Convert.ToHexString(PayloadHashing.Compute(ledger.Command(new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "piece" },
            })).Span));
    }

    private static string Hash(string body, Action<AvroWriter> fields)
    {
        using var writer = new AvroWriter();
        writer.WriteString(TestLedger.Pool);
        writer.WriteString(body);
        fields(writer);
        writer.WriteString("");
        return Convert.ToHexString(SHA256.HashData(writer.WrittenSpan).AsSpan(0, PayloadHashing.Size));
    }

    [Fact]
    public void Payload_hash_ignores_the_envelope_and_fields_equal_to_their_default()
    {
        var ledger = new TestLedger();
        var plain = ledger.Command(new AllocationCommandBody.Confirm { ReservationId = "r" });
        var spelledOut = plain with
        {
            IssuedAtMs = 1,
            DeadlineMs = 2,
            CorrelationId = "x",
            CausationId = "y",
            Actor = new Actor { Type = ActorType.Operator, Id = "z" },
            Body = new AllocationCommandBody.Confirm { ReservationId = "r", Remainder = Remainder.Release },
        };
        var other = plain with
        {
            Body = new AllocationCommandBody.Confirm { ReservationId = "r", Remainder = Remainder.Keep },
        };

        Assert.Equal(PayloadHashing.Compute(plain).ToArray(), PayloadHashing.Compute(spelledOut).ToArray());
        Assert.NotEqual(PayloadHashing.Compute(plain).ToArray(), PayloadHashing.Compute(other).ToArray());
        Assert.NotEqual(
            PayloadHashing.Compute(plain).ToArray(), PayloadHashing.Compute(plain with { PoolId = "nuts" }).ToArray());
    }
}
