using System.Globalization;
using Alloc.Processors.Records;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>What a difference offers as its repair.</summary>
/// <param name="Facts">What is needed to repair it; null: no rule does.</param>
/// <param name="NoRepairWhy">Why none does.</param>
/// <param name="Choices">Commands that a person may choose from.</param>
internal sealed record RepairOffer(RepairFacts? Facts, string NoRepairWhy, IReadOnlyList<string> Choices)
{
    private const string NoRule = "no rule repairs it";

    /// <summary>The repair as people see it; null: there is none.</summary>
    public ProposedRepair? Shown => Repairs.Shown(Facts);

    /// <summary>What is offered, if it can be done at all.</summary>
    /// <param name="said">The difference.</param>
    /// <param name="poolPartitions">Partitions of the ledger.</param>
    public static RepairOffer Of(Difference said, int poolPartitions)
    {
        var why = said.NoRepairWhy.Length > 0 ? said.NoRepairWhy : NoRule;
        if (said.Repair is not { Kind: not RepairKind.Unknown } facts)
        {
            return new RepairOffer(null, why, said.Choices);
        }
        return Repairs.Fault(facts, poolPartitions) is { } fault
            ? new RepairOffer(null, $"its repair {facts.Kind} cannot be sent: {fault}", said.Choices)
            : new RepairOffer(facts, "", said.Choices);
    }
}

/// <summary>The kinds of repair: who must want them, what they need, and what they would do in words.</summary>
internal static class Repairs
{
    /// <summary>Whether another person than the one who asks must approve: it takes from somebody, or stops a pool.
    /// </summary>
    public static bool NeedsSecondApprover(RepairKind kind) =>
        kind is RepairKind.ForceRelease or RepairKind.AcceptSnapshot or RepairKind.Freeze;

    /// <summary>A repair as people see it; null: there is none.</summary>
    public static ProposedRepair? Shown(RepairFacts? facts) => facts is null ? null : new ProposedRepair
    {
        Kind = facts.Kind,
        Summary = SummaryOf(facts),
        NeedsSecondApprover = NeedsSecondApprover(facts.Kind),
    };

    /// <summary>Whether both say the same, payloads included.</summary>
    public static bool AreSame(RepairFacts? one, RepairFacts? other)
    {
        if (one is null || other is null)
        {
            return one is null && other is null;
        }
        return one with { Payload = null } == other with { Payload = null }
            && one.Payload is null == other.Payload is null
            && one.Payload.GetValueOrDefault().Span.SequenceEqual(other.Payload.GetValueOrDefault().Span);
    }

    /// <summary>What the facts lack for a repair of their kind; null: nothing.</summary>
    /// <param name="facts">The facts.</param>
    /// <param name="poolPartitions">Partitions of the ledger.</param>
    public static string? Fault(RepairFacts facts, int poolPartitions) => facts.Kind switch
    {
        RepairKind.Tick => Partition(facts, poolPartitions),
        RepairKind.RebuildScope => Partition(facts, poolPartitions) ?? (facts.PoolId.Length > 0 ? Pool(facts) : null),
        RepairKind.Release or RepairKind.ForceRelease => Pool(facts) ?? Reservation(facts),
        RepairKind.Amend => Pool(facts) ?? Reservation(facts)
            ?? (facts.Quantity is >= 1 ? null : "quantity is missing or below 1"),
        RepairKind.AcceptSnapshot => Pool(facts) ?? Id(facts.Source, "source"),
        RepairKind.SendAgain or RepairKind.Redeliver =>
            facts.Payload is { Length: > 0 } ? null : "payload is missing",
        RepairKind.RequestSnapshot => Pool(facts),
        RepairKind.RequestMovement => Pool(facts) ?? Id(facts.MovementId, "movementId"),
        RepairKind.RequestMovements => Pool(facts) ?? Id(facts.Source, "source")
            ?? (facts.FromSequence <= facts.ToSequence ? null : "fromSequence and toSequence are missing or reversed"),
        RepairKind.Freeze => Pool(facts)
            ?? (facts.Epoch is >= 0 and < long.MaxValue - 1 ? null : "epoch is missing or out of range"),
        _ => "this version does not know it",
    };

    private static string SummaryOf(RepairFacts facts) => FormattableString.Invariant(facts.Kind switch
    {
        RepairKind.Tick => $"let time move on in partition {facts.Partition} of the ledger",
        RepairKind.Release =>
            $"release {Units(facts)} of {facts.ReservationId} in {facts.PoolId}{Version(facts)}",
        RepairKind.ForceRelease =>
            $"release {Units(facts)} of {facts.ReservationId} in {facts.PoolId} by force{Version(facts)}",
        RepairKind.Amend =>
            $"amend {facts.ReservationId} in {facts.PoolId} to {facts.Quantity} units{Version(facts)}",
        RepairKind.AcceptSnapshot => $"accept the parked count of {facts.Source} in {facts.PoolId}",
        RepairKind.SendAgain => $"send the same command again{InPool(facts)}",
        RepairKind.Redeliver => $"give outcome {facts.OutcomeId ?? "?"} again to {facts.Service ?? "its services"}",
        RepairKind.RequestSnapshot => $"ask {facts.Source ?? "whoever counts it"} for a count of {facts.PoolId}",
        RepairKind.RequestMovement =>
            $"ask {facts.Source ?? "its source"} for movement {facts.MovementId} of {facts.PoolId}",
        RepairKind.RequestMovements =>
            $"ask {facts.Source} for movements {facts.FromSequence} to {facts.ToSequence} of {facts.PoolId}",
        RepairKind.RebuildScope when facts.PoolId.Length > 0 =>
            $"build what searches have of pool {facts.PoolId} anew from the journal",
        RepairKind.RebuildScope => $"build what searches have of partition {facts.Partition} anew from the journal",
        RepairKind.Freeze => $"freeze {facts.PoolId} under epoch {facts.Epoch + 1}",
        _ => $"{facts.Kind}",
    });

    private static string Units(RepairFacts facts) => facts.Confirmed ? "all units" : "the held units";

    private static string Version(RepairFacts facts) => string.Create(
        CultureInfo.InvariantCulture, $", if it is still at version {facts.ExpectedVersion}");

    private static string InPool(RepairFacts facts) => facts.PoolId.Length == 0 ? "" : $" to {facts.PoolId}";

    private static string? Partition(RepairFacts facts, int poolPartitions) =>
        facts.Partition is { } partition && partition >= 0 && partition < poolPartitions
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"partition is {facts.Partition?.ToString(CultureInfo.InvariantCulture) ?? "missing"}; the ledger has "
                + $"{poolPartitions}");

    private static string? Pool(RepairFacts facts) =>
        IdRules.PoolFault(facts.PoolId, TextBounds.Id) is { } fault ? $"poolId {fault}" : null;

    private static string? Reservation(RepairFacts facts) => Id(facts.ReservationId, "reservationId")
        ?? (facts.ExpectedVersion is null ? "expectedVersion is missing" : null);

    private static string? Id(string? text, string field) => text is null
        ? $"{field} is missing"
        : IdRules.Fault(text, TextBounds.Id) is { } fault ? $"{field} {fault}" : null;
}
