namespace Alloc.Verify;

/// <summary>
/// What a pool must look like after the outcomes read so far: balances as the fold of entries, reservations as their
/// last state. Each outcome is first checked against it and then folded.
/// </summary>
internal sealed class PoolModel
{
    private readonly string poolId;
    private readonly Findings findings;
    private readonly bool startsAtFirst;
    private readonly ScarcityCheck scarcity;
    private readonly SupplyCheck supply;
    private readonly ReservationBook book = new();
    private long heldSum;
    private long confirmedSum;

    public PoolModel(string poolId, Findings findings, bool startsAtFirst)
    {
        this.poolId = poolId;
        this.findings = findings;
        this.startsAtFirst = startsAtFirst;
        scarcity = new ScarcityCheck(this, Report);
        supply = new SupplyCheck(Report);
    }

    /// <summary>Whether the pool's history is known from its first outcome on.</summary>
    public bool StartsAtFirst => startsAtFirst;

    public string PoolId => poolId;

    /// <summary>Sequence of the last outcome; 0 before the first.</summary>
    public long Sequence { get; private set; }

    public Amounts Balances { get; private set; }

    /// <summary>Sequence of the last outcome that moved units; 0 when none did.</summary>
    public long LastMoveSequence { get; private set; }

    public long OutcomeCount { get; private set; }

    public long GrantCount { get; private set; }

    public long GrantedUnits { get; private set; }

    /// <summary>Units granted beyond what was free.</summary>
    public long OversoldUnits { get; private set; }

    public long RejectionCount { get; private set; }

    /// <summary>What the pool came to.</summary>
    public PoolSummary Summary() => new(
        poolId, OutcomeCount, Sequence, book.Count, Balances, GrantCount, RejectionCount, OversoldUnits);

    /// <summary>
    /// The last state of a reservation, or null when it never appeared (or is forgotten at that time).
    /// </summary>
    public ObservedReservation? Find(string reservationId, long timeMs) => book.Find(reservationId, timeMs);

    /// <summary>Checks an outcome of this pool and folds it.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="about">The pool whose reservations it tells of; another one where a partition answers.</param>
    public void Apply(ObservedOutcome outcome, PoolModel about)
    {
        OutcomeCount++;
        CheckIdentity(outcome);
        CheckBalances(outcome);
        CheckGrant(outcome);
        RepairCheck.Check(outcome, Report);
        supply.Check(outcome);
        if (outcome.Parts.Count > 0)
        {
            SplitCheck.Check(about, outcome, Report);
        }
        foreach (var reservation in outcome.Reservations)
        {
            ApplyReservation(outcome, reservation, about.book);
        }
        if (outcome.Reservations.Count > 0 && startsAtFirst)
        {
            CheckSums(outcome);
        }
        Balances = outcome.After;
        Sequence = outcome.Sequence;
        if (outcome.Postings.Count > 0)
        {
            LastMoveSequence = Sequence;
        }
        if (outcome.Event == Events.Rejected)
        {
            RejectionCount++;
        }
    }

    private void CheckIdentity(ObservedOutcome outcome)
    {
        if (outcome.Key != poolId)
        {
            Report(FindingKind.WrongIdentity, outcome, $"has the key '{outcome.Key}'");
        }
        if ((Sequence > 0 || startsAtFirst) && outcome.Sequence != Sequence + 1)
        {
            Report(FindingKind.SequenceBroken, outcome, $"sequence {outcome.Sequence} follows {Sequence}");
        }
    }

    private void CheckBalances(ObservedOutcome outcome)
    {
        if ((Sequence > 0 || startsAtFirst) && outcome.Before != Balances)
        {
            Report(FindingKind.BalanceMismatch, outcome,
                $"says it began with {outcome.Before}; the entries before it give {Balances}");
        }
        var after = outcome.Before;
        Int128 sum = 0;
        foreach (var posting in outcome.Postings)
        {
            after = after.With(posting);
            sum += posting.Delta;
        }
        if (sum != 0)
        {
            Report(FindingKind.EntriesUnbalanced, outcome, $"the entries sum to {sum}, not to 0");
        }
        if (after != outcome.After)
        {
            Report(
                FindingKind.BalanceMismatch, outcome, $"says it ended with {outcome.After}; its entries give {after}");
        }
        if (outcome.After is { Held: < 0 } or { Confirmed: < 0 } or { Blocked: < 0 })
        {
            Report(FindingKind.NegativeBalance, outcome, $"ends with {outcome.After}");
        }
        if ((outcome.Answer is AnswerKind.Duplicate or AnswerKind.Refusal or AnswerKind.Provisional
                && outcome.Postings.Count > 0)
            || (outcome.Answer is AnswerKind.Duplicate or AnswerKind.Refusal && LeavesSomething(outcome)))
        {
            Report(FindingKind.WrongEffect, outcome, $"{outcome.Event} ({outcome.Answer}) must not move anything");
        }
    }

    private static bool LeavesSomething(ObservedOutcome outcome) =>
        outcome.Reservations.Count > 0 || outcome.Charges.Count > 0 || outcome.Effects.Count > 0
        || outcome.Cooldowns.Count > 0;

    private void CheckGrant(ObservedOutcome outcome)
    {
        long granted = 0;
        foreach (var posting in outcome.Postings)
        {
            if (posting is { Entry: Events.Held, Account: Account.Held, Delta: > 0 })
            {
                granted += posting.Delta;
            }
        }
        scarcity.Check(outcome, outcome.Event == Events.Imported ? 0 : granted);
        OversoldUnits += scarcity.Beyond;
        if (granted > 0)
        {
            GrantCount++;
            GrantedUnits += granted;
        }
    }

    /// <summary>Checks what is left once the pool's last outcome was read.</summary>
    public void Complete() => scarcity.Close();

    /// <summary>Checks that an applied command found what it says it saw; before the outcome is folded.</summary>
    public void CheckExpected(ObservedCommand command, ObservedOutcome outcome)
    {
        RepairCheck.CheckExpected(command, outcome, this, Report);
        supply.CheckFact(command, outcome);
    }

    private void ApplyReservation(ObservedOutcome outcome, ObservedReservation after, ReservationBook of)
    {
        var before = of.Put(after, outcome.TimeMs);
        heldSum += after.Held - (before?.Held ?? 0);
        confirmedSum += after.Confirmed - (before?.Confirmed ?? 0);

        var total = (Int128)after.Held + after.Confirmed + after.Consumed + after.Released
            + after.Expired + after.Preempted;
        if (total != after.Granted)
        {
            Report(
                FindingKind.VectorBroken, outcome, $"{after.Id}: granted {after.Granted} but its parts sum to {total}");
        }
        if (after is { Held: < 0 } or { Confirmed: < 0 } or { Consumed: < 0 } or { Returned: < 0 }
            || after.Returned > after.Consumed)
        {
            Report(FindingKind.VectorBroken, outcome, $"{after.Id}: {Show(after)}");
        }
        if (before is not null)
        {
            CheckSuccession(outcome, before, after);
        }
    }

    private void CheckSuccession(ObservedOutcome outcome, ObservedReservation before, ObservedReservation after)
    {
        if (after.Version <= before.Version)
        {
            Report(FindingKind.VectorBroken, outcome, $"{after.Id}: version {after.Version} follows {before.Version}");
        }
        if (after.Consumed < before.Consumed || after.Returned < before.Returned || after.Released < before.Released
            || after.Expired < before.Expired || after.Preempted < before.Preempted)
        {
            Report(
                FindingKind.VectorBroken, outcome, $"{after.Id}: a final part shrinks: {Show(before)} → {Show(after)}");
        }
        if (before.IsGroupCommitted && !after.IsGroupCommitted)
        {
            Report(FindingKind.VectorBroken, outcome, $"{after.Id}: its group was committed, and is not any more");
        }
        var isDue = before.Held > 0 && before.ExpiresAtMs <= outcome.TimeMs;
        if (after.Expired > before.Expired && !isDue && !scarcity.MayExpireEarly(outcome))
        {
            Report(FindingKind.ExpiryBroken, outcome,
                $"{after.Id}: expires at {outcome.TimeMs}, before its time "
                + $"{before.ExpiresAtMs?.ToString() ?? "(never)"}");
        }
        else if (isDue && after.Expired == before.Expired && after.Held < before.Held)
        {
            Report(FindingKind.ExpiryBroken, outcome,
                $"{after.Id}: {outcome.Event} at {outcome.TimeMs} uses a hold that expired at {before.ExpiresAtMs}");
        }
    }

    private void CheckSums(ObservedOutcome outcome)
    {
        if (heldSum != outcome.After.Held || confirmedSum != outcome.After.Confirmed)
        {
            Report(FindingKind.ReservationSumMismatch, outcome,
                $"reservations hold {heldSum} and confirm {confirmedSum}; the balances say {outcome.After}");
            heldSum = outcome.After.Held;
            confirmedSum = outcome.After.Confirmed;
        }
    }

    private static string Show(ObservedReservation r) =>
        $"held {r.Held}, confirmed {r.Confirmed}, consumed {r.Consumed}, returned {r.Returned}, released {r.Released}, "
        + $"expired {r.Expired}, preempted {r.Preempted}";

    private void Report(FindingKind kind, ObservedOutcome outcome, string text) =>
        findings.Add(kind, poolId, outcome.At, text);
}

/// <summary>What a pool came to.</summary>
/// <param name="PoolId">The pool.</param>
/// <param name="OutcomeCount">Its outcomes.</param>
/// <param name="Sequence">Sequence of the last one.</param>
/// <param name="ReservationCount">Reservations that appeared in it.</param>
/// <param name="Balances">Its last balances.</param>
/// <param name="GrantCount">Outcomes that granted units.</param>
/// <param name="RejectionCount">Outcomes that refused a command.</param>
/// <param name="OversoldUnits">Units granted beyond what was free.</param>
internal sealed record PoolSummary(
    string PoolId, long OutcomeCount, long Sequence, int ReservationCount, Amounts Balances, long GrantCount,
    long RejectionCount, long OversoldUnits);

/// <summary>The few event, entry and reason names that the checker looks at.</summary>
internal static class Events
{
    public const string Held = "Held";
    public const string Rejected = "Rejected";
    public const string Confirmed = "Confirmed";
    public const string Released = "Released";
    public const string Expired = "Expired";
    public const string Consumed = "Consumed";
    public const string OrphanConsumed = "OrphanConsumed";
    public const string Returned = "Returned";
    public const string OverCommitted = "OverCommitted";
    public const string Promoted = "Promoted";
    public const string Preempted = "Preempted";
    public const string Amended = "Amended";
    public const string Imported = "Imported";
    public const string Reassigned = "Reassigned";
    public const string Repaired = "Repaired";
    public const string RepairAdjusted = "RepairAdjusted";
    public const string SupplyRebased = "SupplyRebased";
    public const string NoOp = "NoOp";
    public const string InsufficientAvailability = "InsufficientAvailability";
    public const string Malformed = "Malformed";
    public const string IdempotencyConflict = "IdempotencyConflict";
}
