using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;

namespace Alloc.Samples.Subscriber;

/// <summary>What an outcome asks of the packing station. Only events it is obliged for have one.</summary>
/// <param name="Event">The outcome's event, as the operations catalogue names it.</param>
/// <param name="Reservation">The reservation.</param>
/// <param name="Units">Units to put on a slip; negative: to take back from it; 0 where there is nothing to do.</param>
/// <param name="Wanted">Applied: there is something to do. Skipped, Failed: there is not, and why.</param>
/// <param name="Reason">Why nothing is done; null where something is.</param>
internal sealed record PackingTask(
    string Event, string Reservation, long Units, EffectResult Wanted, string? Reason = null)
{
    /// <summary>The service, as the effects of the operations catalogue name it.</summary>
    public const string Service = "packing";

    /// <summary>Units that fit on a slip.</summary>
    public const long SlipUnits = 1_000;

    /// <summary>What an outcome asks; null: nothing, and no receipt is owed.</summary>
    public static PackingTask? Of(AllocationOutcome outcome) => outcome.Event switch
    {
        // The answer to a retry has the event of the first answer, and is no second event.
        AllocationOutcomeEvent.Confirmed c when outcome.DuplicateOf is { } first =>
            Skip("Confirmed", c.ReservationId, $"it repeats the answer that {first} gave"),
        AllocationOutcomeEvent.Released r when outcome.DuplicateOf is { } first =>
            Skip("Released", r.ReservationId, $"it repeats the answer that {first} gave"),
        AllocationOutcomeEvent.Confirmed { Quantity: > SlipUnits } c => new PackingTask(
            "Confirmed", c.ReservationId, 0, EffectResult.Failed,
            $"{c.Quantity} units do not fit on a slip of {SlipUnits}: pack them by hand"),
        AllocationOutcomeEvent.Confirmed c =>
            new PackingTask("Confirmed", c.ReservationId, c.Quantity, EffectResult.Applied),
        AllocationOutcomeEvent.Released { Confirmed: 0 } r =>
            Skip("Released", r.ReservationId, "nothing of it was confirmed"),
        AllocationOutcomeEvent.Released r =>
            new PackingTask("Released", r.ReservationId, -r.Confirmed, EffectResult.Applied),
        _ => null,
    };

    private static PackingTask Skip(string name, string reservation, string reason) =>
        new(name, reservation, 0, EffectResult.Skipped, reason);
}
