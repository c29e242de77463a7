using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>A command with its place in the log: all that the ledger gets to see of the outside.</summary>
/// <param name="Topic">Topic that it was read from.</param>
/// <param name="Partition">Partition that it was read from.</param>
/// <param name="Offset">Its offset.</param>
/// <param name="TimestampMs">Its timestamp in the log, milliseconds since 1970 UTC; any value is legal.</param>
/// <param name="Key">Its key; null where the log has none.</param>
/// <param name="KeyPartition">The partition that its key belongs to.</param>
/// <param name="Command">The command.</param>
public readonly record struct LedgerRecord(
    string Topic, int Partition, long Offset, long TimestampMs, string? Key, int KeyPartition,
    AllocationCommand Command);

/// <summary>A timer of a pool. Timers fire in the order of their properties, texts by their UTF-8 bytes.</summary>
/// <param name="DueAtMs">When it is due, milliseconds since 1970 UTC.</param>
/// <param name="Kind">What falls due.</param>
/// <param name="PoolId">The pool.</param>
/// <param name="Id">The reservation or source that it concerns.</param>
public readonly record struct LedgerTimer(long DueAtMs, TimerKind Kind, string PoolId, string Id);

/// <summary>Keys that name a whole partition, and the pools that stand for one.</summary>
public static class ReservedKeys
{
    /// <summary>Key of policy activations.</summary>
    public const string Policy = "$policy";

    /// <summary>Key of mode switches.</summary>
    public const string Mode = "$mode";

    /// <summary>Key of authority transfers.</summary>
    public const string Authority = "$authority";

    /// <summary>Key of ticks.</summary>
    public const string Tick = "$tick";

    /// <summary>The pool of what belongs to no pool of a partition.</summary>
    public static string PartitionPool(int partition) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"$partition/{partition}");

    /// <summary>Whether the key names a whole partition, so that no hash decides where it belongs.</summary>
    public static bool NamesPartition(string key) => key is Policy or Mode or Authority or Tick;
}
