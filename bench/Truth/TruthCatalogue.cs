using Alloc.Processors.Catalogue;
using Alloc.Replay.Shop;

namespace Alloc.Bench.Truth;

/// <summary>
/// The operations catalogue of the proof: the shipped one, with services that must act on what the shop's ledger
/// decides.
/// </summary>
internal static class TruthCatalogue
{
    private const int RepairCap = 10_000;
    // What comparisons wait beside the tolerance, at most a minute, and what watermarks stay behind.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    /// <summary>Services of a shop and what they act on.</summary>
    public static IReadOnlyList<Obligation> Obligations { get; } =
    [
        new("Confirmed", "picking"), new("Consumed", "invoicing"), new("Returned", "refunds"),
        new("Released", "customers"),
    ];

    /// <summary>The catalogue.</summary>
    /// <param name="isShort">Whether differences may stand for two seconds only.</param>
    public static OperationsCatalogue Of(bool isShort)
    {
        var shipped = OperationsCatalogue.Shipped;
        return shipped with
        {
            Version = 1,
            Effects =
            [
                .. Obligations.Select(o => new EffectRow(
                    o.Service, o.Event, [o.Service], isShort ? Short : TimeSpan.FromMinutes(2))),
            ],
            Classes =
            [
                .. shipped.Classes.Select(c => c with
                {
                    RepairCap = RepairCap,
                    Tolerance = isShort && HasTolerance(c.Class) ? Short : c.Tolerance,
                }),
            ],
        };
    }

    /// <summary>How long after the last event everything that is wrong has been told.</summary>
    public static TimeSpan LongestOf(OperationsCatalogue catalogue) => catalogue.Classes
        .Select(c => c.Tolerance ?? TimeSpan.Zero).Concat(catalogue.Effects.Select(e => e.Sla)).Max() + Grace;

    private static bool HasTolerance(MismatchClass mismatch) => mismatch is not (
        MismatchClass.DualWriter or MismatchClass.SupplyConflict or MismatchClass.QuantityDrift
        or MismatchClass.DuplicateEffect or MismatchClass.SupplyGap or MismatchClass.MissedEvent
        or MismatchClass.ProjectionDrift);
}
