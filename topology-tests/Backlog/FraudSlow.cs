using Alloc.Processors.Catalogue;

namespace Topology.Tests.Backlog;

/// <summary>
/// The shipped stages with a mode that acts on the ledger. None is shipped: no row of the shipped policy allows one.
/// </summary>
internal static class FraudSlow
{
    public const string Id = "fraud-slow";

    public static ModeRow Row { get; } = new(
        Id, BacklogDriver.Fraud, ModeMeasure.BreachedShare, OnAt: 0.2, OffAt: 0.05, TimeSpan.FromMinutes(5),
        DegradedEffect.ExtendHolds, CapMs: 30 * 60_000, [], []);

    public static OperationsCatalogue Catalogue { get; } = OperationsCatalogue.Shipped with
    {
        Version = 1,
        Modes = [Row, .. OperationsCatalogue.Shipped.Modes],
    };
}
