using Alloc.Processors.Allocation.Ledger.Partition;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>
/// Those who wait in a pool, without the classes that a mode lets wait: they are in nobody's way, however many they
/// are.
/// </summary>
/// <param name="d">The decision, of the pool.</param>
internal sealed class LineScan(Decision d)
{
    // So many places are passed by for each that may be looked at.
    private const long PlacesPerLook = 32;

    /// <summary>Whether there are more places than are read.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Their places, in order.</summary>
    public IEnumerable<WaiterPlace> Places() =>
        ModeRules.BarsSome(d) ? WithoutBarred() : d.State.GetWaiters(d.Pool.PoolId);

    private IEnumerable<WaiterPlace> WithoutBarred()
    {
        var left = PlacesPerLook * d.Policy.Limits.WaitersLookedAt;
        var barred = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var (place, kept) in d.State.GetLine(d.Pool.PoolId))
        {
            if (left-- == 0)
            {
                IsCut = true;
                yield break;
            }
            var name = kept.Length > 0
                ? kept : d.State.GetReservation(d.Pool.PoolId, place.ReservationId)?.Class ?? "";
            if (!barred.TryGetValue(name, out var isBarred))
            {
                barred[name] = isBarred = ModeRules.Bars(d, name) is not null;
            }
            if (!isBarred)
            {
                yield return place;
            }
        }
    }
}
