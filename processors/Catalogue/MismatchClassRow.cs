namespace Alloc.Processors.Catalogue;

/// <summary>What kind of difference two records of one truth have.</summary>
public enum MismatchClass
{
    /// <summary>Somebody else decides about a slice, too.</summary>
    DualWriter,

    /// <summary>A hold is past its expiry and still held.</summary>
    ExpiryNotReleased,

    /// <summary>A payment stands and what it pays for is not reserved.</summary>
    PaidWithoutReservation,

    /// <summary>Two sources of supply contradict each other.</summary>
    SupplyConflict,

    /// <summary>An order is dead and its hold lives.</summary>
    ZombieHold,

    /// <summary>An order is dead and its units are confirmed.</summary>
    ConfirmedForDeadOrder,

    /// <summary>Units are confirmed and no order is known.</summary>
    ReservationWithoutOrder,

    /// <summary>An order expects a reservation that is not there.</summary>
    OrderWithoutReservation,

    /// <summary>An order and its reservations name different quantities.</summary>
    QuantityMismatch,

    /// <summary>The ledger's supply and a snapshot of a stock system differ.</summary>
    QuantityDrift,

    /// <summary>Goods left and the ledger consumed nothing.</summary>
    ConfirmedNotConsumed,

    /// <summary>The ledger consumed and no goods left.</summary>
    OrphanConsume,

    /// <summary>A return on one side only.</summary>
    OrphanReturn,

    /// <summary>A service acted twice on one event.</summary>
    DuplicateEffect,

    /// <summary>Facts of a source of supply are missing.</summary>
    SupplyGap,

    /// <summary>A payment's authorisation ended before the goods were due.</summary>
    AuthorizationExpired,

    /// <summary>A command has neither an outcome nor a dead letter.</summary>
    UnansweredCommand,

    /// <summary>A service did not confirm an event in time.</summary>
    MissedEvent,

    /// <summary>A read model differs from the ledger at the same sequence.</summary>
    ProjectionDrift,
}

/// <summary>Who is told of a mismatch, and how loudly.</summary>
public enum MismatchSeverity
{
    /// <summary>Somebody is woken.</summary>
    Page,

    /// <summary>Somebody looks at it in working hours.</summary>
    Ticket,
}

/// <summary>What is done about a class of mismatches.</summary>
/// <param name="Class">The class.</param>
/// <param name="Tolerance">
/// How long the difference may stand; null: another row or the policy says so (an effect's or a stage's SLA, the
/// policy's drift), or not at all.
/// </param>
/// <param name="Severity">How loudly it is told.</param>
/// <param name="Owner">Who owns it.</param>
/// <param name="Runbook">What to do about it: a URL, or a path from the root of the repository.</param>
/// <param name="Repair">Whether the safe repair is done without asking; else a person approves it.</param>
/// <param name="RepairCap">Most repairs of a run.</param>
public sealed record MismatchClassRow(
    MismatchClass Class, TimeSpan? Tolerance, MismatchSeverity Severity, string Owner, string Runbook, bool Repair,
    int RepairCap)
{
    /// <summary>
    /// The tolerance follows the measured lag, and <see cref="Tolerance"/> counts while too little was measured; null:
    /// it is fixed.
    /// </summary>
    public LagFollowing? Follows { get; init; }
}
