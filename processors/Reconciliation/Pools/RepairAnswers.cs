using System.Globalization;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>What the ledger answers to the commands of repairs: <c>rc/&lt;mismatchId&gt;/&lt;attempt&gt;</c>.</summary>
internal sealed class RepairAnswers(DifferenceBook differences)
{
    /// <summary>Takes up an outcome.</summary>
    public void Take(AllocationOutcome outcome)
    {
        if (outcome.CommandId is not { } id || !MismatchIds.IsRepair(id) || outcome.DuplicateOf is not null)
        {
            return;
        }
        var parts = id.Split('/');
        // Anybody may call a command so: one that names no mismatch answers none.
        if (parts.Length is 3 or 4 && MismatchIds.CanBe(parts[1]) && int.TryParse(
            parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt))
        {
            differences.Answer(parts[1], new RepairAnswer
            {
                Attempt = attempt,
                OutcomeId = OutcomeIds.Of(outcome),
                Event = outcome.Event.GetType().Name,
                Reasons = outcome.Event is AllocationOutcomeEvent.Rejected rejected
                    ? [.. rejected.Reasons.Select(r => r.Code.ToString())] : [],
            });
        }
    }
}
