using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger;

/// <summary>Outcomes and reservations in the words of the transition table.</summary>
internal static class OutcomeText
{
    /// <summary><c>✔ Event</c>, <c>N why</c>, <c>R reasons</c> or <c>P</c>.</summary>
    public static string Of(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.NoOp { Tombstone: true } => "N tombstone",
        AllocationOutcomeEvent.NoOp noOp => $"N {noOp.Why}",
        AllocationOutcomeEvent.Rejected rejected => $"R {string.Join('+', rejected.Reasons.Select(r => r.Code))}",
        AllocationOutcomeEvent.Parked or AllocationOutcomeEvent.PendingApproval => "P",
        AllocationOutcomeEvent.Consumed { Orphaned: > 0 } => "✔ Consumed+orphan",
        AllocationOutcomeEvent.Returned { Orphaned: > 0 } => "✔ Returned+orphan",
        var happened => $"✔ {happened.GetType().Name}",
    };

    /// <summary>What is not zero of a reservation.</summary>
    public static string Of(Reservation? reservation, long t)
    {
        if (reservation is null || reservation.ForgetAtMs <= t)
        {
            return "-";
        }
        (string Name, long Quantity)[] parts =
        [
            ("held", reservation.Held), ("confirmed", reservation.Confirmed), ("consumed", reservation.Consumed),
            ("returned", reservation.Returned), ("released", reservation.Released), ("expired", reservation.Expired),
            ("preempted", reservation.Preempted), ("waiting", reservation.Waiting), ("orphaned", reservation.Orphaned),
        ];
        var words = parts.Where(p => p.Quantity != 0).Select(p => $"{p.Name} {p.Quantity}").ToList();
        if (reservation.Cancelled)
        {
            words.Add("cancelled");
        }
        if (words.Count == 0)
        {
            words.Add(reservation.Parked.Count > 0 ? "parked" : reservation.EndedBy.ToString().ToLowerInvariant());
        }
        return string.Join(' ', words);
    }
}
