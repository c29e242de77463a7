using Alloc.Verify;

namespace Verify.Tests;

/// <summary>Each fault that a broken broker, engine or domain could leave behind must be found.</summary>
public sealed class PlantedFaultTests
{
    private readonly History history = History.Sound();

    [Fact]
    public void A_sound_history_has_no_findings()
    {
        Assert.Empty(history.Check().Kept);
    }

    [Fact]
    public void A_parked_command_may_end_before_a_hold_that_fell_due_after_it()
    {
        var confirm = history.Ask("early", Ask.Confirm, 40_000, "unknown");
        history.Put(confirm, "Parked", [], [], null, AnswerKind.Provisional);
        var tick = history.Ask("", Ask.Tick, 95_000);
        history.Put(confirm, Events.Rejected, [], [], o => o with
        {
            Source = tick.At,
            TimeMs = 95_000,
            HasCause = true,
        });
        var due = history.Of("r3");
        history.Put(
            tick, Events.Expired, History.Move("HoldExpired", Account.Held, Account.Free, due.Held),
            [due with { Held = 0, Expired = due.Held, Version = due.Version + 1, ExpiresAtMs = null }], null,
            AnswerKind.Caused);

        history.Expect([]);
    }

    [Fact]
    public void A_lost_outcome_at_the_end_is_found()
    {
        history.Outcomes.RemoveAt(history.Outcomes.Count - 1);

        Expect(FindingKind.LostCommand, FindingKind.AvailabilityStale);
    }

    [Fact]
    public void A_lost_outcome_in_the_middle_is_found()
    {
        history.Outcomes.RemoveAt(3);

        Expect(
            FindingKind.LostCommand, FindingKind.SequenceBroken, FindingKind.BalanceMismatch,
            FindingKind.ReservationSumMismatch);
    }

    [Fact]
    public void A_doubled_outcome_is_found()
    {
        history.Outcomes.Insert(2, history.Outcomes[1] with { At = history.Outcomes[1].At with { Offset = 100 } });

        Expect(
            FindingKind.DoubledOutcome, FindingKind.SequenceBroken, FindingKind.BalanceMismatch,
            FindingKind.VectorBroken);
    }

    [Fact]
    public void A_command_decided_twice_in_two_records_is_found()
    {
        var second = history.CommandLog[1] with
        {
            At = history.CommandLog[1].At with { Offset = history.CommandLog.Count },
        };
        history.CommandLog.Add(second);
        history.Outcomes.Add(history.Outcomes[^1] with
        {
            Source = second.At,
            CommandId = second.CommandId,
            Sequence = 9,
            Postings = [],
            Reservations = [],
            Before = history.Outcomes[^1].After,
            Event = "Held",
        });

        Expect(FindingKind.DoubledOutcome, FindingKind.WrongEffect);
    }

    [Fact]
    public void A_reused_sequence_is_found()
    {
        history.Damage("hold-3", o => o with { Sequence = o.Sequence - 1 });

        Expect(FindingKind.SequenceBroken, FindingKind.AvailabilityStale);
    }

    [Fact]
    public void A_key_of_another_pool_is_found()
    {
        history.Damage("hold-3", o => o with { Key = "seats-B" });

        Expect(FindingKind.WrongIdentity);
    }

    [Fact]
    public void A_grant_beyond_what_is_free_is_found()
    {
        history.Hold("hold-99", "r99", 99, timeMs: 8_000, expiresAtMs: 90_000);
        history.Publish();

        Expect(FindingKind.Oversold, FindingKind.DeficitUnpublished);
    }

    [Fact]
    public void A_refusal_although_enough_is_free_is_found()
    {
        history.Refuse("hold-4", "r4", 4, timeMs: 8_000);

        Expect(FindingKind.UnjustRejection);
    }

    [Fact]
    public void A_wrong_balance_is_found()
    {
        history.Damage("confirm-1", o => o with { After = o.After with { Free = o.After.Free + 1 } });

        Expect(FindingKind.BalanceMismatch);
    }

    [Fact]
    public void Entries_that_do_not_sum_to_zero_are_found()
    {
        history.Damage(
            "confirm-1", o => o with { Postings = [.. o.Postings, new Posting("HoldConfirmed", Account.Free, 1)] });

        Expect(FindingKind.EntriesUnbalanced, FindingKind.BalanceMismatch);
    }

    [Fact]
    public void A_balance_below_zero_is_found()
    {
        history.Consume("consume-9", "r1", 9, timeMs: 8_000);
        history.Publish();

        Expect(FindingKind.NegativeBalance, FindingKind.VectorBroken);
    }

    [Fact]
    public void A_grant_of_less_than_all_or_nothing_asked_is_found()
    {
        history.Hold("hold-10", "r10", 9, timeMs: 8_000, expiresAtMs: 90_000);
        history.CommandLog[^1] = history.CommandLog[^1] with { Quantity = 10, Lines = [("r10", 10)] };
        history.Publish();

        Expect(FindingKind.WrongEffect);
    }

    [Fact]
    public void A_reservation_vector_that_does_not_add_up_is_found()
    {
        history.Damage("hold-3", o => o with { Reservations = [o.Reservations[0] with { Granted = 6 }] });

        Expect(FindingKind.VectorBroken);
    }

    [Fact]
    public void A_reservation_version_that_stands_still_is_found()
    {
        history.Damage("confirm-1", o => o with { Reservations = [o.Reservations[0] with { Version = 1 }] });

        Expect(FindingKind.VectorBroken);
    }

    [Fact]
    public void Held_units_without_a_reservation_are_found()
    {
        history.Damage("hold-3", o => o with { Reservations = [o.Reservations[0] with { Held = 4, Granted = 4 }] });

        Expect(FindingKind.WrongEffect, FindingKind.ReservationSumMismatch);
    }

    [Fact]
    public void A_confirmation_after_expiry_is_found()
    {
        history.Confirm("late", "r3", 5, timeMs: 100_000);
        history.Publish();

        Expect(FindingKind.ExpiryBroken);
    }

    [Fact]
    public void A_hold_left_standing_after_its_time_is_found()
    {
        history.Supply("more", 1, timeMs: 100_000);
        history.Publish();

        Expect(FindingKind.ExpiryBroken);
    }

    [Fact]
    public void A_hold_that_expires_before_its_time_is_found()
    {
        history.Tick(timeMs: 8_000, expires: "r3");
        history.Publish();

        Expect(FindingKind.ExpiryBroken);
    }

    [Fact]
    public void A_hold_that_expires_early_for_a_deficit_that_is_none_is_found()
    {
        history.Tick(timeMs: 8_000, expires: "r3");
        history.Outcomes[^1] = history.Outcomes[^1] with
        {
            Steps = [new ObservedStep("Deficits", "deficit", HasPassed: true, new Dictionary<string, long>())],
        };
        history.Publish();

        Expect(FindingKind.ExpiryBroken);
    }

    [Fact]
    public void A_clock_that_goes_back_is_found()
    {
        history.Damage("hold-3", o => o with { TimeMs = 10 });

        Expect(FindingKind.ClockWentBack);
    }

    [Fact]
    public void A_source_that_goes_back_is_found()
    {
        history.Damage("hold-3", o => o with { Source = o.Source with { Offset = 0 } });

        Expect(FindingKind.SourceWentBack, FindingKind.OrphanOutcome, FindingKind.LostCommand);
    }

    [Fact]
    public void An_outcome_without_a_command_is_found()
    {
        history.Damage("hold-3", o => o with { Source = o.Source with { Offset = 500 } });

        Expect(FindingKind.OrphanOutcome, FindingKind.LostCommand);
    }

    [Theory]
    [InlineData(nameof(Ask.Hold), 1)]
    [InlineData(nameof(Ask.Tick), 0)]
    public void What_came_while_a_history_is_read_is_still_to_be_decided_unless_it_is_a_tick(
        string ask, long undecided)
    {
        history.CommittedOffset = history.CommandLog.Count;
        history.Ask("late", Enum.Parse<Ask>(ask), 95_000);

        Expect();

        Assert.Equal(undecided, history.Counts!.Undecided);
    }

    [Fact]
    public void A_visible_outcome_of_an_uncommitted_offset_is_found()
    {
        history.CommittedOffset = history.CommandLog.Count - 1;

        Expect(FindingKind.OutcomeBeforeCommit);
    }

    [Fact]
    public void A_duplicate_that_answers_something_else_is_found()
    {
        var index = history.Outcomes.FindIndex(o => o.Answer == AnswerKind.Duplicate);
        history.Outcomes[index] = history.Outcomes[index] with { Event = "Rejected" };

        Expect(FindingKind.BadDuplicate);
    }

    [Fact]
    public void A_duplicate_that_moves_units_is_found()
    {
        var index = history.Outcomes.FindIndex(o => o.Answer == AnswerKind.Duplicate);
        history.Outcomes[index] = history.Outcomes[index] with
        {
            Postings = History.Move("Held", Account.Free, Account.Held, 2),
        };

        Expect(FindingKind.WrongEffect, FindingKind.BalanceMismatch);
    }

    [Fact]
    public void An_availability_that_lags_behind_the_journal_is_found()
    {
        history.Availability[0] = history.Availability[0] with { Sequence = 3 };

        Expect(FindingKind.AvailabilityStale);
    }

    [Fact]
    public void Availability_ahead_of_the_journal_is_found_when_nothing_was_appended_since()
    {
        history.Availability[0] = history.Availability[0] with { Sequence = 100 };

        Expect(FindingKind.AvailabilityStale);
    }

    // Cause: verifying a live system reported every pool that was decided on between the two reads.
    [Fact]
    public void Availability_ahead_of_a_journal_that_moved_on_is_in_order()
    {
        history.JournalMovedOn = true;
        history.Availability[0] = history.Availability[0] with { Sequence = 100 };

        Assert.Equal(0, history.Check().Count);
    }

    [Fact]
    public void A_dead_letter_of_a_decided_record_is_found()
    {
        var at = history.CommandLog[1].At;
        history.DeadLetters[at] = new ObservedDeadLetter(
            new Position("allocation.commands.dlq", 0, 0), at, "malformed");

        Expect(FindingKind.BadDeadLetter);
    }

    [Fact]
    public void An_unreadable_record_with_a_dead_letter_is_in_order()
    {
        var command = history.Ask("", Ask.Other, 8_000);
        history.CommandLog[^1] = command with { IsReadable = false };
        history.DeadLetters[command.At] =
            new ObservedDeadLetter(new Position("allocation.commands.dlq", 0, 0), command.At, "malformed");

        Assert.Empty(history.Check().Kept);
    }

    [Fact]
    public void An_unreadable_record_without_a_dead_letter_is_found()
    {
        var command = history.Ask("", Ask.Other, 8_000);
        history.CommandLog[^1] = command with { IsReadable = false };

        Expect(FindingKind.LostCommand);
    }

    [Fact]
    public void Commands_that_are_not_decided_yet_are_no_findings()
    {
        history.CommittedOffset = history.CommandLog.Count;
        history.Ask("later", Ask.Hold, 9_000, "r9", 1);

        Assert.Empty(history.Check().Kept);
    }

    private void Expect(params FindingKind[] kinds)
    {
        var found = history.Check();

        Assert.Equal(kinds.Order(), found.Counts.Keys.Order());
    }
}
