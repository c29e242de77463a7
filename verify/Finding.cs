namespace Alloc.Verify;

/// <summary>What can be wrong with a history. The names are stable: scripts read them.</summary>
internal enum FindingKind
{
    /// <summary>A command that lies before the committed offset and has no answer.</summary>
    LostCommand,

    /// <summary>More than one original outcome for one command, or two answers to one record.</summary>
    DoubledOutcome,

    /// <summary>An outcome whose command does not exist, or whose source is not that command's record.</summary>
    OrphanOutcome,

    /// <summary>A duplicate that repeats no original outcome, or moves something.</summary>
    BadDuplicate,

    /// <summary>The pool's sequence does not go 1, 2, 3, … in log order.</summary>
    SequenceBroken,

    /// <summary>The record's key is not the pool, or the pool lives in another partition.</summary>
    WrongIdentity,

    /// <summary>The entries of an outcome do not sum to zero.</summary>
    EntriesUnbalanced,

    /// <summary>The balances before or after an outcome are not the fold of the entries.</summary>
    BalanceMismatch,

    /// <summary>An account that cannot be negative is.</summary>
    NegativeBalance,

    /// <summary>A grant of more than was free.</summary>
    Oversold,

    /// <summary>A rejection for lack of availability although enough was free.</summary>
    UnjustRejection,

    /// <summary>An outcome that does not do what its command asked.</summary>
    WrongEffect,

    /// <summary>
    /// A reservation's vector does not add up, shrinks where it must not, or its version does not grow.
    /// </summary>
    VectorBroken,

    /// <summary>HELD or CONFIRMED is not the sum over the reservations.</summary>
    ReservationSumMismatch,

    /// <summary>A hold that expired before its time, or was used or left standing after it.</summary>
    ExpiryBroken,

    /// <summary>The log's clock went back.</summary>
    ClockWentBack,

    /// <summary>A source offset went back, or names another partition.</summary>
    SourceWentBack,

    /// <summary>A visible outcome of a command that is not committed as read.</summary>
    OutcomeBeforeCommit,

    /// <summary>A read-committed reader saw what no log holds, or other bytes than a read-uncommitted one.</summary>
    AbortedDataSeen,

    /// <summary>The availability topic does not end with the pool's last balances, or went back.</summary>
    AvailabilityStale,

    /// <summary>A dead letter without origin or reason, or of a record that was decided as well.</summary>
    BadDeadLetter,

    /// <summary>A record that cannot be read with its schema.</summary>
    Unreadable,

    /// <summary>The numbers that a decision gives for itself contradict each other or the balances.</summary>
    TraceBroken,

    /// <summary>A grant while more was promised than there is.</summary>
    GrantInDeficit,

    /// <summary>A deficit that is not published, published twice, or greater than what is missing.</summary>
    DeficitUnpublished,

    /// <summary>What scopes are charged is not what their reservations changed by.</summary>
    ChargeMismatch,

    /// <summary>A usage below zero, or a grant beyond the limit that the decision names.</summary>
    QuotaBroken,

    /// <summary>A promotion of somebody who did not wait for that, or past somebody who came first.</summary>
    WaiterBroken,

    /// <summary>Units taken away for nobody, from the wrong one, or not as the event says.</summary>
    PreemptionBroken,

    /// <summary>A class preempted before its cool-down was over.</summary>
    CooldownBroken,

    /// <summary>Confirmed units taken back by an operator without another one's approval.</summary>
    ApprovalMissing,

    /// <summary>A decision under an older policy than one before it.</summary>
    PolicyWentBack,

    /// <summary>An outcome that carries a lower epoch than one of its pool before it.</summary>
    EpochWentBack,

    /// <summary>A decision under another epoch than its slice has in this partition.</summary>
    WrongEpoch,

    /// <summary>Units granted about whose pool somebody else decides.</summary>
    NotAuthoritative,

    /// <summary>A transfer of authority that some partitions have and others do not.</summary>
    TransferIncomplete,

    /// <summary>A fact about supply, a consumption or a return that counts a second time.</summary>
    SupplyCountedTwice,

    /// <summary>Two policies of one version, or a decision under one that is not in force.</summary>
    PolicyConflict,

    /// <summary>A repair that touches what is promised.</summary>
    RepairBroken,

    /// <summary>
    /// A malformed or misaddressed command that is registered, or a decision on a command that is not.
    /// </summary>
    RegistrationBroken,

    /// <summary>Units granted that a degraded mode forbids, or held for longer than it allows.</summary>
    ModeBroken,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="PoolId">The pool, or empty where it is no single pool's.</param>
/// <param name="At">The record that shows it.</param>
/// <param name="Text">In words and numbers.</param>
internal sealed record Finding(FindingKind Kind, string PoolId, Position At, string Text);

/// <summary>Collects findings: counts all, keeps the first few of each kind.</summary>
internal sealed class Findings
{
    private const int KeptPerKind = 20;
    private readonly List<Finding> kept = [];
    private readonly Dictionary<FindingKind, long> counts = [];
    private readonly Dictionary<string, long> perPool = new(StringComparer.Ordinal);

    /// <summary>How many were found in all.</summary>
    public long Count { get; private set; }

    /// <summary>The first few of each kind.</summary>
    public IReadOnlyList<Finding> Kept => kept;

    /// <summary>How many of each kind.</summary>
    public IReadOnlyDictionary<FindingKind, long> Counts => counts;

    /// <summary>How many concern this pool.</summary>
    public long CountOf(string poolId) => perPool.GetValueOrDefault(poolId);

    public void Add(FindingKind kind, string poolId, Position at, string text)
    {
        Count++;
        perPool[poolId] = perPool.GetValueOrDefault(poolId) + 1;
        if ((counts[kind] = counts.GetValueOrDefault(kind) + 1) <= KeptPerKind)
        {
            kept.Add(new Finding(kind, poolId, at, text));
        }
    }
}
