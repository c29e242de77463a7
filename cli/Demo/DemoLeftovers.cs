using Alloc.Schemas.Allocation;
using Alloc.Web.Reads;

namespace Alloc.Cli.Demo;

/// <summary>What earlier runs of the demo left in the ledger of a pool: a new run goes on from there.</summary>
internal sealed record DemoLeftovers
{
    /// <summary>The next number of the warehouse's facts.</summary>
    public long NextDelta { get; init; } = 1;

    /// <summary>The number of the last movement that the warehouse told.</summary>
    public long LastMovement { get; init; }

    /// <summary>Whether the pool ever had units: then it is not opened again.</summary>
    public bool IsSupplied { get; init; }

    /// <summary>Pieces that were sold and not filled up.</summary>
    public long Sold { get; init; }

    /// <summary>The demo's reservations of which units are confirmed, or in use.</summary>
    public IReadOnlyList<Reservation> Reservations { get; init; } = [];

    /// <summary>Reads them from the ledger, for all pools of the demo.</summary>
    public static IReadOnlyDictionary<string, DemoLeftovers> Read(
        LedgerDirectory directory, IReadOnlyList<DemoPool> pools) => pools.ToDictionary(
        p => p.Id,
        p => directory.Here(directory.PartitionOf(p.Id)) is { } ledger ? Read(ledger, p.Id) : new DemoLeftovers(),
        StringComparer.Ordinal);

    private static DemoLeftovers Read(ILedgerReads ledger, string poolId)
    {
        if (ledger.Pool(poolId) is not { } pool)
        {
            return new DemoLeftovers();
        }
        var warehouse = ledger.Sources(poolId).FirstOrDefault(s => s.Source == DemoScript.Source);
        return new DemoLeftovers
        {
            NextDelta = 1 + (warehouse?.Highest ?? 0),
            LastMovement = ledger.Sources(poolId)
                .FirstOrDefault(s => s.Source == DemoServices.Warehouse)?.Highest ?? 0,
            IsSupplied = pool.Balances.External != 0,
            Sold = Math.Max(0, pool.Balances.Consumed - (warehouse?.Deltas ?? 0)),
            Reservations =
            [
                .. ledger.Reservations(poolId).Where(r =>
                    r.ReservationId.StartsWith("demo-", StringComparison.Ordinal)
                        && (r.Confirmed > 0 || r.Consumed > r.Returned)),
            ],
        };
    }
}
