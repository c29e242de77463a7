using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Demo;

/// <summary>A pool of the demo: what it is, how much there is, and how busy it is.</summary>
internal sealed record DemoPool(string Id, PoolKind Kind, string Unit, long Supply, double Share, int LargestHold)
{
    /// <summary>How long after the start its time of service is, in milliseconds; null: it has none.</summary>
    public long? ServiceInMs { get; init; }

    /// <summary>
    /// Seats and delivery slots run short now and then; the stock is filled up as it sells. The first is left to who
    /// looks at the demo: nobody else books there, so that what they try is granted.
    /// </summary>
    public static readonly IReadOnlyList<DemoPool> Shop =
    [
        new("front-row", PoolKind.Capacity, "seat", 40, 0, 4),
        new("seats-A", PoolKind.Capacity, "seat", 240, 0.45, 4),
        new("espresso-machines", PoolKind.Stock, "piece", 400, 0.35, 3),
        new("slots-monday", PoolKind.Capacity, "slot", 60, 0.20, 1),
    ];
}
