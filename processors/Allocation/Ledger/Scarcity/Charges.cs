using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>
/// How much more or less the scopes of a pool use: the difference between reservations before and after. Kept between
/// decisions; not thread-safe.
/// </summary>
internal sealed class Charges
{
    private readonly List<Charge> found = [];

    /// <summary>Begins anew.</summary>
    public void Clear() => found.Clear();

    /// <summary>Adds what became of one reservation.</summary>
    public void Add(Reservation? before, Reservation after)
    {
        var isOwnerSame = before is null || (before.Class == after.Class && before.Channel == after.Channel
            && before.Tier == after.Tier && before.CustomerRef == after.CustomerRef && before.Dealer == after.Dealer);
        var open = checked(after.Held + after.Confirmed);
        var consumed = after.Consumed - after.Returned;
        if (before is null || isOwnerSame)
        {
            AddTo(after, open - Open(before), consumed - Consumed(before));
            return;
        }
        AddTo(before, -Open(before), -Consumed(before));
        AddTo(after, open, consumed);
    }

    /// <summary>How much more or less one scope uses so far.</summary>
    public Charge? For(string scope)
    {
        foreach (var charge in found)
        {
            if (charge.Scope == scope)
            {
                return charge;
            }
        }
        return null;
    }

    /// <summary>What was found so far.</summary>
    public Charge[] Keep() => [.. found];

    /// <summary>As it was before.</summary>
    public void Return(Charge[] charges)
    {
        found.Clear();
        found.AddRange(charges);
    }

    /// <summary>What was found, scopes that did not change left out.</summary>
    public Charge[] ToArray()
    {
        found.RemoveAll(c => c is { Delta: 0, Consumed: 0 });
        return found.Count == 0 ? [] : found.ToArray();
    }

    private static long Open(Reservation? reservation) =>
        reservation is null ? 0 : checked(reservation.Held + reservation.Confirmed);

    private static long Consumed(Reservation? reservation) =>
        reservation is null ? 0 : reservation.Consumed - reservation.Returned;

    private void AddTo(Reservation owner, long open, long consumed)
    {
        if (open == 0 && consumed == 0)
        {
            return;
        }
        Count(owner.Class.Length == 0 ? null : Scopes.OfClass(owner.Class), open, consumed);
        Count(owner.Channel is null ? null : Scopes.OfChannel(owner.Channel), open, consumed);
        Count(owner.Tier is null ? null : Scopes.OfTier(owner.Tier), open, consumed);
        Count(owner.CustomerRef is null ? null : Scopes.OfCustomer(owner.CustomerRef), open, consumed);
        Count(owner.Dealer is null ? null : Scopes.OfDealer(owner.Dealer), open, consumed);
    }

    private void Count(string? scope, long open, long consumed)
    {
        if (scope is null)
        {
            return;
        }
        for (var index = 0; index < found.Count; index++)
        {
            if (found[index].Scope == scope)
            {
                found[index] = new Charge
                {
                    Scope = scope,
                    Delta = checked(found[index].Delta + open),
                    Consumed = checked(found[index].Consumed + consumed),
                };
                return;
            }
        }
        found.Add(new Charge { Scope = scope, Delta = open, Consumed = consumed });
    }
}
