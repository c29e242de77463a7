using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>
/// A pool as the model sees it: accounts as sums of entries, reservations as buckets, everything else counted anew
/// whenever it is asked for. Slow, plain, and without a line of the ledger's.
/// </summary>
internal sealed class NaivePool(string id, PolicyInForce inForce)
{
    private readonly Dictionary<Account, long> accounts = Enum.GetValues<Account>().ToDictionary(a => a, _ => 0L);

    public string Id => id;

    public long Sequence { get; set; }

    public long? ServiceAtMs { get; set; }

    /// <summary>From when on nothing is granted.</summary>
    public long? ClosesAtMs { get; set; }

    /// <summary>Most that one request can ever get.</summary>
    public long? Maximum { get; set; }

    /// <summary>
    /// The record for which somebody lost units last, and who waits only because of it or was blocked by a quota just
    /// before: they come after the one for whom it was.
    /// </summary>
    public (long Offset, HashSet<string> Behind) Preemption { get; set; } = (-1, []);

    /// <summary>When classes that preempted may do so again.</summary>
    public Dictionary<string, long> Cooldowns { get; } = [];

    /// <summary>The deficit that was published last.</summary>
    public long Published { get; set; }

    public SortedDictionary<string, NaiveReservation> Reservations { get; } = new(StringComparer.Ordinal);

    public long Free => accounts[Account.Free];

    public long this[Account account] => accounts[account];

    public long Total => Free + accounts[Account.Held] + accounts[Account.Confirmed] + accounts[Account.Consumed];

    public NaiveReservation this[string reservationId]
    {
        get
        {
            if (!Reservations.TryGetValue(reservationId, out var found))
            {
                Reservations[reservationId] = found = new NaiveReservation { Id = reservationId };
            }
            return found;
        }
    }

    /// <summary>Forgets a reservation whose time is over, as the ledger does: it begins anew.</summary>
    public void Forget(string reservationId, long t)
    {
        if (Reservations.TryGetValue(reservationId, out var known) && known.ForgetAtMs <= t && known.Open == 0)
        {
            Reservations.Remove(reservationId);
        }
    }

    public void Post(LedgerEntry entry, bool isPreemption)
    {
        accounts[entry.From] -= entry.Quantity;
        accounts[entry.To] += entry.Quantity;
        if (entry.ReservationId is { } reservationId)
        {
            this[reservationId].Post(entry, isPreemption);
        }
    }

    /// <summary>Units that a class may get now.</summary>
    public long AvailableTo(string priorityClass, long t)
    {
        var rank = Array.IndexOf(inForce.Current.Classes, priorityClass);
        var above = inForce.Current.Classes.Take(Math.Max(rank, 0)).ToList();
        var overbooking = OverbookingOf(priorityClass, t);
        long kept = 0;
        foreach (var higher in above.Where(c => KeptFor(c) > 0))
        {
            overbooking = Math.Min(overbooking, OverbookingOf(higher, t));
            kept += KeptFor(higher);
        }
        return Free + overbooking - kept;
    }

    /// <summary>Promises that nothing covers, whatever overbooking allows.</summary>
    public long DeficitAt(long t) =>
        Math.Max(0, -inForce.Current.Classes.Max(c => OverbookingOf(c, t)) - Free);

    /// <summary>What a scope, like <c>dealer/seven</c>, uses.</summary>
    public (long Open, long InUse) UsageOf(string kind, string value)
    {
        var mine = Reservations.Values.Where(r => r.Owner.GetValueOrDefault(kind) == value).ToList();
        return (mine.Sum(r => r.Open), mine.Sum(r => r.InUse));
    }

    /// <summary>Every scope that a reservation of the pool has.</summary>
    public IEnumerable<(string Kind, string Value)> Scopes() =>
        Reservations.Values.SelectMany(r => r.Owner.Select(o => (o.Key, o.Value))).Distinct();

    /// <summary>The first quota that so many units more would break, in words; null when none would.</summary>
    public string? QuotaBroken(NaiveReservation owner, long more)
    {
        if (inForce.Current.Quotas.FirstOrDefault(q => q.IsForNobody && IsNobody(owner, q.Scope)) is { } required)
        {
            return $"nobody of {NameOf(required.Scope)} is named";
        }
        foreach (var (kind, value) in owner.Owner)
        {
            if (QuotaBroken(kind, value, more) is { } broken)
            {
                return broken;
            }
        }
        return null;
    }

    /// <summary>Whether the quota of one scope would be broken, in words; null when it would not.</summary>
    public string? QuotaBroken(string kind, string value, long more)
    {
        if (QuotaOf(kind, value) is not { } quota)
        {
            return null;
        }
        var used = Used(quota, kind, value);
        var most = quota.Nominal + (quota.Value is null ? 0 : quota.Borrowing);
        if (used + more > most)
        {
            return $"{kind}/{value} uses {used} of {most} at most";
        }
        return quota.Value is not null && Borrowed(quota, kind, value, more) is var (borrowed, lendable)
            && borrowed > lendable
            ? $"{kind}/{value} uses {used}; {borrowed} would be borrowed with {lendable} to lend"
            : null;
    }

    /// <summary>Whether the owner names nobody in a kind of scope.</summary>
    public static bool IsNobody(NaiveReservation owner, QuotaScope scope) =>
        owner.Owner.GetValueOrDefault(NameOf(scope), "").Length == 0;

    /// <summary>Units that its owner has above its own quota of the same kind of scope.</summary>
    public long Borrowed(NaiveReservation owner, NaiveQuota lender)
    {
        var kind = NameOf(lender.Scope);
        return owner.Owner.TryGetValue(kind, out var value) && QuotaOf(kind, value) is { Value: not null } quota
            ? Used(quota, kind, value) - quota.Nominal
            : 0;
    }

    /// <summary>Those that wait, in the order of their places.</summary>
    public List<NaiveReservation> Line() =>
        [.. Reservations.Values.Where(r => r.Waiting > 0).OrderBy(r => r.OrderMs).ThenBy(r => r.OrderTie)];

    public bool CanServe(NaiveReservation waiter, long t) =>
        MayBeServed(waiter, t) && waiter.Waiting <= AvailableTo(waiter.Class, t);

    /// <summary>Whether nothing but units is lacking for one who waits: others do not pass it.</summary>
    public bool MayBeServed(NaiveReservation waiter, long t) => !(waiter.WaitUntilMs <= t) && Fits(waiter.Waiting)
        && !MustWait(waiter.Class) && QuotaBroken(waiter, waiter.Waiting) is null;

    /// <summary>Whether a mode lets a class be granted nothing.</summary>
    public bool MustWait(string priorityClass) => inForce.Bars(id, priorityClass);

    /// <summary>The longest life of a new hold in a mode; null: as the policy says.</summary>
    public long? LongestLifeMs(string priorityClass) => inForce.LongestLifeMs(id, priorityClass);

    /// <summary>Whether one request can get so much.</summary>
    public bool Fits(long quantity) => !(quantity > Maximum);

    /// <summary>Why nobody is granted anything, in words; null when somebody may be.</summary>
    public string? ClosedBy(long t) => ClosesAtMs <= t ? $"it closed at {ClosesAtMs}"
        : inForce.RejectsHolds(id) ? "a mode rejects holds" : null;

    private long OverbookingOf(string priorityClass, long t) =>
        inForce.Current.OverbookingOf(priorityClass, Total, ServiceAtMs, t);

    private long KeptFor(string priorityClass)
    {
        foreach (var kept in inForce.Current.Protected.Where(p => p.Class == priorityClass).Take(1))
        {
            var (open, inUse) = UsageOf("class", priorityClass);
            return Math.Max(0, kept.Units - open - (kept.CountsConsumed ? inUse : 0));
        }
        return 0;
    }

    /// <summary>Takes units from a reservation, or gives them back: tried, not posted.</summary>
    public void Try(NaiveReservation victim, long held, long confirmed)
    {
        victim.Held -= held;
        victim.Confirmed -= confirmed;
        accounts[Account.Held] -= held;
        accounts[Account.Confirmed] -= confirmed;
        accounts[Account.Free] += held + confirmed;
    }

    /// <summary>Tries a grant, as if to a reservation of its own.</summary>
    public NaiveReservation Add(Reservation owner, long quantity)
    {
        var added = new NaiveReservation { Id = $"~{Reservations.Count}" };
        added.Adopt(owner);
        Reservations[added.Id] = added;
        Try(added, -quantity, 0);
        return added;
    }

    /// <summary>Undoes a grant that was tried.</summary>
    public void Remove(NaiveReservation added)
    {
        Try(added, added.Held, 0);
        Reservations.Remove(added.Id);
    }

    /// <summary>The quota that an owner takes back units by, if it lends any that others borrow.</summary>
    public NaiveQuota? LenderOf(string kind, string value, long needed) =>
        QuotaOf(kind, value) is { Value: not null, Reclaim: not QuotaReclaim.None } quota
        && Used(quota, kind, value) + needed <= quota.Nominal && Borrowed(quota, kind, value, 0).Borrowed > 0
            ? quota
            : null;

    private NaiveQuota? QuotaOf(string kind, string value) => inForce.Current.Quotas.FirstOrDefault(
        q => NameOf(q.Scope) == kind && (q.Value is null || q.Value == value));

    private long Used(NaiveQuota quota, string kind, string value)
    {
        var (open, inUse) = UsageOf(kind, value);
        return open + (quota.CountsConsumed ? inUse : 0);
    }

    // All that is borrowed in a kind of scope, and all that is lendable, if one of it had so many units more.
    private (long Borrowed, long Lendable) Borrowed(NaiveQuota mine, string kind, string value, long more)
    {
        long borrowed = 0;
        long lendable = 0;
        foreach (var quota in inForce.Current.Quotas.Where(q => q.Scope == mine.Scope && q.Value is not null))
        {
            var used = Used(quota, kind, quota.Value!) + (quota.Value == value ? more : 0);
            borrowed += Math.Max(0, used - quota.Nominal);
            lendable += Math.Min(quota.Lending, Math.Max(0, quota.Nominal - used));
        }
        return (borrowed, lendable);
    }

    private static string NameOf(QuotaScope scope) => scope switch
    {
        QuotaScope.Customer => "customer",
        QuotaScope.Channel => "channel",
        QuotaScope.Tier => "tier",
        QuotaScope.Dealer => "dealer",
        _ => "class",
    };
}
