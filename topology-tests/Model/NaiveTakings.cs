using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Model;

/// <summary>What one who lacks units could take from others, tried on the model and undone.</summary>
internal static class NaiveTakings
{
    public static bool Could(NaivePolicy policy, NaivePool pool, NaiveReservation owner, long needed, long t) =>
        owner.Owner.ToList().Exists(o => CouldReclaim(
            pool, owner, o.Key, o.Value, needed,
            () => pool.QuotaBroken(owner, needed) is null && needed <= pool.AvailableTo(owner.Class, t)))
        || (pool.QuotaBroken(owner, needed) is null && CouldPreempt(policy, pool, owner, needed, t));

    /// <summary>Whether a new customer could take back enough to have the reservation with all its units.</summary>
    public static bool Could(NaivePool pool, NaiveReservation reservation, string customer)
    {
        var before = reservation.Owner.GetValueOrDefault("customer");
        reservation.Owner["customer"] = customer;
        var could = CouldReclaim(
            pool, reservation, "customer", customer, 0, () => pool.QuotaBroken("customer", customer, 0) is null);
        reservation.Owner.Remove("customer");
        if (before is not null)
        {
            reservation.Owner["customer"] = before;
        }
        return could;
    }

    /// <summary>Whether the class may take units from the other.</summary>
    public static bool IsVictim(NaivePolicy policy, string priorityClass, string other) =>
        policy.Preemptions.Where(p => p.Class == priorityClass).Take(1).Any(p => p.Victims.Contains(other));

    private static bool CouldPreempt(
        NaivePolicy policy, NaivePool pool, NaiveReservation owner, long needed, long t)
    {
        var row = policy.Preemptions.FirstOrDefault(p => p.Class == owner.Class);
        if (row.Class is not null && needed <= pool.AvailableTo(owner.Class, t))
        {
            return true;
        }
        if (row.Class is null || pool.Cooldowns.GetValueOrDefault(owner.Class) > t)
        {
            return false;
        }
        var old = pool.Reservations.Values
            .Where(r => r.Id != owner.Id && !r.IsAwaited && row.Victims.Contains(r.Class)
                && t - r.HeldAtMs >= row.MinimumAgeMs && r.HeldAtMs <= t)
            .OrderByDescending(r => Array.IndexOf(policy.Classes, r.Class)).ThenByDescending(r => r.HeldAtMs)
            .ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var victims = old.Where(r => r.Held > 0).Take(NaivePolicy.MaximumVictims).ToHashSet();
        var freed = victims.Sum(r => r.Held);
        foreach (var victim in old.Where(r => row.Confirmed && r.Confirmed > 0))
        {
            if (victims.Contains(victim) || victims.Count < NaivePolicy.MaximumVictims)
            {
                victims.Add(victim);
                freed += victim.Confirmed;
            }
        }
        return freed >= needed - pool.AvailableTo(owner.Class, t);
    }

    private static bool CouldReclaim(
        NaivePool pool, NaiveReservation owner, string kind, string value, long needed, Func<bool> isNowEnough)
    {
        if (pool.LenderOf(kind, value, needed) is not { } lender)
        {
            return false;
        }
        var borrowers = pool.Reservations.Values
            .Where(r => r.Id != owner.Id && r.Open > 0 && !r.IsAwaited && pool.Borrowed(r, lender) > 0)
            .OrderByDescending(r => r.HeldAtMs).ThenBy(r => r.Class, StringComparer.Ordinal)
            .ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var taken = new List<(NaiveReservation From, long Held, long Confirmed)>();
        var isEnough = Collect(confirmed: false)
            || (lender.Reclaim == QuotaReclaim.Confirmed && Collect(confirmed: true));
        foreach (var (from, held, confirmed) in taken)
        {
            pool.Try(from, -held, -confirmed);
        }
        return isEnough;

        bool Collect(bool confirmed)
        {
            foreach (var isBelow in (bool[])[false, true])
            {
                foreach (var from in borrowers)
                {
                    var units = confirmed ? from.Confirmed : from.Held;
                    var borrowed = pool.Borrowed(from, lender);
                    if (units == 0 || borrowed <= 0 || (units > borrowed && !isBelow))
                    {
                        continue;
                    }
                    taken.Add((from, confirmed ? 0 : units, confirmed ? units : 0));
                    pool.Try(from, taken[^1].Held, taken[^1].Confirmed);
                    if (isNowEnough())
                    {
                        return true;
                    }
                }
            }
            return false;
        }
    }
}
