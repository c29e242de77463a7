using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>What an outcome gives away about another system that still decides for the pool.</summary>
public enum SecondWriterSign
{
    /// <summary>A command was sent under an epoch of authority that is over.</summary>
    StaleEpoch,

    /// <summary>Units were consumed of a reservation that the ledger never granted: somebody else did.</summary>
    UnknownReservation,

    /// <summary>A count of supply differs from the ledger by more than the facts explain.</summary>
    UnexplainedSupply,
}

/// <summary>
/// The mismatch class DualWriter: two systems promise the units of one pool. The remedy is to freeze the slice. Pools
/// that never were under another system (epoch 0) have no second writer: what looks like one there is a drift or an
/// orphan like any other.
/// </summary>
public static class SecondWriter
{
    /// <summary>The sign that an outcome shows; null: none. Repeats of a command show none.</summary>
    public static SecondWriterSign? SignOf(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null || outcome.Epoch == 0)
        {
            return null;
        }
        return outcome.Event switch
        {
            AllocationOutcomeEvent.Rejected rejected when outcome.CommandKind != CommandKind.AuthorityTransfer
                && HasStaleEpoch(rejected) => SecondWriterSign.StaleEpoch,
            AllocationOutcomeEvent.OrphanConsumed when IsUnknown(outcome) => SecondWriterSign.UnknownReservation,
            AllocationOutcomeEvent.SupplyApplied { Rebased: not 0 } when !IsOpening(outcome) =>
                SecondWriterSign.UnexplainedSupply,
            AllocationOutcomeEvent.SupplyParked => SecondWriterSign.UnexplainedSupply,
            _ => null,
        };
    }

    private static bool HasStaleEpoch(AllocationOutcomeEvent.Rejected rejected)
    {
        foreach (var reason in rejected.Reasons)
        {
            if (reason.Code == ReasonCode.StaleEpoch)
            {
                return true;
            }
        }
        return false;
    }

    private static bool IsUnknown(AllocationOutcome outcome)
    {
        foreach (var reservation in outcome.After)
        {
            if (reservation.Granted > 0)
            {
                return false;
            }
        }
        return true;
    }

    // The first count of a pool that had nothing explains itself.
    private static bool IsOpening(AllocationOutcome outcome) => outcome.BalancesBefore is
    {
        Free: 0, Held: 0, Confirmed: 0, Consumed: 0, Blocked: 0
    };
}
