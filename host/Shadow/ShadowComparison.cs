using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Trial;
using Alloc.Schemas.Allocation;

namespace Alloc.Host.Shadow;

/// <summary>What comparing two decisions gives.</summary>
internal enum ShadowResult
{
    /// <summary>The same decision, with the same numbers.</summary>
    Match,

    /// <summary>They differ; the log does not say why.</summary>
    Unclassified,

    /// <summary>The other system's decision is not on the log: the authority answered NotAuthoritative.</summary>
    NotOnLog,
}

/// <summary>How often a kind of command was decided one way by the shadow, and how that compares.</summary>
internal readonly record struct ShadowRow(string Command, string Shadow, ShadowResult Result);

/// <summary>One difference.</summary>
internal sealed record ShadowExample(
    string PoolId, string What, string Id, long TMs, string Recorded, string Shadow);

/// <summary>
/// Compares what the shadow decided with what the log has of the system that has authority. That is little: a command
/// that the authority refused as NotAuthoritative shows nothing of the other system's decision. Physical facts, which
/// both record, show some of it, and so do units consumed of a reservation, and reservations imported at the end.
/// </summary>
/// <param name="exampleCount">Differences to keep.</param>
/// <param name="hasAllPools">Whether it is given all pools, or only some.</param>
internal sealed class ShadowComparison(int exampleCount, bool hasAllPools)
{
    private readonly Dictionary<(string Pool, string Command), Answer> decided = [];
    private readonly Dictionary<string, Answer> ofUnknownPools = [];
    private readonly Dictionary<(string Pool, string Reservation), (string Decision, long Granted)> holds = [];
    private readonly Dictionary<ShadowRow, int> rows = [];
    private readonly Dictionary<(string Evidence, ShadowResult Result), int> evidence = [];
    private readonly List<ShadowExample> examples = [];

    /// <summary>Commands that the shadow decided.</summary>
    public int Decided => rows.Values.Sum();

    /// <summary>Decisions that it keeps to compare others with.</summary>
    public int Kept => decided.Count + ofUnknownPools.Count + holds.Count;

    /// <summary>Commands counted by kind, the shadow's decision and how it compares.</summary>
    public IEnumerable<KeyValuePair<ShadowRow, int>> Rows =>
        rows.OrderBy(r => r.Key.Command, StringComparer.Ordinal).ThenByDescending(r => r.Value);

    /// <summary>What the other system is known to have granted, and whether the shadow granted it too.</summary>
    public IEnumerable<KeyValuePair<(string Evidence, ShadowResult Result), int>> Evidence =>
        evidence.OrderBy(e => e.Key.Evidence, StringComparer.Ordinal).ThenBy(e => e.Key.Result);

    /// <summary>Differences, the first ones found.</summary>
    public IReadOnlyList<ShadowExample> Examples => examples;

    /// <summary>Takes an outcome of the shadow; those of a partition come before the authority's.</summary>
    public void Shadow(AllocationOutcome outcome)
    {
        if (outcome.Event is AllocationOutcomeEvent.Promoted promoted)
        {
            Grant(outcome.PoolId, promoted.ReservationId, "Promoted", promoted.Quantity);
        }
        if (!IsAnswer(outcome))
        {
            return;
        }
        if (IsOfPartition(outcome))
        {
            ofUnknownPools.TryAdd(outcome.CommandId!, Answer.Of(outcome));
            return;
        }
        decided.TryAdd((outcome.PoolId, outcome.CommandId!), Answer.Of(outcome));
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Held held:
                foreach (var line in held.Lines)
                {
                    Grant(outcome.PoolId, line.ReservationId, "Held", line.Granted);
                }
                break;
            case AllocationOutcomeEvent.Imported imported:
                Grant(outcome.PoolId, imported.ReservationId, "Imported", imported.Held + imported.Confirmed);
                break;
            case AllocationOutcomeEvent.Amended amended:
                Grant(outcome.PoolId, amended.ReservationId, "Held", amended.Delta);
                break;
            case AllocationOutcomeEvent.Rejected { ReservationId: { } id } when outcome.CommandKind == CommandKind.Hold:
                holds.TryAdd((outcome.PoolId, id), (TrialDecision.Of(outcome).Kind, 0));
                break;
            default:
                break;
        }
    }

    /// <summary>Takes an outcome of the authority.</summary>
    public void Authority(AllocationOutcome outcome)
    {
        if (!IsAnswer(outcome) || (IsOfPartition(outcome) && !hasAllPools))
        {
            return;
        }
        Compare(outcome);
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Imported imported:
                Weigh(outcome, "Imported", imported.ReservationId, imported.Held + imported.Confirmed);
                break;
            case AllocationOutcomeEvent.Consumed consumed:
                Weigh(outcome, "Consumed", consumed.ReservationId, consumed.Quantity);
                break;
            case AllocationOutcomeEvent.OrphanConsumed orphan when orphan.ReservationId.Length > 0:
                Weigh(outcome, "Consumed", orphan.ReservationId, orphan.Quantity);
                break;
            default:
                break;
        }
    }

    /// <summary>Ends a partition; what the authority has not answered counts as not on the log.</summary>
    public void FinishPartition()
    {
        foreach (var answer in decided.Values.Concat(hasAllPools ? ofUnknownPools.Values : []))
        {
            Count(answer, ShadowResult.NotOnLog);
        }
        decided.Clear();
        ofUnknownPools.Clear();
        holds.Clear();
    }

    private static bool IsAnswer(AllocationOutcome outcome) =>
        outcome is { CommandId: not null, DuplicateOf: null } && !CommandKinds.IsForPartition(outcome.CommandKind)
        && outcome.Event is not (AllocationOutcomeEvent.Parked or AllocationOutcomeEvent.PendingApproval);

    // The pool was not known to who decided: only the other's outcome says which one it was.
    private static bool IsOfPartition(AllocationOutcome outcome) => outcome.PoolId.StartsWith('$');

    private void Compare(AllocationOutcome outcome)
    {
        if (!decided.Remove((outcome.PoolId, outcome.CommandId!), out var shadow)
            && !ofUnknownPools.Remove(outcome.CommandId!, out shadow))
        {
            return;
        }
        var recorded = Answer.Of(outcome);
        var result = recorded == shadow ? ShadowResult.Match
            : IsBlind(outcome) ? ShadowResult.NotOnLog
            : ShadowResult.Unclassified;
        Count(shadow, result);
        if (result == ShadowResult.Unclassified)
        {
            Show(outcome, shadow.Command, outcome.CommandId!, recorded.ToString(), shadow.ToString());
        }
    }

    // The authority did not decide, or does not know the reservation because another system granted it.
    private static bool IsBlind(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Rejected rejected => rejected.Reasons.Any(r => r.Code == ReasonCode.NotAuthoritative),
        AllocationOutcomeEvent.OrphanConsumed or AllocationOutcomeEvent.OrphanReturned => true,
        _ => false,
    };

    // Units that were taken over or used had been granted by the other system: did the shadow grant them?
    private void Weigh(AllocationOutcome outcome, string what, string reservationId, long units)
    {
        if (!holds.TryGetValue((outcome.PoolId, reservationId), out var shadow))
        {
            return;
        }
        var result = shadow.Granted >= units ? ShadowResult.Match : ShadowResult.Unclassified;
        evidence[(what, result)] = evidence.GetValueOrDefault((what, result)) + 1;
        if (result == ShadowResult.Unclassified)
        {
            Show(
                outcome, what, reservationId, $"{units} {what.ToLowerInvariant()}",
                shadow.Granted == 0 ? shadow.Decision : $"{shadow.Decision}: {shadow.Granted} granted");
        }
    }

    private void Grant(string poolId, string reservationId, string decision, long units)
    {
        var granted = holds.GetValueOrDefault((poolId, reservationId)).Granted;
        holds[(poolId, reservationId)] = (decision, granted + units);
    }

    private void Count(Answer shadow, ShadowResult result)
    {
        var row = new ShadowRow(shadow.Command, shadow.Kind, result);
        rows[row] = rows.GetValueOrDefault(row) + 1;
    }

    private void Show(AllocationOutcome outcome, string what, string id, string recorded, string shadow)
    {
        if (examples.Count < exampleCount)
        {
            examples.Add(new ShadowExample(outcome.PoolId, what, id, outcome.TMs, recorded, shadow));
        }
    }

    /// <summary>What is compared of an answer: the decision, and the units it moved.</summary>
    private sealed record Answer(string Command, string Kind, string Units)
    {
        public static Answer Of(AllocationOutcome outcome) => new(
            outcome.CommandKind.ToString(), TrialDecision.Of(outcome).Kind,
            string.Join(", ", outcome.Entries.Select(e => $"{e.Quantity} {e.From} to {e.To}")));

        public override string ToString() => Units.Length > 0 ? $"{Kind}: {Units}" : Kind;
    }
}
