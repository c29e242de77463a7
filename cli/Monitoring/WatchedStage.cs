namespace Alloc.Cli.Monitoring;

/// <summary>What alerts must know of a stage where work waits.</summary>
/// <param name="Id">The stage, the label of its metrics.</param>
/// <param name="Owner">Who is told.</param>
/// <param name="PageShare">The share beyond the SLA that is worth a page, from 0 to 1.</param>
internal sealed record WatchedStage(string Id, string Owner, double PageShare)
{
    /// <summary>The stages that are shipped.</summary>
    public static IReadOnlyList<WatchedStage> Shipped { get; } =
    [
        new("AcceptedForProcessing", "orders", 0.2),
        new("InventoryHoldPending", "allocation", 0.2),
        new("AwaitingFraudDecision", "fraud", 0.2),
        new("ManualReviewRequired", "fraud", 0.2),
        new("AuthorizationPending", "payments", 0.2),
        new("ReadyForFulfillment", "warehouse", 0.2),
        new("InFulfillment", "warehouse", 0.2),
    ];
}
