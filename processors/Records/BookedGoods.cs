using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Records;

/// <summary>Goods that the ledger booked as gone, or as back, with those that no reservation covers.</summary>
/// <param name="ConsumeId">Id of the movement.</param>
/// <param name="ReservationId">Whose they were; empty: nobody's.</param>
/// <param name="Units">Units, at least 1.</param>
/// <param name="AreBack">Whether they came back.</param>
internal readonly record struct BookedGoods(string ConsumeId, string ReservationId, long Units, bool AreBack)
{
    /// <summary>What an outcome books; null: no goods.</summary>
    public static BookedGoods? Of(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Consumed e => new(e.ConsumeId, e.ReservationId, e.Quantity + e.Orphaned, false),
        AllocationOutcomeEvent.OrphanConsumed e => new(e.ConsumeId, e.ReservationId, e.Quantity, false),
        AllocationOutcomeEvent.Returned e => new(e.ConsumeId, e.ReservationId, e.Quantity + e.Orphaned, true),
        AllocationOutcomeEvent.OrphanReturned e => new(e.ConsumeId, e.ReservationId, e.Quantity, true),
        _ => null,
    };
}
