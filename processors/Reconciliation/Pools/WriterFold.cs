using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// Signs in the journal that another system decides for a pool of ours, until one of the two is stopped.
/// </summary>
internal sealed class WriterFold(DifferenceBook differences)
{
    private const string Pool = "pool";

    /// <summary>Takes up an outcome.</summary>
    public void Take(AllocationOutcome outcome, in RecordMetadata at)
    {
        if (outcome.Event is AllocationOutcomeEvent.AuthorityChanged changed && outcome.DuplicateOf is null)
        {
            End(changed);
        }
        if (SecondWriter.SignOf(outcome) is not { } sign)
        {
            return;
        }
        var position = MismatchIds.PositionOf(at);
        differences.Stand(new Finding(
            new DifferenceKey(MismatchClass.DualWriter, Pool, outcome.PoolId),
            Sides.Of(
                "ledger", $"{outcome.PoolId} is ours since epoch {outcome.Epoch}.", null, null,
                ("epoch", outcome.Epoch)),
            Sides.Of(
                "another system", sign switch
                {
                    SecondWriterSign.StaleEpoch => "It sends commands under an epoch that is over.",
                    SecondWriterSign.UnknownReservation => "It consumes what the ledger never granted.",
                    _ => "It moves supply that no fact explains.",
                }, position, outcome.TMs))
        {
            SinceMs = outcome.TMs,
            Episode = position,
            PoolId = outcome.PoolId,
            Repair = new RepairFacts { Kind = RepairKind.Freeze, PoolId = outcome.PoolId, Epoch = outcome.Epoch },
        });
    }

    // Whoever changes who decides has looked at who does: what is written later is a sign of its own.
    private void End(AllocationOutcomeEvent.AuthorityChanged changed)
    {
        var pattern = new PoolPattern(changed.Slice);
        foreach (var (key, _) in differences.Those(MismatchClass.DualWriter, Pool, ""))
        {
            if (pattern.Matches(key.Id))
            {
                differences.End(key, $"slice {changed.Slice} is {changed.Mode} since epoch {changed.NewEpoch}");
            }
        }
    }
}
