using Alloc.Processors.Allocation.Policy;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>Units that one reservation loses to another of a higher class.</summary>
/// <param name="ReservationId">Who loses them.</param>
/// <param name="Held">Held units, all that it has or 0.</param>
/// <param name="Confirmed">Confirmed units, all that it has or 0.</param>
internal readonly record struct PreemptionTake(string ReservationId, long Held, long Confirmed);

/// <summary>Who loses what so that a request can be granted.</summary>
/// <param name="Row">The row of the policy.</param>
/// <param name="By">The reservation that gets it.</param>
/// <param name="ByClass">Its class.</param>
/// <param name="Takes">The victims, in the order in which they were found.</param>
internal sealed record PreemptionPlan(
    PreemptionRow Row, string By, string ByClass, IReadOnlyList<PreemptionTake> Takes);
