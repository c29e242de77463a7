using Alloc.Processors.Allocation.Trial;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>What the shadow's journal says of reservations and pools.</summary>
internal sealed class ShadowJournal
{
    private const int MostClassRows = 1_000;
    private readonly Dictionary<(string Pool, string Reservation), ShadowPromise> promises = [];
    private readonly Dictionary<string, ShadowPool> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<(int PolicyVersion, string Row), string> classes = [];
    private int stepCount;

    /// <summary>Decisions and facts that are kept.</summary>
    public int Kept => stepCount + pools.Count;

    /// <summary>What is known of a pool.</summary>
    public ShadowPool PoolOf(string poolId)
    {
        if (!pools.TryGetValue(poolId, out var pool))
        {
            pools[poolId] = pool = new ShadowPool();
        }
        return pool;
    }

    /// <summary>What is known of a pool; null: the shadow decided nothing about it.</summary>
    public ShadowPool? KnownPool(string poolId) => pools.GetValueOrDefault(poolId);

    /// <summary>What is known of a reservation; null: the shadow decided nothing about it.</summary>
    public ShadowPromise? PromiseOf(string poolId, string reservationId) =>
        promises.GetValueOrDefault((poolId, reservationId));

    /// <summary>
    /// The name of a class. A rejection names only the row of the policy that chose it; a grant by the same row tells
    /// the name. Empty: there was none.
    /// </summary>
    public string NameOf(RequestClass request) => request.Name.Length > 0 || request.Row.Length == 0
        ? request.Name : classes.GetValueOrDefault((request.PolicyVersion, request.Row), "");

    public void Clear()
    {
        promises.Clear();
        pools.Clear();
        stepCount = 0;
    }

    /// <summary>Takes an outcome of the shadow.</summary>
    public void Take(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null || outcome.PoolId.StartsWith('$'))
        {
            return;
        }
        var pool = PoolOf(outcome.PoolId);
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Held held:
                foreach (var line in held.Lines)
                {
                    Of(outcome, line.ReservationId).Ask(line.Requested);
                    Add(outcome, line.ReservationId, line.Granted, line.Requested - line.Granted);
                }
                break;
            case AllocationOutcomeEvent.Waitlisted waiting:
                Of(outcome, waiting.ReservationId).Ask(waiting.Quantity);
                Add(outcome, waiting.ReservationId, 0, DecisionSteps.Missing(outcome));
                break;
            case AllocationOutcomeEvent.Rejected { ReservationId: { } id } when outcome.CommandKind == CommandKind.Hold:
                Of(outcome, id).Ask(DecisionSteps.Requested(outcome));
                Add(outcome, id, 0, DecisionSteps.Missing(outcome));
                break;
            case AllocationOutcomeEvent.Promoted promoted:
                // Of a request from before the journal was read on nobody knows how much it was for.
                if (PromiseOf(outcome.PoolId, promoted.ReservationId) is null)
                {
                    Of(outcome, promoted.ReservationId).Ask(null);
                }
                Add(outcome, promoted.ReservationId, promoted.Quantity, 0);
                break;
            case AllocationOutcomeEvent.Imported imported:
                Of(outcome, imported.ReservationId).Ask(imported.Held + imported.Confirmed);
                Add(outcome, imported.ReservationId, imported.Held + imported.Confirmed, 0);
                break;
            case AllocationOutcomeEvent.SupplyApplied applied:
                pool.Hear(outcome, applied);
                stepCount++;
                break;
            default:
                TakeChange(outcome);
                break;
        }
    }

    private void TakeChange(AllocationOutcome outcome)
    {
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Amended amended:
                PromiseOf(outcome.PoolId, amended.ReservationId)?.AskMore(
                    Math.Max(0, amended.Delta) + amended.Waiting);
                Move(outcome, amended.ReservationId, amended.Delta);
                break;
            case AllocationOutcomeEvent.Rejected { ReservationId: { } id }
                when outcome.CommandKind == CommandKind.Amend:
                PromiseOf(outcome.PoolId, id)?.Ask(null);
                break;
            case AllocationOutcomeEvent.ReservationSplit split:
                PromiseOf(outcome.PoolId, split.ReservationId)?.Ask(null);
                break;
            case AllocationOutcomeEvent.Confirmed { Released: > 0 } confirmed:
                Move(outcome, confirmed.ReservationId, -confirmed.Released);
                break;
            case AllocationOutcomeEvent.Released released:
                Move(outcome, released.ReservationId, -(released.Held + released.Confirmed));
                Finish(outcome, released.ReservationId);
                break;
            case AllocationOutcomeEvent.NoOp { ReservationId: { } id } when outcome.CommandKind == CommandKind.Release:
                Move(outcome, id, -outcome.After.Where(r => r.ReservationId == id).Sum(r => r.Lapsed));
                Finish(outcome, id);
                break;
            default:
                break;
        }
    }

    private void Finish(AllocationOutcome outcome, string reservationId)
    {
        if (outcome.After.Any(r => r.ReservationId == reservationId && r.Cancelled))
        {
            PromiseOf(outcome.PoolId, reservationId)?.Finish(outcome.TMs);
        }
    }

    private ShadowPromise Of(AllocationOutcome outcome, string reservationId)
    {
        var key = (outcome.PoolId, reservationId);
        if (!promises.TryGetValue(key, out var promise))
        {
            promises[key] = promise = new ShadowPromise();
        }
        return promise;
    }

    private void Add(AllocationOutcome outcome, string reservationId, long units, long missing)
    {
        var request = DecisionSteps.Class(outcome);
        if (request is { Name.Length: > 0, Row.Length: > 0 } && classes.Count < MostClassRows)
        {
            classes.TryAdd((request.PolicyVersion, request.Row), request.Name);
        }
        var kind = outcome.Event is AllocationOutcomeEvent.Promoted ? CommandKind.Hold : outcome.CommandKind;
        Of(outcome, reservationId).Add(new ShadowStep(
            outcome.TMs, kind, TrialDecision.Of(outcome).Kind, units, missing, request));
        stepCount++;
    }

    // Units come and go; the decision stays what it was.
    private void Move(AllocationOutcome outcome, string reservationId, long units)
    {
        if (units != 0 && PromiseOf(outcome.PoolId, reservationId) is { } promise)
        {
            promise.Add(new ShadowStep(outcome.TMs, outcome.CommandKind, "", units, 0, default));
            stepCount++;
        }
    }
}
