namespace Alloc.Cli.Verify;

/// <summary>
/// Checks one partition: the journal in log order against the commands it came from. Commands are pulled as far as the
/// journal's source offsets have come, so that neither has to fit in memory.
/// </summary>
internal sealed class PartitionChecker
{
    private readonly int partition;
    private readonly Findings findings;
    private readonly PartitionFacts facts;
    private readonly Dictionary<string, SourceCursor> sources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PoolModel> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<UInt128, DecidedCommand> decided = [];
    private readonly Dictionary<UInt128, ObservedCommand> parked = [];
    private readonly AuthorityCheck authority;
    private readonly PolicyCheck policies;
    private readonly PriorityQueue<(string PoolId, string ReservationId), long> expiries = new();
    private long clockMs = long.MinValue;
    private Position firing;
    private int firedCount;

    public PartitionChecker(int partition, PartitionFacts facts, Findings findings)
    {
        this.partition = partition;
        this.facts = facts;
        this.findings = findings;
        authority = new AuthorityCheck(findings, facts.IsShadow);
        policies = new PolicyCheck(findings);
        foreach (var (topic, next) in facts.Commands)
        {
            sources[topic] = new SourceCursor(next);
        }
    }

    public IReadOnlyCollection<PoolModel> Pools => pools.Values;

    public PartitionCounts Counts { get; } = new();

    /// <summary>What transfers came to; known only where the journal begins at its first record.</summary>
    public PartitionAuthority Authority(bool hasMovedOn) => new(partition, authority.Slices, clockMs, hasMovedOn);

    /// <summary>The policies taken; known only where the journal begins at its first record.</summary>
    public IReadOnlyDictionary<int, ObservedPolicy> Policies => policies.Taken;

    /// <summary>Checks the next outcome of the journal.</summary>
    public void Observe(ObservedOutcome outcome)
    {
        Counts.Outcomes++;
        Counts.CountEvent(outcome.Event);
        CheckClock(outcome);
        var command = Advance(outcome);
        var pool = PoolOf(outcome.PoolId);
        if (outcome.Answer != AnswerKind.Caused)
        {
            CheckAnswer(outcome, command);
            if (AnsweredCommand(outcome, command) is { } answered)
            {
                EffectCheck.Check(answered, outcome, pool, findings);
                CheckApproval(answered, command, outcome, pool);
                pool.CheckExpected(answered, outcome);
            }
        }
        if (facts.JournalStartsAtFirst)
        {
            authority.Check(outcome);
            policies.Check(outcome);
        }
        CheckOverdue(outcome, isDirect: command is not null && command.CommandId == outcome.CommandId);
        pool.Apply(outcome);
        foreach (var reservation in outcome.Reservations)
        {
            if (reservation is { Held: > 0, ExpiresAtMs: { } expiresAt })
            {
                expiries.Enqueue((outcome.PoolId, reservation.Id), expiresAt);
            }
        }
    }

    /// <summary>Checks what is left once the journal was read to its end.</summary>
    public void Complete()
    {
        foreach (var (topic, cursor) in sources)
        {
            CloseRecord(topic, cursor);
            while (cursor.Read() is { } command)
            {
                Counts.Commands++;
                if (command.At.Offset < facts.CommittedBefore(topic))
                {
                    CheckUnanswered(command);
                }
                else
                {
                    Counts.Undecided++;
                }
            }
        }
        foreach (var pool in pools.Values)
        {
            pool.Complete();
        }
        Counts.Parked = parked.Count;
        Counts.PoolsWithHolds = pools.Values.Sum(p => p.Balances.Held > 0 ? 1 : 0);
    }

    /// <summary>Compares the availability topic's last record of each pool with the journal's last balances.</summary>
    /// <param name="last">The last availability of each pool, read after the journal was.</param>
    /// <param name="journalMovedOn">Whether outcomes were appended since: availability ahead of what was read is no
    /// fault then.</param>
    public void CheckAvailability(IReadOnlyDictionary<string, ObservedAvailability> last, bool journalMovedOn = false)
    {
        foreach (var pool in pools.Values.Where(p => !p.PoolId.StartsWith('$')))
        {
            if (!last.TryGetValue(pool.PoolId, out var seen))
            {
                if (pool.LastMoveSequence > 0)
                {
                    findings.Add(FindingKind.AvailabilityStale, pool.PoolId, default,
                        "the pool is missing in the availability topic");
                }
            }
            else if (!(journalMovedOn && seen.Sequence > pool.Sequence)
                && (seen.Balances != pool.Balances || seen.Sequence < pool.LastMoveSequence
                    || seen.Sequence > pool.Sequence))
            {
                // What moves nothing (a rejection, a repeat) need not be published.
                findings.Add(FindingKind.AvailabilityStale, pool.PoolId, seen.At,
                    $"says {seen.Balances} at sequence {seen.Sequence}; the journal ends with {pool.Balances} at "
                    + $"{pool.Sequence}");
            }
        }
        foreach (var seen in last.Values.Where(a => !journalMovedOn && !pools.ContainsKey(a.PoolId)))
        {
            findings.Add(FindingKind.AvailabilityStale, seen.PoolId, seen.At, "the journal does not know this pool");
        }
    }

    private void CheckClock(ObservedOutcome outcome)
    {
        if (outcome.TimeMs < clockMs)
        {
            findings.Add(
                FindingKind.ClockWentBack, outcome.PoolId, outcome.At, $"time {outcome.TimeMs} follows {clockMs}");
        }
        clockMs = Math.Max(clockMs, outcome.TimeMs);
    }

    /// <summary>Pulls commands up to the outcome's source and returns the source's record, if there is one.</summary>
    private ObservedCommand? Advance(ObservedOutcome outcome)
    {
        if (!sources.TryGetValue(outcome.Source.Topic, out var cursor) || outcome.Source.Partition != partition)
        {
            findings.Add(FindingKind.SourceWentBack, outcome.PoolId, outcome.At,
                $"came from {outcome.Source}, another partition or topic");
            return null;
        }
        if (outcome.Source != firing)
        {
            firing = outcome.Source;
            firedCount = 0;
        }
        if (cursor.Current is not null && outcome.Source.Offset < cursor.Current.At.Offset)
        {
            findings.Add(FindingKind.SourceWentBack, outcome.PoolId, outcome.At,
                $"came from {outcome.Source}; the outcome before it came from {cursor.Current.At}");
            return null;
        }
        while (cursor.Current is null || cursor.Current.At.Offset < outcome.Source.Offset)
        {
            CloseRecord(outcome.Source.Topic, cursor);
            if (cursor.Read() is null)
            {
                break;
            }
            Counts.Commands++;
        }
        if (cursor.Current?.At.Offset != outcome.Source.Offset)
        {
            // Where the command topic's retention has removed the record, nothing can be said about it.
            if (outcome.Source.Offset >= facts.FirstOffset(outcome.Source.Topic))
            {
                findings.Add(FindingKind.OrphanOutcome, outcome.PoolId, outcome.At,
                    $"its source {outcome.Source} does not exist");
            }
            return null;
        }
        if (IsBeyondCommit(outcome))
        {
            findings.Add(FindingKind.OutcomeBeforeCommit, outcome.PoolId, outcome.At,
                $"is visible, but its source {outcome.Source} is not committed (next is "
                + $"{facts.CommittedAfter(outcome.Source.Topic)})");
        }
        return cursor.Current;
    }

    /// <summary>
    /// What a record causes before it is decided may be committed on its own, with the record's own offset; its answer
    /// may not.
    /// </summary>
    private bool IsBeyondCommit(ObservedOutcome outcome)
    {
        if (facts.IsShadow)
        {
            return false;
        }
        var committed = facts.CommittedAfter(outcome.Source.Topic);
        return outcome.Answer == AnswerKind.Caused
            ? outcome.Source.Offset > committed
            : outcome.Source.Offset >= committed;
    }

    private void CloseRecord(string topic, SourceCursor cursor)
    {
        if (cursor.Current is { } command && !cursor.IsAnswered && command.At.Offset < facts.CommittedBefore(topic))
        {
            CheckUnanswered(command);
        }
    }

    private void CheckUnanswered(ObservedCommand command)
    {
        var isDead = facts.DeadLetters.ContainsKey(command.At);
        if (!isDead && command.Ask != Ask.Tick)
        {
            findings.Add(FindingKind.LostCommand, command.PoolId, command.At,
                command.IsReadable ? $"command '{command.CommandId}' was read and left no outcome"
                    : "an unreadable record left no dead letter");
        }
    }

    private void CheckAnswer(ObservedOutcome outcome, ObservedCommand? command)
    {
        var id = Fingerprint.Of(outcome.PoolId, outcome.CommandId ?? "");
        var isDirect = command is not null && command.CommandId == outcome.CommandId;
        if (isDirect)
        {
            var cursor = sources[outcome.Source.Topic];
            if (cursor.IsAnswered)
            {
                findings.Add(FindingKind.DoubledOutcome, outcome.PoolId, outcome.At,
                    $"command '{outcome.CommandId}' of {outcome.Source} is answered a second time");
            }
            cursor.IsAnswered = true;
            if (facts.DeadLetters.TryGetValue(command!.At, out var letter))
            {
                findings.Add(FindingKind.BadDeadLetter, outcome.PoolId, letter.At, $"{command.At} was decided as well");
            }
        }
        switch (outcome.Answer)
        {
            case AnswerKind.Original:
                Counts.Originals++;
                if (!isDirect && !parked.ContainsKey(id))
                {
                    findings.Add(FindingKind.OrphanOutcome, outcome.PoolId, outcome.At,
                        $"decides command '{outcome.CommandId}', which its source {outcome.Source} does not carry");
                }
                if (!decided.TryAdd(id, new DecidedCommand(Fingerprint.Of(outcome.OutcomeId), outcome.Event)))
                {
                    findings.Add(FindingKind.DoubledOutcome, outcome.PoolId, outcome.At,
                        $"command '{outcome.CommandId}' has a second original outcome");
                }
                break;
            case AnswerKind.Duplicate:
                Counts.Duplicates++;
                CheckDuplicate(outcome, id);
                break;
            case AnswerKind.Provisional when isDirect:
                parked.TryAdd(id, command!);
                break;
        }
    }

    private void CheckDuplicate(ObservedOutcome outcome, UInt128 id)
    {
        if (!decided.TryGetValue(id, out var original))
        {
            if (!parked.ContainsKey(id))
            {
                findings.Add(FindingKind.BadDuplicate, outcome.PoolId, outcome.At,
                    $"command '{outcome.CommandId}' was never decided before");
            }
        }
        else if (Fingerprint.Of(outcome.DuplicateOf ?? "") != original.OutcomeId || outcome.Event != original.Event)
        {
            findings.Add(FindingKind.BadDuplicate, outcome.PoolId, outcome.At,
                $"answers {outcome.Event} as a repeat of '{outcome.DuplicateOf}', not what the original said "
                + $"({original.Event})");
        }
    }

    /// <summary>The command that an original outcome decides: its source's, or one that was parked before.</summary>
    private ObservedCommand? AnsweredCommand(ObservedOutcome outcome, ObservedCommand? source)
    {
        if (outcome.Answer == AnswerKind.Original
            && parked.Remove(Fingerprint.Of(outcome.PoolId, outcome.CommandId ?? ""), out var waited))
        {
            return waited;
        }
        return source?.CommandId == outcome.CommandId ? source : null;
    }

    /// <summary>An operator takes confirmed units back only with the approval of another actor.</summary>
    private void CheckApproval(
        ObservedCommand asked, ObservedCommand? source, ObservedOutcome outcome, PoolModel pool)
    {
        if (asked.Ask != Ask.ForceRelease || outcome.Answer != AnswerKind.Original || asked.Lines.Count != 1)
        {
            return;
        }
        var id = asked.Lines[0].ReservationId;
        var before = pool.Find(id, outcome.TimeMs)?.Confirmed ?? 0;
        var taken = before - (outcome.Reservations.FirstOrDefault(r => r.Id == id)?.Confirmed ?? before);
        if (taken > 0 && (source is not { Ask: Ask.Approve } || source.Approves != asked.CommandId
            || source.Actor == asked.Actor))
        {
            findings.Add(FindingKind.ApprovalMissing, outcome.PoolId, outcome.At,
                $"command '{asked.CommandId}' of {asked.Actor} takes back {taken} confirmed units of {id}; "
                + (source is { Ask: Ask.Approve } ? $"approved by {source.Actor}" : "nobody approved it"));
        }
    }

    /// <summary>
    /// Whatever is due by the log's clock comes before the record that brings the clock there. A parked command whose
    /// time is over is decided among what is due: others may come after it.
    /// </summary>
    private void CheckOverdue(ObservedOutcome outcome, bool isDirect)
    {
        if (!isDirect)
        {
            firedCount++;
            return;
        }
        if (firedCount >= facts.MaximumFiredPerRecord)
        {
            return;
        }
        while (expiries.TryPeek(out var due, out var dueAt) && dueAt <= outcome.TimeMs)
        {
            var hold = pools[due.PoolId].Find(due.ReservationId, long.MinValue);
            expiries.Dequeue();
            if (hold is { Held: > 0 } && hold.ExpiresAtMs <= outcome.TimeMs)
            {
                findings.Add(FindingKind.ExpiryBroken, due.PoolId, outcome.At,
                    $"{due.ReservationId} still holds {hold.Held} at {outcome.TimeMs}; it expired at "
                    + $"{hold.ExpiresAtMs}");
            }
        }
    }

    private PoolModel PoolOf(string poolId)
    {
        if (!pools.TryGetValue(poolId, out var pool))
        {
            pools[poolId] = pool = new PoolModel(poolId, findings, facts.JournalStartsAtFirst);
        }
        return pool;
    }

    private readonly record struct DecidedCommand(UInt128 OutcomeId, string Event);

    private sealed class SourceCursor(Func<ObservedCommand?> next)
    {
        public ObservedCommand? Current { get; private set; }

        public bool IsAnswered { get; set; }

        public ObservedCommand? Read()
        {
            IsAnswered = false;
            return Current = next();
        }
    }
}
