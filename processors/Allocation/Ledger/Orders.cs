using Alloc.Processors.Allocation.Ledger.Waitlist;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// The order in which timers fire: time, kind, pool, id; texts by their UTF-8 bytes, as stores keep them.
/// </summary>
public sealed class LedgerTimerOrder : IComparer<LedgerTimer>
{
    /// <summary>The one instance.</summary>
    public static LedgerTimerOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(LedgerTimer x, LedgerTimer y)
    {
        var byTime = x.DueAtMs.CompareTo(y.DueAtMs);
        if (byTime != 0)
        {
            return byTime;
        }
        var byKind = x.Kind.CompareTo(y.Kind);
        if (byKind != 0)
        {
            return byKind;
        }
        var byPool = Utf8Order.Compare(x.PoolId, y.PoolId);
        return byPool != 0 ? byPool : Utf8Order.Compare(x.Id, y.Id);
    }
}

/// <summary>The orders of places, as stores keep them.</summary>
internal sealed class PlaceOrder : IComparer<WaiterPlace>, IComparer<HolderPlace>
{
    public static PlaceOrder Instance { get; } = new();

    // The first in line first.
    public int Compare(WaiterPlace x, WaiterPlace y)
    {
        var byOrder = x.OrderMs.CompareTo(y.OrderMs);
        if (byOrder != 0)
        {
            return byOrder;
        }
        var byTie = x.Tie.CompareTo(y.Tie);
        return byTie != 0 ? byTie : Utf8Order.Compare(x.ReservationId, y.ReservationId);
    }

    // The newest first.
    public int Compare(HolderPlace x, HolderPlace y)
    {
        var byClass = Utf8Order.Compare(x.Class, y.Class);
        if (byClass != 0)
        {
            return byClass;
        }
        var byTime = y.HeldAtMs.CompareTo(x.HeldAtMs);
        return byTime != 0 ? byTime : Utf8Order.Compare(x.ReservationId, y.ReservationId);
    }
}

/// <summary>Texts by their UTF-8 bytes.</summary>
internal static class Utf8Order
{
    // UTF-16 units order like UTF-8 bytes, except that surrogates come after everything else.
    public static int Compare(string? x, string? y)
    {
        if (x is null || y is null)
        {
            return x is null ? (y is null ? 0 : -1) : 1;
        }
        var length = Math.Min(x.Length, y.Length);
        for (var index = 0; index < length; index++)
        {
            if (x[index] != y[index])
            {
                return Rank(x[index]) - Rank(y[index]);
            }
        }
        return x.Length - y.Length;
    }

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
