using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>The catalogue that is shipped: stages of an order, a mode, every class of mismatches.</summary>
internal static class ShippedCatalogue
{
    private const string StageRunbook = "docs/runbooks/StageSlaBreach.md";
    private const string ClassRunbook = "docs/runbooks/MismatchOpen.md";
    private const double PageShare = 0.2;
    private const int RepairCap = 100;

    /// <summary>
    /// Version 0. No service is obliged to confirm anything: which services there are, only a business knows.
    /// </summary>
    public static OperationsCatalogue Version0 { get; } = new()
    {
        Version = 0,
        Stages =
        [
            Stage("AcceptedForProcessing", [], TimeSpan.FromMinutes(1), CustomerState.Received, "orders"),
            Stage("InventoryHoldPending", ["AcceptedForProcessing"], TimeSpan.FromSeconds(30),
                CustomerState.UnderReview, "allocation"),
            Stage("AwaitingFraudDecision", ["InventoryHoldPending"], TimeSpan.FromMinutes(15),
                CustomerState.UnderReview, "fraud"),
            Stage("ManualReviewRequired", ["AwaitingFraudDecision"], TimeSpan.FromHours(4),
                CustomerState.UnderReview, "fraud"),
            Stage("AuthorizationPending", ["AwaitingFraudDecision", "ManualReviewRequired"], TimeSpan.FromMinutes(10),
                CustomerState.UnderReview, "payments"),
            Stage("ReadyForFulfillment", ["AuthorizationPending"], TimeSpan.FromHours(24), CustomerState.Confirmed,
                "warehouse"),
            Stage("InFulfillment", ["ReadyForFulfillment"], TimeSpan.FromHours(24), CustomerState.ReadyToShip,
                "warehouse"),
        ],
        Modes =
        [
            // None that acts on the ledger: it would refuse what no row of the shipped policy allows.
            Mode("payments-slow", "AuthorizationPending", ModeMeasure.BreachedShare, 0.2, 0.05,
                DegradedEffect.LaterAuthorization, TimeSpan.FromHours(1)),
        ],
        Classes =
        [
            Page(MismatchClass.DualWriter, null, "platform"),
            Page(MismatchClass.ExpiryNotReleased, TimeSpan.FromSeconds(30), "allocation") with { Repair = true },
            Page(MismatchClass.PaidWithoutReservation, TimeSpan.FromSeconds(60), "payments"),
            Page(MismatchClass.SupplyConflict, null, "warehouse"),
            Ticket(MismatchClass.ZombieHold, null, "orders"),
            Ticket(MismatchClass.ConfirmedForDeadOrder, null, "orders"),
            Ticket(MismatchClass.ReservationWithoutOrder, null, "orders"),
            Ticket(MismatchClass.OrderWithoutReservation, null, "orders"),
            Ticket(MismatchClass.QuantityMismatch, null, "orders"),
            Ticket(MismatchClass.QuantityDrift, null, "warehouse"),
            Ticket(MismatchClass.ConfirmedNotConsumed, TimeSpan.FromMinutes(15), "warehouse"),
            Ticket(MismatchClass.OrphanConsume, TimeSpan.FromMinutes(15), "warehouse"),
            Ticket(MismatchClass.OrphanReturn, TimeSpan.FromMinutes(15), "warehouse"),
            Ticket(MismatchClass.DuplicateEffect, null, "warehouse"),
            Ticket(MismatchClass.SupplyGap, null, "warehouse"),
            Ticket(MismatchClass.AuthorizationExpired, TimeSpan.FromSeconds(60), "payments"),
            Ticket(MismatchClass.UnansweredCommand, TimeSpan.FromSeconds(60), "platform") with { Repair = true },
            Ticket(MismatchClass.MissedEvent, null, "platform") with { Repair = true },
            Ticket(MismatchClass.ProjectionDrift, null, "platform") with { Repair = true },
        ],
    };

    private static StageRow Stage(
        string id, ValueList<string> after, TimeSpan sla, CustomerState customers, string owner) =>
        new(id, after, sla, PageShare, customers.ToString(), owner, StageRunbook);

    private static ModeRow Mode(
        string id, string stage, ModeMeasure measure, double onAt, double offAt, DegradedEffect effect, TimeSpan cap) =>
        new(id, stage, measure, onAt, offAt, TimeSpan.FromMinutes(5), effect, (long)cap.TotalMilliseconds, [], []);

    private static MismatchClassRow Page(MismatchClass mismatch, TimeSpan? tolerance, string owner) =>
        new(mismatch, tolerance, MismatchSeverity.Page, owner, RunbookOf(mismatch), Repair: false, RepairCap);

    private static MismatchClassRow Ticket(MismatchClass mismatch, TimeSpan? tolerance, string owner) =>
        Page(mismatch, tolerance, owner) with { Severity = MismatchSeverity.Ticket };

    // The section of the page that is about the class.
    private static string RunbookOf(MismatchClass mismatch) =>
        $"{ClassRunbook}#{mismatch.ToString().ToLowerInvariant()}";
}
