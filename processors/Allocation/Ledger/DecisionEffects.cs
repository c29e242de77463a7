using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What a decision in the making would change: entries and the balances they leave, reservations and the usage they
/// charge, timers, and what else its outcome says for <see cref="Evolve"/>. Its lists are used for every decision.
/// </summary>
internal sealed class DecisionEffects
{
    private Balances before = new();

    /// <summary>Units moved from account to account.</summary>
    public List<LedgerEntry> Entries { get; } = [];

    /// <summary>How reservations are afterwards.</summary>
    public List<Reservation> After { get; } = [];

    /// <summary>Timers that are set and cancelled.</summary>
    public List<TimerChange> Timers { get; } = [];

    /// <summary>How source marks are afterwards.</summary>
    public List<SupplySource> Sources { get; } = [];

    /// <summary>Facts that are remembered until a snapshot covers them.</summary>
    public List<SupplyFact> Facts { get; } = [];

    /// <summary>Consumptions and returns that are remembered.</summary>
    public List<ConsumeMemory> Consumes { get; } = [];

    /// <summary>Commands that begin or end to wait for an approval.</summary>
    public List<ApprovalChange> Approvals { get; } = [];

    /// <summary>Cool-downs that start.</summary>
    public List<Cooldown> Cooldowns { get; } = [];

    /// <summary>How much more or less scopes use.</summary>
    public Charges Charges { get; } = new();

    // Balances as the entries so far leave them.
    public long External { get; private set; }

    public long Free { get; private set; }

    public long Held { get; private set; }

    public long Confirmed { get; private set; }

    public long Consumed { get; private set; }

    public long Blocked { get; private set; }

    /// <summary>The balances as the entries so far leave them.</summary>
    public Balances BalancesAfter => Entries.Count == 0
        ? before
        : new Balances
        {
            External = External,
            Free = Free,
            Held = Held,
            Confirmed = Confirmed,
            Consumed = Consumed,
            Blocked = Blocked,
        };

    /// <summary>Says which balances the entries start from.</summary>
    public void StartFrom(Balances balances)
    {
        before = balances;
        ResetBalances();
    }

    /// <summary>Moves units from one account to another; nothing at all for 0.</summary>
    public void Post(EntryKind kind, Account from, Account to, long quantity, string? reservationId)
    {
        if (quantity == 0)
        {
            return;
        }
        if (quantity < 0)
        {
            throw new LedgerFaultException($"An entry {kind} of {quantity} units; entries are positive.");
        }
        Add(from, -quantity);
        Add(to, quantity);
        Entries.Add(
            new LedgerEntry { Kind = kind, From = from, To = to, Quantity = quantity, ReservationId = reservationId });
    }

    /// <summary>Says how a reservation is afterwards.</summary>
    /// <param name="known">How it was so far; null where it is new.</param>
    /// <param name="reservation">How it is then.</param>
    public void Write(Reservation? known, Reservation reservation)
    {
        Charges.Add(known, reservation);
        for (var index = 0; index < After.Count; index++)
        {
            if (After[index].ReservationId == reservation.ReservationId)
            {
                After[index] = reservation;
                return;
            }
        }
        After.Add(reservation);
    }

    /// <summary>How a reservation is afterwards; null where nothing says so.</summary>
    public Reservation? Written(string reservationId)
    {
        foreach (var reservation in After)
        {
            if (reservation.ReservationId == reservationId)
            {
                return reservation;
            }
        }
        return null;
    }

    /// <summary>Forgets everything; the balances are those it started from.</summary>
    public void Clear()
    {
        Entries.Clear();
        After.Clear();
        Timers.Clear();
        Sources.Clear();
        Facts.Clear();
        Consumes.Clear();
        Approvals.Clear();
        Cooldowns.Clear();
        Charges.Clear();
        ResetBalances();
    }

    /// <summary>What is moved and written so far, so that more can be tried and undone.</summary>
    public Draft Keep() => new([.. Entries], [.. After], Charges.Keep());

    /// <summary>Undoes what was moved and written since.</summary>
    public void Return(in Draft draft)
    {
        Entries.Clear();
        After.Clear();
        ResetBalances();
        foreach (var entry in draft.Entries)
        {
            Add(entry.From, -entry.Quantity);
            Add(entry.To, entry.Quantity);
        }
        Entries.AddRange(draft.Entries);
        After.AddRange(draft.After);
        Charges.Return(draft.Charges);
    }

    private void ResetBalances()
    {
        External = before.External;
        Free = before.Free;
        Held = before.Held;
        Confirmed = before.Confirmed;
        Consumed = before.Consumed;
        Blocked = before.Blocked;
    }

    private void Add(Account account, long quantity)
    {
        switch (account)
        {
            case Account.External:
                External = checked(External + quantity);
                break;
            case Account.Free:
                Free = checked(Free + quantity);
                break;
            case Account.Held:
                Held = checked(Held + quantity);
                break;
            case Account.Confirmed:
                Confirmed = checked(Confirmed + quantity);
                break;
            case Account.Consumed:
                Consumed = checked(Consumed + quantity);
                break;
            case Account.Blocked:
                Blocked = checked(Blocked + quantity);
                break;
            default:
                throw new LedgerFaultException($"There is no account {account}.");
        }
    }
}

/// <summary>Entries, reservations and charges of a decision in the making.</summary>
internal readonly record struct Draft(LedgerEntry[] Entries, Reservation[] After, Charge[] Charges);
