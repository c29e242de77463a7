using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>Units of a reservation that the other system is shown to have given, or taken back.</summary>
/// <param name="Evidence">What shows it.</param>
/// <param name="ReservationId">The reservation.</param>
/// <param name="Units">Units; negative: they came back.</param>
internal readonly record struct GivenUnits(ShadowEvidence Evidence, string ReservationId, long Units)
{
    /// <summary>What an outcome of the authority shows; null: nothing.</summary>
    public static GivenUnits? Of(AllocationOutcome outcome)
    {
        if (outcome.Event is AllocationOutcomeEvent.Imported e)
        {
            return new GivenUnits(ShadowEvidence.Imported, e.ReservationId, e.Held + e.Confirmed);
        }
        return BookedGoods.Of(outcome) is { ReservationId.Length: > 0 } goods
            ? new GivenUnits(
                ShadowEvidence.Consumed, goods.ReservationId, goods.AreBack ? -goods.Units : goods.Units)
            : null;
    }

    /// <summary>Adds them to what is known; false where that shows nothing new that was given.</summary>
    public bool Take(ShadowPromise promise, ShadowPool pool)
    {
        if (Units < 0)
        {
            pool.Give(-promise.Return(-Units));
            return false;
        }
        var fresh = Units;
        if (Evidence == ShadowEvidence.Imported)
        {
            promise.Import(Units);
        }
        else
        {
            fresh = promise.Consume(Units);
        }
        pool.Give(fresh);
        return fresh > 0;
    }
}
