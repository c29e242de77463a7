using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Documents;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>How often a kind of command was decided one way by the shadow, and how that compares.</summary>
/// <param name="Command">Kind of the command.</param>
/// <param name="Shadow">What the shadow decided.</param>
/// <param name="Class">How that compares.</param>
public readonly record struct ShadowRow(string Command, string Shadow, ShadowClass Class);

/// <summary>One difference, and why.</summary>
/// <param name="Difference">It.</param>
/// <param name="Verdict">Its class.</param>
public sealed record ShadowExample(ShadowDifference Difference, ShadowVerdict Verdict);

/// <summary>What to keep of differences, and what people know of them.</summary>
public sealed record ShadowComparisonOptions
{
    /// <summary>Differences to keep as examples.</summary>
    public int ExampleCount { get; init; }

    /// <summary>Whether it is given all pools, or only some.</summary>
    public bool HasAllPools { get; init; } = true;

    /// <summary>
    /// Whether both journals are read as they grow: a difference is classified once the log has moved on by
    /// <see cref="ShadowClassifier.TimingTolerance"/>, and not at the end of the partition.
    /// </summary>
    public bool IsFollowing { get; init; }

    /// <summary>The rules in force; asked whenever a difference is classified.</summary>
    public Func<ValueList<ShadowRuleRow>> Rules { get; init; } = static () => [];
}

/// <summary>
/// Compares what the shadow decided with what the log has of the system that has authority. That is little: a command
/// that the authority refused as NotAuthoritative shows nothing of the other system's decision. Physical facts, which
/// both record, show some of it, and so do units consumed of a reservation, and reservations imported at the end.
/// </summary>
/// <param name="options">What to keep and to know.</param>
public sealed class ShadowComparison(ShadowComparisonOptions options)
{
    private readonly Dictionary<(string Pool, string Command), ShadowAnswer> decided = [];
    private readonly Dictionary<string, ShadowAnswer> ofUnknownPools = [];
    private readonly ShadowJournal journal = new();
    private readonly Queue<(ShadowDifference Difference, ShadowPromise? Promise)> open = [];
    private readonly Dictionary<(string Pool, string Command), long> parkedAt = [];
    private readonly Dictionary<ShadowRow, int> rows = [];
    private readonly Dictionary<(ShadowEvidence Evidence, ShadowClass Class), int> evidence = [];
    private readonly ShadowGroups groups = new();
    private readonly ShadowCandidates candidates = new();
    private readonly List<ShadowExample> examples = [];

    /// <summary>Commands that the shadow decided, and that were compared.</summary>
    public int Decided => rows.Values.Sum();

    /// <summary>What it keeps to compare others with: decisions, facts of supply, open differences.</summary>
    public int Kept => decided.Count + ofUnknownPools.Count + journal.Kept + open.Count + parkedAt.Count;

    /// <summary>Commands counted by kind, the shadow's decision and how it compares.</summary>
    public IEnumerable<KeyValuePair<ShadowRow, int>> Rows =>
        rows.OrderBy(r => r.Key.Command, StringComparer.Ordinal).ThenByDescending(r => r.Value);

    /// <summary>What the other system is known to have granted, and whether the shadow granted it too.</summary>
    public IEnumerable<KeyValuePair<(ShadowEvidence Evidence, ShadowClass Class), int>> Evidence =>
        evidence.OrderBy(e => e.Key.Evidence.ToString(), StringComparer.Ordinal).ThenBy(e => e.Key.Class);

    /// <summary>Differences by class and what explains them.</summary>
    public IEnumerable<KeyValuePair<ShadowGroupKey, ShadowGroup>> Groups => groups.All;

    /// <summary>Differences, the first ones found; those that were none after a moment are not among them.</summary>
    public IReadOnlyList<ShadowExample> Examples => examples;

    /// <summary>Rules that unclassified differences ask for.</summary>
    /// <param name="least">Differences that are enough for one.</param>
    public IReadOnlyList<ShadowCandidate> Candidates(int least) => candidates.Propose(least);

    /// <summary>Takes an outcome of the shadow; those of a partition come before the authority's.</summary>
    public void Shadow(AllocationOutcome outcome)
    {
        journal.Take(outcome);
        if (!IsAnswer(outcome))
        {
            return;
        }
        if (IsOfPartition(outcome))
        {
            ofUnknownPools.TryAdd(outcome.CommandId!, ShadowAnswer.Of(outcome));
        }
        else
        {
            decided.TryAdd((outcome.PoolId, outcome.CommandId!), ShadowAnswer.Of(outcome));
        }
    }

    /// <summary>Takes an outcome of the authority.</summary>
    public void Authority(AllocationOutcome outcome)
    {
        if (options.IsFollowing)
        {
            Settle(outcome.TMs);
        }
        journal.KnownPool(outcome.PoolId)?.Count(outcome);
        if (outcome is { Event: AllocationOutcomeEvent.Parked, CommandId: { } waits }
            && journal.KnownPool(outcome.PoolId) is not null)
        {
            parkedAt.TryAdd((outcome.PoolId, waits), outcome.TMs);
        }
        if (!IsAnswer(outcome) || (IsOfPartition(outcome) && !options.HasAllPools))
        {
            return;
        }
        var arrivedAtMs = parkedAt.Remove((outcome.PoolId, outcome.CommandId!), out var at) ? at : outcome.TMs;
        var given = GivenUnits.Of(outcome);
        var promise = given is null ? null : journal.PromiseOf(outcome.PoolId, given.Value.ReservationId);
        var isNew = promise is not null && given!.Value.Take(promise, journal.PoolOf(outcome.PoolId));
        Compare(outcome, promise, arrivedAtMs);
        if (isNew)
        {
            Weigh(outcome, given!.Value, promise!, arrivedAtMs);
        }
    }

    /// <summary>Gives a class to what had time to be none.</summary>
    /// <param name="nowMs">The log's time, in milliseconds since 1970 UTC.</param>
    public void Settle(long nowMs)
    {
        var tolerance = (long)ShadowClassifier.TimingTolerance.TotalMilliseconds;
        while (open.TryPeek(out var oldest) && nowMs - tolerance > oldest.Difference.SeenAtMs)
        {
            open.Dequeue();
            Classify(oldest.Difference, oldest.Promise);
        }
    }

    /// <summary>
    /// Ends a partition: what the authority has not answered counts as not on the log, and what differs gets its class.
    /// </summary>
    public void FinishPartition()
    {
        Settle(long.MaxValue);
        foreach (var answer in decided.Values.Concat(options.HasAllPools ? ofUnknownPools.Values : []))
        {
            Count(answer.Command, answer.Kind, ShadowClass.NotOnLog);
        }
        decided.Clear();
        ofUnknownPools.Clear();
        parkedAt.Clear();
        journal.Clear();
    }

    private static bool IsAnswer(AllocationOutcome outcome) =>
        outcome is { CommandId: not null, DuplicateOf: null } && !CommandKinds.IsForPartition(outcome.CommandKind)
        && outcome.Event is not (AllocationOutcomeEvent.Parked or AllocationOutcomeEvent.PendingApproval);

    // The pool was not known to who decided: only the other's outcome says which one it was.
    private static bool IsOfPartition(AllocationOutcome outcome) => outcome.PoolId.StartsWith('$');

    private void Compare(AllocationOutcome outcome, ShadowPromise? promise, long arrivedAtMs)
    {
        if (!decided.Remove((outcome.PoolId, outcome.CommandId!), out var shadow)
            && !ofUnknownPools.Remove(outcome.CommandId!, out shadow))
        {
            return;
        }
        var recorded = ShadowAnswer.Of(outcome);
        if (recorded.IsSameAs(shadow))
        {
            Count(shadow.Command, shadow.Kind, ShadowClass.Match);
            candidates.Agree(shadow.Command, shadow.Kind, journal.NameOf(shadow.Class), outcome.PoolId);
        }
        else if (IsBlind(outcome))
        {
            Count(shadow.Command, shadow.Kind, ShadowClass.NotOnLog);
        }
        else
        {
            // Where units went, why it did not grant them is in its decision about the reservation.
            var step = promise?.DecisionBy(arrivedAtMs);
            Differ(new ShadowDifference
            {
                PoolId = outcome.PoolId,
                Evidence = ShadowEvidence.Decision,
                Command = shadow.Command,
                Id = outcome.CommandId!,
                DecidedAtMs = step?.TMs ?? shadow.TMs,
                SeenAtMs = outcome.TMs,
                ArrivedAtMs = arrivedAtMs,
                Shadow = shadow.Kind,
                Recorded = recorded.Kind,
                ShadowText = shadow.ToString(),
                RecordedText = recorded.ToString(),
                PriorityClass = journal.NameOf(shadow.Class),
                Units = Math.Abs(recorded.Moved - shadow.Moved),
                Missing = step?.Missing ?? shadow.Missing,
                Given = promise?.Given ?? 0,
                PoolGiven = promise is null ? 0 : journal.PoolOf(outcome.PoolId).Given,
                Told = shadow.ToldBefore(recorded),
            }, promise);
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
    private void Weigh(AllocationOutcome outcome, GivenUnits given, ShadowPromise promise, long arrivedAtMs)
    {
        var step = promise.DecisionBy(outcome.TMs);
        // What was used up before its hold or its release came waited for that.
        var granted = Math.Max(promise.GrantedBy(arrivedAtMs), promise.GrantedBy(outcome.TMs));
        var what = given.Evidence.ToString();
        if (granted >= promise.Given)
        {
            Count(given.Evidence, ShadowClass.Match);
            candidates.Agree(step.Command, step.Decision, journal.NameOf(step.Class), outcome.PoolId);
            return;
        }
        Differ(new ShadowDifference
        {
            PoolId = outcome.PoolId,
            Evidence = given.Evidence,
            Command = step.Command,
            Id = given.ReservationId,
            DecidedAtMs = step.TMs,
            SeenAtMs = outcome.TMs,
            ArrivedAtMs = arrivedAtMs,
            Shadow = step.Decision,
            Recorded = what,
            ShadowText = step.Units > 0 || granted > 0 ? $"{step.Decision}: {granted} granted" : step.Decision,
            RecordedText = $"{given.Units} {what.ToLowerInvariant()}",
            PriorityClass = journal.NameOf(step.Class),
            Units = Math.Min(given.Units, promise.Given - granted),
            Missing = step.Missing,
            Given = promise.Given,
            PoolGiven = journal.PoolOf(outcome.PoolId).Given,
        }, promise);
    }

    private void Differ(ShadowDifference difference, ShadowPromise? promise)
    {
        if (options.IsFollowing && !ShadowClassifier.MayBeNone(difference, promise))
        {
            Classify(difference, promise);
        }
        else
        {
            open.Enqueue((difference, promise));
        }
    }

    private void Classify(ShadowDifference difference, ShadowPromise? promise)
    {
        var verdict = ShadowClassifier.Classify(
            difference, promise, journal.PoolOf(difference.PoolId), options.Rules());
        if (difference.Evidence == ShadowEvidence.Decision)
        {
            Count(difference.Command, difference.Shadow, verdict.Class);
        }
        else
        {
            Count(difference.Evidence, verdict.Class);
        }
        groups.Add(difference, verdict);
        if (verdict.Class == ShadowClass.Unclassified)
        {
            candidates.Differ(difference);
        }
        if (verdict.Class != ShadowClass.TimingLag && examples.Count < options.ExampleCount)
        {
            examples.Add(new ShadowExample(difference, verdict));
        }
    }

    private void Count(CommandKind command, string shadow, ShadowClass result)
    {
        var row = new ShadowRow(command.ToString(), shadow, result);
        rows[row] = rows.GetValueOrDefault(row) + 1;
    }

    private void Count(ShadowEvidence what, ShadowClass result) =>
        evidence[(what, result)] = evidence.GetValueOrDefault((what, result)) + 1;
}
