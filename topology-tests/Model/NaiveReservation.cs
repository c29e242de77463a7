using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>One reservation as the model sees it: buckets that entries move units between.</summary>
internal sealed class NaiveReservation
{
    public required string Id { get; init; }

    public long Held { get; set; }

    public long Confirmed { get; set; }

    public long Consumed { get; set; }

    public long Returned { get; set; }

    public long Released { get; set; }

    public long Expired { get; set; }

    public long Preempted { get; set; }

    public long Granted { get; set; }

    public long Waiting { get; set; }

    public long Version { get; set; }

    public long? ExpiresAtMs { get; set; }

    /// <summary>From when on the ledger knows nothing of it.</summary>
    public long? ForgetAtMs { get; set; }

    /// <summary>When its units were granted.</summary>
    public long HeldAtMs { get; set; }

    /// <summary>Until when it waits.</summary>
    public long? WaitUntilMs { get; set; }

    /// <summary>Whether its group is past its point of no return.</summary>
    public bool IsCommitted { get; set; }

    /// <summary>Whether a command waits for what becomes of it.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>When it took its place in line, earlier by the boost of its class.</summary>
    public long OrderMs { get; set; }

    public long OrderTie { get; set; }

    /// <summary>Who has it: class, channel, tier, customer and dealer, where it has them.</summary>
    public Dictionary<string, string> Owner { get; } = [];

    public string Class => Owner.GetValueOrDefault("class", "");

    public long Open => Held + Confirmed;

    public long InUse => Consumed - Returned;

    /// <summary>Moves the units of an entry.</summary>
    public void Post(LedgerEntry entry, bool isPreemption)
    {
        var quantity = entry.Quantity;
        switch (entry.Kind)
        {
            case EntryKind.Held:
                Granted += quantity;
                Held += quantity;
                break;
            case EntryKind.HoldConfirmed:
                Held -= quantity;
                Confirmed += quantity;
                break;
            case EntryKind.HoldReleased:
                Held -= quantity;
                Released += quantity;
                break;
            case EntryKind.HoldExpired:
                Held -= quantity;
                Expired += quantity;
                break;
            case EntryKind.HoldPreempted:
                Held -= quantity;
                Preempted += quantity;
                break;
            case EntryKind.ConfirmRevoked when isPreemption:
                Confirmed -= quantity;
                Preempted += quantity;
                break;
            case EntryKind.ConfirmRevoked:
                Confirmed -= quantity;
                Released += quantity;
                break;
            case EntryKind.Consumed:
                Confirmed -= quantity;
                Consumed += quantity;
                break;
            case EntryKind.Returned:
                Returned += Math.Min(quantity, Consumed - Returned);
                break;
            default:
                // What nothing covers, and what a source takes off, belongs to no promise.
                break;
        }
    }

    /// <summary>The units, for comparison.</summary>
    public string Text =>
        $"held {Held} confirmed {Confirmed} consumed {Consumed} returned {Returned} released {Released} "
        + $"expired {Expired} preempted {Preempted} granted {Granted}";

    /// <summary>The same text of what an outcome says.</summary>
    public static string TextOf(Reservation r) =>
        $"held {r.Held} confirmed {r.Confirmed} consumed {r.Consumed} returned {r.Returned} released {r.Released} "
        + $"expired {r.Expired} preempted {r.Preempted} granted {r.Granted}";

    /// <summary>Takes over what no entry says: owner, place in line, expiry.</summary>
    public void Adopt(Reservation after)
    {
        Owner.Clear();
        Own("class", after.Class);
        Own("channel", after.Channel);
        Own("tier", after.Tier);
        Own("customer", after.CustomerRef);
        Own("dealer", after.Dealer);
        Waiting = after.Waiting;
        Version = after.Version;
        ExpiresAtMs = after.ExpiresAtMs;
        ForgetAtMs = after.ForgetAtMs;
        HeldAtMs = after.HeldAtMs ?? after.CreatedAtMs ?? long.MaxValue;
        WaitUntilMs = after.WaitUntilMs;
        IsAwaited = after.Parked.Count > 0;
        OrderMs = after.EnqueuedAtMs ?? 0;
        OrderTie = after.WaitOrder;
    }

    private void Own(string kind, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            Owner[kind] = value;
        }
    }
}
