using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>Units that one reservation loses to another: of a higher class, or of one who takes back what it lent.
/// </summary>
/// <param name="ReservationId">Who loses them.</param>
/// <param name="Held">Held units, all that it has or 0.</param>
/// <param name="Confirmed">Confirmed units, all that it has or 0.</param>
internal readonly record struct PreemptionTake(string ReservationId, long Held, long Confirmed);

/// <summary>Who loses what so that a request can be granted.</summary>
/// <param name="Row">The row of the policy; null where a quota takes back what it lent.</param>
/// <param name="By">The reservation that gets it.</param>
/// <param name="ByClass">Its class.</param>
/// <param name="Takes">The victims, in the order in which they were found.</param>
internal sealed record PreemptionPlan(
    PreemptionRow? Row, string By, string ByClass, IReadOnlyList<PreemptionTake> Takes)
{
    /// <summary>The quota that takes back what it lent; null where a class preempts.</summary>
    public QuotaRow? Quota { get; init; }

    /// <summary>How that quota stood.</summary>
    public DecisionNumber[] QuotaNumbers { get; init; } = [];

    /// <summary>Id of the row.</summary>
    public string RowId => Row?.Id ?? Quota!.Id;

    /// <summary>Units that all of them lose.</summary>
    public long Freed
    {
        get
        {
            long freed = 0;
            foreach (var take in Takes)
            {
                freed = checked(freed + take.Held + take.Confirmed);
            }
            return freed;
        }
    }
}
