using Alloc.Schemas.Allocation;

namespace Alloc.Web.Reads;

/// <summary>Committed reads of one partition's ledger. The state may move on between two calls.</summary>
public interface ILedgerReads
{
    /// <summary>A pool, or null.</summary>
    PoolState? Pool(string poolId);

    /// <summary>
    /// The pools of the partition whose id begins so, by id in the order of its UTF-8 bytes, those after one; read as
    /// they are taken.
    /// </summary>
    IEnumerable<PoolState> Pools(string prefix, string after);

    /// <summary>What is known of each source that reports about a pool, by name.</summary>
    IEnumerable<SupplySource> Sources(string poolId);

    /// <summary>A reservation of a pool, or null.</summary>
    Reservation? Reservation(string poolId, string reservationId);

    /// <summary>The reservations of a pool, by id.</summary>
    IEnumerable<Reservation> Reservations(string poolId);

    /// <summary>The remembered answer to a command, or null.</summary>
    CommandMemory? Command(string poolId, string commandId);

    /// <summary>What the reservations of a scope use of a pool.</summary>
    ScopeUsage Usage(string poolId, string scope);

    /// <summary>What belongs to the partition as a whole: its clock.</summary>
    PartitionState? Partition();

    /// <summary>What was set for the whole partition: policies, modes, authority.</summary>
    PartitionSettings Settings();
}
