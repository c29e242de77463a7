using Alloc.Schemas.Allocation;

namespace Alloc.Replay.Shop;

/// <summary>Who waits for which word of the ledger.</summary>
internal sealed class ShopAnswers
{
    private readonly Dictionary<(string Pool, string Command), Action<AllocationOutcome>> asked = [];
    private readonly Dictionary<(string Pool, string Reservation), Action> expiring = [];
    private readonly HashSet<(string Pool, string Reservation)> expired = [];

    /// <summary>Answers that are waited for.</summary>
    public int Count => asked.Count;

    /// <summary>Whether nobody waits for anything.</summary>
    public bool IsIdle => asked.Count == 0 && expiring.Count == 0;

    /// <summary>Somebody waits for the answer to a command.</summary>
    public void Await(string poolId, string commandId, Action<AllocationOutcome>? answered)
    {
        if (answered is not null)
        {
            asked.Add((poolId, commandId), answered);
        }
    }

    /// <summary>Somebody waits for a hold to expire; true: it has.</summary>
    public bool AwaitExpiry(string poolId, string reservationId, Action act)
    {
        if (expired.Remove((poolId, reservationId)))
        {
            return true;
        }
        expiring.Add((poolId, reservationId), act);
        return false;
    }

    /// <summary>The ledger said something.</summary>
    public void Take(AllocationOutcome outcome)
    {
        // A provisional answer is followed by the one that counts.
        var isFinal = outcome.Original || outcome.Event is AllocationOutcomeEvent.Rejected;
        if (outcome.CommandId is { } command && isFinal && outcome.DuplicateOf is null
            && asked.Remove((outcome.RequestedPoolId ?? outcome.PoolId, command), out var answered))
        {
            answered(outcome);
        }
        if (outcome.Event is not AllocationOutcomeEvent.Expired expiry)
        {
            return;
        }
        var key = (outcome.PoolId, expiry.ReservationId);
        if (expiring.Remove(key, out var act))
        {
            act();
        }
        else
        {
            expired.Add(key);
        }
    }
}
