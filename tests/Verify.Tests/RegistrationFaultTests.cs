using Alloc.Verify;

namespace Verify.Tests;

/// <summary>
/// What is malformed or misaddressed is answered and leaves nothing; what decides a command is remembered, for as long
/// as it says and no longer.
/// </summary>
public sealed class RegistrationFaultTests
{
    private readonly History history = History.Sound();

    [Fact]
    public void A_malformed_command_that_is_refused_each_time_anew_is_in_order()
    {
        Refuse("odd", Events.Malformed);
        Refuse("odd", Events.Malformed);
        history.Hold("odd", "r4", 1, 8_000, 90_000);

        history.Expect([]);
    }

    [Fact]
    public void A_malformed_command_with_an_original_outcome_is_found()
    {
        Refuse("odd", Events.Malformed, o => o with
        {
            Answer = AnswerKind.Original,
            RememberUntilMs = o.TimeMs + History.MemoryMs,
        });

        history.Expect([FindingKind.RegistrationBroken]);
    }

    [Fact]
    public void A_malformed_command_whose_id_is_remembered_is_found()
    {
        Refuse("odd", Events.Malformed, o => o with { RememberUntilMs = o.TimeMs + History.MemoryMs });

        history.Expect([FindingKind.RegistrationBroken]);
    }

    [Fact]
    public void A_malformed_command_that_leaves_a_reservation_is_found()
    {
        Refuse("odd", Events.Malformed, o => o with
        {
            Reservations = [new ObservedReservation { Id = "r9", Version = 1 }],
        });

        history.Expect([FindingKind.WrongEffect]);
    }

    [Theory]
    [InlineData(nameof(Misplacement.Key))]
    [InlineData(nameof(Misplacement.Partition))]
    public void A_decision_on_a_misaddressed_command_is_found(string misplaced)
    {
        Misplace(Enum.Parse<Misplacement>(misplaced), "elsewhere", "elsewhere/1");

        Assert.Contains(FindingKind.RegistrationBroken, history.Check().Counts.Keys);
    }

    // Cause: after more partitions were made, a pool's key belongs to another one than that which has the pool.
    [Fact]
    public void A_pool_stays_in_the_partition_that_has_it()
    {
        Misplace(Misplacement.Partition, History.Pool, "hold-4");

        history.Expect([]);
    }

    [Fact]
    public void A_decision_whose_command_is_not_remembered_is_found()
    {
        history.Damage("hold-3", o => o with { RememberUntilMs = null });

        history.Expect([FindingKind.RegistrationBroken]);
    }

    [Fact]
    public void A_repeat_that_registers_its_command_is_found()
    {
        var index = history.Outcomes.FindIndex(o => o.Answer == AnswerKind.Duplicate);
        history.Outcomes[index] = history.Outcomes[index] with { RememberUntilMs = 1_000_000 };

        history.Expect([FindingKind.RegistrationBroken]);
    }

    [Fact]
    public void A_repeat_that_is_answered_after_its_command_was_forgotten_is_found()
    {
        history.Damage("hold-1", o => o with { RememberUntilMs = 6_400 });

        history.Expect([FindingKind.BadDuplicate]);
    }

    [Fact]
    public void A_repeat_that_is_decided_again_while_its_command_is_remembered_is_found()
    {
        history.Supply("supply", 3, timeMs: 8_000);

        history.Expect([FindingKind.DoubledOutcome]);
    }

    [Fact]
    public void A_repeat_that_is_decided_again_after_its_command_was_forgotten_is_in_order()
    {
        history.Damage("supply", o => o with { RememberUntilMs = 8_000 });
        history.Supply("supply", 3, timeMs: 8_000);

        history.Expect([]);
    }

    [Fact]
    public void A_refusal_that_is_neither_malformed_nor_a_conflict_and_no_original_is_found()
    {
        Refuse("lost", "InsufficientAvailability");

        history.Expect([FindingKind.RegistrationBroken]);
    }

    [Fact]
    public void A_conflict_with_a_command_that_never_was_is_found()
    {
        Refuse("new", Events.IdempotencyConflict);

        history.Expect([FindingKind.BadDuplicate]);
    }

    [Fact]
    public void A_conflict_with_a_command_that_was_is_in_order()
    {
        Refuse("hold-1", Events.IdempotencyConflict);

        history.Expect([]);
    }

    private void Refuse(string id, string reason, Func<ObservedOutcome, ObservedOutcome>? damage = null) => history.Put(
        history.Ask(id, Ask.Other, 7_500), Events.Rejected, [], [],
        o => (damage ?? (same => same))(o with { Reasons = [reason] }), AnswerKind.Refusal);

    private void Misplace(Misplacement misplaced, string pool, string id)
    {
        history.Ask(id, Ask.Other, 7_500);
        history.CommandLog[^1] = history.CommandLog[^1] with { PoolId = pool, Misplaced = misplaced };
        history.Put(history.CommandLog[^1], Events.NoOp, [], []);
    }
}
