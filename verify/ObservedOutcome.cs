namespace Alloc.Verify;

/// <summary>How an outcome answers its command.</summary>
internal enum AnswerKind
{
    /// <summary>The one decision on the command.</summary>
    Original,

    /// <summary>A repeat of a command that was decided before.</summary>
    Duplicate,

    /// <summary>Decided later: parked, or waiting for an approval.</summary>
    Provisional,

    /// <summary>A refusal that registers nothing: the same id with another body, malformed, misaddressed.</summary>
    Refusal,

    /// <summary>No answer: what a command or the time caused besides.</summary>
    Caused,
}

/// <summary>A record of the journal.</summary>
internal sealed record ObservedOutcome
{
    public required Position At { get; init; }

    public required string Key { get; init; }

    public required string PoolId { get; init; }

    /// <summary>The pool that the command named, where the outcome belongs to another: that of the partition.</summary>
    public string? RequestedPoolId { get; init; }

    /// <summary>The pool whose commands and reservations it is about.</summary>
    public string AboutPoolId => RequestedPoolId ?? PoolId;

    public required long Sequence { get; init; }

    /// <summary>The outcome's id: the pool and its sequence.</summary>
    public string OutcomeId => $"{PoolId}#{Sequence}";

    public required Position Source { get; init; }

    public required long TimeMs { get; init; }

    public required AnswerKind Answer { get; init; }

    /// <summary>The event's name: Held, Rejected, Expired, …</summary>
    public required string Event { get; init; }

    /// <summary>The command answered; null where <see cref="Answer"/> is <see cref="AnswerKind.Caused"/>.</summary>
    public string? CommandId { get; init; }

    /// <summary>Until when the command's id is remembered with this outcome; null: it is not.</summary>
    public long? RememberUntilMs { get; init; }

    /// <summary>
    /// Whether something else led to it than a command of its own: it does not answer the record in
    /// <see cref="Source"/>.
    /// </summary>
    public bool HasCause { get; init; }

    /// <summary>The outcome that a duplicate repeats.</summary>
    public string? DuplicateOf { get; init; }

    public IReadOnlyList<string> Reasons { get; init; } = [];

    public Amounts Before { get; init; }

    public Amounts After { get; init; }

    public IReadOnlyList<Posting> Postings { get; init; } = [];

    public IReadOnlyList<ObservedReservation> Reservations { get; init; } = [];

    /// <summary>What the outcome says it looked at: availability, quotas and preemption.</summary>
    public IReadOnlyList<ObservedStep> Steps { get; init; } = [];

    /// <summary>Policy that it was decided under.</summary>
    public int PolicyVersion { get; init; }

    /// <summary>Epoch of authority that it carries.</summary>
    public long Epoch { get; init; }

    /// <summary>The reservation that its event is about; null where it is about none, or several.</summary>
    public string? Subject { get; init; }

    /// <summary>Units that its event names: promoted, preempted, waited for; the deficit of OverCommitted.</summary>
    public long Quantity { get; init; }

    /// <summary>The reservation and the class in whose favour units were taken away.</summary>
    public (string ReservationId, string Class)? PreemptedBy { get; init; }

    /// <summary>Reservations that a split made.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>By how much the usage of scopes changes: open units, and consumed ones.</summary>
    public IReadOnlyList<ObservedCharge> Charges { get; init; } = [];

    /// <summary>Who asked; empty where nobody did.</summary>
    public string ActorId { get; init; } = "";

    /// <summary>Who approved a repair; null where the event is none.</summary>
    public string? Approver { get; init; }

    /// <summary>Who decides about a slice from now on; null where the event is no transfer.</summary>
    public ObservedTransfer? Transfer { get; init; }

    /// <summary>How a degraded mode was switched; null where the event is no switch.</summary>
    public ObservedSwitch? Switch { get; init; }

    /// <summary>What was applied of a source; null where the event is nothing of the kind.</summary>
    public ObservedSupply? Supply { get; init; }

    /// <summary>Consumptions and returns seen for the first time, and until when they are known.</summary>
    public IReadOnlyList<(string Id, long ForgetAtMs)> Effects { get; init; } = [];

    /// <summary>Whether units of the pool leave for good; null where the event does not say.</summary>
    public bool? IsStock { get; init; }

    /// <summary>The policy that was taken or came into force; null where the event is no such thing.</summary>
    public ObservedPolicy? Policy { get; init; }

    /// <summary>Cool-downs that begin: what pauses, and until when.</summary>
    public IReadOnlyList<(string Id, long EndsAtMs)> Cooldowns { get; init; } = [];
}

/// <summary>A delta or a snapshot that was applied.</summary>
/// <param name="Source">Whose.</param>
/// <param name="Sequence">The delta's sequence.</param>
/// <param name="Version">The snapshot's version.</param>
/// <param name="Through">The sequence that the snapshot covers; null for a stock-take of all that is known.</param>
internal sealed record ObservedSupply(string Source, long? Sequence, long? Version, long? Through);

/// <summary>A policy of a partition.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Hash">Of its content.</param>
/// <param name="EffectiveAtMs">From when it acts.</param>
internal sealed record ObservedPolicy(int Version, string Hash, long EffectiveAtMs)
{
    /// <summary>What falls due for one record at most, where no policy says otherwise.</summary>
    public const int ShippedTimersPerRecord = 1_000;

    /// <summary>How much that falls due happens for one record; the rest happens before the next.</summary>
    public int TimersPerRecord { get; init; } = ShippedTimersPerRecord;

    /// <summary>The document as it was taken.</summary>
    public string Document { get; init; } = "";

    public string Show() => $"version {Version}, hash {Hash[..Math.Min(12, Hash.Length)]}, from {EffectiveAtMs}";
}

/// <summary>How a degraded mode was switched.</summary>
/// <param name="Mode">Its name in the policy.</param>
/// <param name="On">Whether it is on.</param>
/// <param name="CapMs">Its bound; null: that of its row.</param>
/// <param name="Pools">Patterns of the pools that it acts on; none: all of its rows.</param>
/// <param name="Classes">The classes that it acts on; none: all of its rows.</param>
internal sealed record ObservedSwitch(
    string Mode, bool On, long? CapMs, IReadOnlyList<string> Pools, IReadOnlyList<string> Classes);

/// <summary>Who decides about the pools of a slice.</summary>
/// <param name="Slice">A pool, or a prefix that ends in an asterisk.</param>
/// <param name="Mode">The mode's name.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="TimeMs">Since when, on the partition's clock.</param>
internal sealed record ObservedTransfer(string Slice, string Mode, string Owner, long Epoch, long TimeMs = 0)
{
    public string Show() => $"{Mode}, owner {Owner}, epoch {Epoch}";
}

/// <summary>A change of the usage of a scope.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Open">Units held or confirmed.</param>
/// <param name="Consumed">Units used up and not returned.</param>
internal readonly record struct ObservedCharge(string Scope, long Open, long Consumed);

/// <summary>A rule that a decision looked at, with the numbers it gave.</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Row">The row of the policy.</param>
/// <param name="HasPassed">Whether it let the command pass.</param>
/// <param name="Numbers">The numbers by their names.</param>
internal sealed record ObservedStep(
    string Rule, string Row, bool HasPassed, IReadOnlyDictionary<string, long> Numbers)
{
    /// <summary>A number; null where the step does not give it.</summary>
    public long? this[string name] => Numbers.TryGetValue(name, out var value) ? value : null;
}

/// <summary>A reservation as an outcome leaves it.</summary>
internal sealed record ObservedReservation
{
    public required string Id { get; init; }

    public long Held { get; init; }

    public long Confirmed { get; init; }

    public long Consumed { get; init; }

    public long Returned { get; init; }

    public long Released { get; init; }

    public long Expired { get; init; }

    public long Preempted { get; init; }

    public long Granted { get; init; }

    public long Version { get; init; }

    /// <summary>Units that it waits for.</summary>
    public long Waiting { get; init; }

    /// <summary>Its place in line: the order key, then the tie.</summary>
    public (long OrderMs, long Tie) Place { get; init; }

    /// <summary>Whether its group is past its point of no return.</summary>
    public bool IsGroupCommitted { get; init; }

    public string Class { get; init; } = "";

    /// <summary>What quotas count it by: <c>class/web</c>, <c>dealer/seven</c>, …</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>When what is held expires, on the log's clock; null when it does not.</summary>
    public long? ExpiresAtMs { get; init; }

    /// <summary>From when on the reservation counts as unknown; null when it is kept.</summary>
    public long? ForgetAtMs { get; init; }
}
