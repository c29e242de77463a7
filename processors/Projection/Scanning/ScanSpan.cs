using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>Keys from one on, up to another.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The end, excluded; null: there is none.</param>
public readonly record struct ScanSpan(PoolKey From, PoolKey? To)
{
    /// <summary>All keys.</summary>
    public static ScanSpan All { get; } = new(new PoolKey("", ""), null);

    /// <summary>A pool and its reservations; all keys where no pool is named.</summary>
    public static ScanSpan Of(string? poolId) =>
        poolId is null ? All : new ScanSpan(new PoolKey(poolId, ""), new PoolKey(poolId + "\u0001", ""));

    /// <summary>What a range asks for.</summary>
    public static ScanSpan Of(ScanRange range) => new(
        new PoolKey(range.FromPool, range.FromReservation),
        range.ToPool is { } pool ? new PoolKey(pool, range.ToReservation) : null);

    /// <summary>Whether all of it lies in one pool.</summary>
    public bool IsOfOnePool => To is { } to
        && (to.PoolId == From.PoolId || to == new PoolKey(From.PoolId + "\u0001", ""));

    /// <summary>Whether a key is within.</summary>
    public bool Covers(PoolKey key) =>
        ScannedEntries.Compare(key, From) >= 0 && (To is not { } to || ScannedEntries.Compare(key, to) < 0);

    /// <summary>As it is asked for.</summary>
    public ScanRange AsRange() => new()
    {
        FromPool = From.PoolId,
        FromReservation = From.Id,
        ToPool = To?.PoolId,
        ToReservation = To?.Id ?? "",
    };
}
