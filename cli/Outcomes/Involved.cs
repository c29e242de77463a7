using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Outcomes;

/// <summary>Which outcomes concern a reservation or a command.</summary>
internal static class Involved
{
    public static bool Reservation(AllocationOutcome outcome, string reservationId) =>
        outcome.After.Any(r => r.ReservationId == reservationId) ||
        outcome.Entries.Any(e => e.ReservationId == reservationId) ||
        OutcomeSummary.Of(outcome).ReservationId == reservationId;

    public static bool Command(AllocationOutcome outcome, string commandId) =>
        outcome.CommandId == commandId || outcome.CausedBy?.CommandId == commandId;

    /// <summary>True when the reservation's first outcome is among these.</summary>
    public static bool IsWhole(IReadOnlyList<AllocationOutcome> outcomes, string reservationId) =>
        outcomes.Any(o => o.After.Any(r => r.ReservationId == reservationId && r.Version <= 1));
}
