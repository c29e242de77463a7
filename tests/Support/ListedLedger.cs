using Alloc.Schemas.Allocation;
using Alloc.Web.Reads;

namespace Alloc.Tests.Support;

/// <summary>The ledger of one partition with a few pools, each with one reservation; all of them in deficit.</summary>
internal sealed class ListedLedger(IReadOnlyList<string> pools) : ILedgerReads
{
    /// <summary>The reservation that every pool has.</summary>
    public const string ReservationId = "r";

    public PoolState? Pool(string poolId) => pools.Contains(poolId) ? State(poolId) : null;

    public IEnumerable<PoolState> Pools(string prefix, string after) => pools
        .Where(p => p.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(p, after) > 0)
        .Order(StringComparer.Ordinal).Select(State);

    public IEnumerable<SupplySource> Sources(string poolId) => [];

    public Reservation? Reservation(string poolId, string reservationId) =>
        Reservations(poolId).FirstOrDefault(r => r.ReservationId == reservationId);

    public IEnumerable<Reservation> Reservations(string poolId) =>
        pools.Contains(poolId) ? [new Reservation { ReservationId = ReservationId, Version = 1, Held = 1 }] : [];

    public CommandMemory? Command(string poolId, string commandId) => null;

    public ScopeUsage Usage(string poolId, string scope) => new();

    public PartitionState? Partition() => new() { TMs = 1 };

    public PartitionSettings Settings() => new();

    private static PoolState State(string id) => new()
    {
        PoolId = id,
        Sequence = 1,
        Balances = new Balances(),
        Settings = new PoolSettings(),
        Deficit = 1,
    };
}
