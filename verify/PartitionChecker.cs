namespace Alloc.Verify;

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
    private readonly AuthorityCheck authority;
    private readonly PolicyCheck policies;
    private readonly ModeCheck modes;
    private readonly AnswerCheck answers;
    private readonly OverdueCheck overdue;
    private long clockMs = long.MinValue;
    private int policyVersion;

    public PartitionChecker(int partition, PartitionFacts facts, Findings findings)
    {
        this.partition = partition;
        this.facts = facts;
        this.findings = findings;
        authority = new AuthorityCheck(findings, facts.IsShadow);
        policies = new PolicyCheck(findings);
        modes = new ModeCheck(findings, policies);
        answers = new AnswerCheck(findings, facts, Counts);
        overdue = new OverdueCheck(findings);
        foreach (var (topic, next) in facts.Commands)
        {
            sources[topic] = new SourceCursor(next);
        }
    }

    /// <summary>The pools that have outcomes, and what they came to.</summary>
    public IEnumerable<PoolSummary> Pools => pools.Values.Where(p => p.OutcomeCount > 0).Select(p => p.Summary());

    public PartitionCounts Counts { get; } = new();

    /// <summary>What transfers came to; known only where the journal begins at its first record.</summary>
    public PartitionAuthority Authority(bool hasMovedOn) => new(
        partition, authority.Slices, clockMs, hasMovedOn, Counts.Undecided);

    /// <summary>The policies taken; known only where the journal begins at its first record.</summary>
    public IReadOnlyDictionary<int, ObservedPolicy> Policies => policies.Taken;

    /// <summary>Checks the next outcome of the journal.</summary>
    public void Observe(ObservedOutcome outcome)
    {
        Counts.Outcomes++;
        Counts.CountEvent(outcome.Event);
        CheckClock(outcome);
        var (source, isGone) = Advance(outcome);
        var pool = PoolOf(outcome.PoolId);
        var about = AboutOf(outcome, pool);
        var isDirect = !outcome.HasCause && outcome.CommandId is not null
            && (isGone || source?.CommandId == outcome.CommandId);
        if (outcome.Answer != AnswerKind.Caused)
        {
            var command = isDirect ? source : null;
            CloseSource(outcome, command);
            answers.Check(outcome, command, isDirect, command is not null && IsMisplaced(command));
            if (answers.Answered(outcome, command) is { } answered)
            {
                EffectCheck.Check(answered, outcome, about, findings);
                CheckApproval(answered, source, outcome, about);
                about.CheckExpected(answered, outcome);
            }
        }
        if (facts.JournalStartsAtFirst)
        {
            authority.Check(outcome);
            policies.Check(outcome);
            modes.Check(outcome);
        }
        overdue.Check(
            outcome, isDirect, Math.Min(policies.TimersPerRecord(policyVersion),
                policies.TimersPerRecord(outcome.PolicyVersion)));
        policyVersion = outcome.PolicyVersion;
        pool.Apply(outcome, about);
        overdue.Note(about, outcome);
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
                else if (command.Ask != Ask.Tick)
                {
                    Counts.Undecided++;
                }
            }
        }
        foreach (var pool in pools.Values)
        {
            pool.Complete();
        }
        Counts.Parked = answers.WaitingCount;
    }

    /// <summary>Compares the availability topic's last record of each pool with the journal's last balances.</summary>
    /// <param name="last">The last availability of each pool, read after the journal was.</param>
    /// <param name="journalMovedOn">Whether outcomes were appended since: availability ahead of what was read is no
    /// fault then.</param>
    public void CheckAvailability(IReadOnlyDictionary<string, ObservedAvailability> last, bool journalMovedOn = false)
    {
        foreach (var pool in pools.Values.Where(p => p.OutcomeCount > 0 && !p.PoolId.StartsWith('$')))
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
        var mayBeElsewhere = journalMovedOn || !facts.JournalStartsAtFirst;
        foreach (var seen in last.Values.Where(
            a => !mayBeElsewhere && pools.GetValueOrDefault(a.PoolId) is not { OutcomeCount: > 0 }))
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

    /// <summary>
    /// Pulls commands up to the outcome's source and returns the source's record, if there is one, and whether the log
    /// has removed it by its retention: nothing can be said about it then.
    /// </summary>
    private (ObservedCommand? Source, bool IsGone) Advance(ObservedOutcome outcome)
    {
        if (!sources.TryGetValue(outcome.Source.Topic, out var cursor) || outcome.Source.Partition != partition)
        {
            findings.Add(FindingKind.SourceWentBack, outcome.PoolId, outcome.At,
                $"came from {outcome.Source}, another partition or topic");
            return default;
        }
        if (!facts.JournalStartsAtFirst && cursor.Current is null)
        {
            // The answers to what comes before may lie before the journal begins.
            cursor.LastUnknown = outcome.Source.Offset;
        }
        if (cursor.Current is not null && outcome.Source.Offset < cursor.Current.At.Offset)
        {
            findings.Add(FindingKind.SourceWentBack, outcome.PoolId, outcome.At,
                $"came from {outcome.Source}; the outcome before it came from {cursor.Current.At}");
            return default;
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
            if (outcome.Source.Offset < facts.FirstOffset(outcome.Source.Topic))
            {
                return (null, IsGone: true);
            }
            findings.Add(FindingKind.OrphanOutcome, outcome.PoolId, outcome.At,
                $"its source {outcome.Source} does not exist");
            return default;
        }
        if (IsBeyondCommit(outcome))
        {
            findings.Add(FindingKind.OutcomeBeforeCommit, outcome.PoolId, outcome.At,
                $"is visible, but its source {outcome.Source} is not committed (next is "
                + $"{facts.CommittedAfter(outcome.Source.Topic)})");
        }
        return (cursor.Current, IsGone: false);
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
        if (cursor.Current is { } command && !cursor.IsAnswered && command.At.Offset < facts.CommittedBefore(topic)
            && command.At.Offset > cursor.LastUnknown)
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

    /// <summary>A record is answered once, and not put aside as well.</summary>
    private void CloseSource(ObservedOutcome outcome, ObservedCommand? command)
    {
        if (command is null)
        {
            return;
        }
        var cursor = sources[outcome.Source.Topic];
        if (cursor.IsAnswered)
        {
            findings.Add(FindingKind.DoubledOutcome, outcome.PoolId, outcome.At,
                $"command '{outcome.CommandId}' of {outcome.Source} is answered a second time");
        }
        cursor.IsAnswered = true;
        if (facts.DeadLetters.TryGetValue(command.At, out var letter))
        {
            findings.Add(FindingKind.BadDeadLetter, outcome.PoolId, letter.At, $"{command.At} was decided as well");
        }
    }

    /// <summary>A pool that a partition has already stays there, wherever its key belongs by now.</summary>
    private bool IsMisplaced(ObservedCommand command) => command.Misplaced switch
    {
        Misplacement.Key => true,
        Misplacement.Partition => facts.JournalStartsAtFirst
            && pools.GetValueOrDefault(command.PoolId) is not { OutcomeCount: > 0 },
        _ => false,
    };

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

    // A pool that nobody made has no outcomes of its own, but tombstones.
    private PoolModel AboutOf(ObservedOutcome outcome, PoolModel pool) => outcome.RequestedPoolId is not { } requested
        ? pool
        : outcome.Reservations.Count > 0 ? PoolOf(requested) : pools.GetValueOrDefault(requested) ?? pool;

    private PoolModel PoolOf(string poolId)
    {
        if (!pools.TryGetValue(poolId, out var pool))
        {
            pools[poolId] = pool = new PoolModel(poolId, findings, facts.JournalStartsAtFirst);
        }
        return pool;
    }

    private sealed class SourceCursor(Func<ObservedCommand?> next)
    {
        public ObservedCommand? Current { get; private set; }

        public bool IsAnswered { get; set; }

        /// <summary>The last offset of which it cannot be known whether it was answered.</summary>
        public long LastUnknown { get; set; } = -1;

        public ObservedCommand? Read()
        {
            IsAnswered = false;
            return Current = next();
        }
    }
}
