using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// One decision in the making: what it may look at, and what it collects for its outcome. Reads the state, never writes
/// it. One instance is used again and again.
/// </summary>
internal sealed partial class Decision(ILedgerState state, PolicyBook book, LedgerRole role)
{
    private readonly List<LedgerEntry> entries = [];
    private readonly List<Reservation> after = [];
    private readonly List<TimerChange> timers = [];
    private readonly List<SupplySource> sources = [];
    private readonly List<SupplyFact> facts = [];
    private readonly List<ConsumeMemory> consumes = [];
    private readonly List<DecisionStep> trace = [];
    private readonly List<Reason> reasons = [];
    private readonly List<(string Id, Reservation? Before)> found = [];
    private readonly List<ApprovalChange> approvals = [];
    private readonly List<Cooldown> cooldowns = [];
    private readonly Charges charges = new();
    private Func<string, ScopeUsage>? usageOf;

    /// <summary>For whom is decided.</summary>
    public LedgerRole Role { get; } = role;

    /// <summary>The state before.</summary>
    public ILedgerState State { get; } = state;

    /// <summary>The policies of the partition.</summary>
    public PolicyBook Book { get; } = book;

    /// <summary>The policy in force.</summary>
    public AllocationPolicy Policy { get; set; } = book.Shipped;

    /// <summary>The partition's clock.</summary>
    public long T { get; private set; }

    /// <summary>The command decided; null when a timer fires.</summary>
    public AllocationCommand? Command { get; private set; }

    /// <summary>Kind of the command.</summary>
    public CommandKind Kind { get; private set; }

    /// <summary>The command's payload hash.</summary>
    public ReadOnlyMemory<byte> Hash { get; private set; }

    /// <summary>The pool before; an empty one where it is not known.</summary>
    public PoolState Pool { get; private set; } = null!;

    /// <summary>Who decides about the pool that it is about.</summary>
    public AuthoritySlice Slice { get; private set; } = Authority.Everything;

    /// <summary>Whether the pool that the command names was known before.</summary>
    public bool IsPoolKnownByName { get; private set; }

    /// <summary>The parked command that is decided again, or null.</summary>
    public ParkedCommand? Parked { get; private set; }

    /// <summary>Set while the command at hand, which waited for an approval, is decided with it.</summary>
    public ParkedCommand? Approved { get; set; }

    /// <summary>Whether the command may wait (again) for what it needs.</summary>
    public bool MayPark { get; private set; }

    /// <summary>The figures of the pool as the entries so far leave them.</summary>
    public PoolFigures Figures => new(
        Pool.PoolId, Free, Availability.Saturate((Int128)Free + Held + Confirmed + Consumed),
        Pool.Settings.ServiceAtMs);

    /// <summary>What a scope of the pool uses, as the reservations written so far leave it.</summary>
    public Func<string, ScopeUsage> UsageOf => usageOf ??= FindUsage;

    /// <summary>What was taken from others so that this is granted, line by line; null: nothing.</summary>
    public PreemptionPlan[]? Taken { get; set; }

    /// <summary>What has to be taken from others first, line by line; null: nothing.</summary>
    public PreemptionPlan[]? ToTake { get; set; }

    /// <summary>Whether a reason to reject was found.</summary>
    public bool IsRejected => reasons.Count > 0;

    // Balances as the entries so far leave them.
    public long External { get; private set; }

    public long Free { get; private set; }

    public long Held { get; private set; }

    public long Confirmed { get; private set; }

    public long Consumed { get; private set; }

    public long Blocked { get; private set; }

    /// <summary>Begins the decision of a command, or of a parked one.</summary>
    public void BeginCommand(
        AllocationCommand command, CommandKind kind, ReadOnlyMemory<byte> hash, long t,
        ParkedCommand? parked, bool mayPark)
    {
        Clear(t);
        Command = command;
        Hash = hash;
        Kind = kind;
        Parked = parked;
        MayPark = mayPark;
    }

    /// <summary>Begins what a timer causes.</summary>
    public void BeginTimer(long t) => Clear(t);

    /// <summary>Says which pool it is about.</summary>
    public void UsePool(string poolId, PoolState? pool)
    {
        IsPoolKnownByName = pool is not null && (Command is null || Command.PoolId == poolId);
        Pool = pool ?? EmptyPool(poolId);
        Slice = SliceOf(Command?.PoolId ?? poolId);
        ResetBalances();
    }

    /// <summary>The slice of a pool, as the one for whom is decided sees it.</summary>
    public AuthoritySlice SliceOf(string poolId)
    {
        if (Role == LedgerRole.Shadow)
        {
            return ShadowSlices.SliceOf(State.Settings.Slices, poolId);
        }
        return State.Partition.Epoch == 0
            ? Authority.Everything
            : Authority.SliceOf(State.Settings.Slices, poolId);
    }

    /// <summary>A pool before its first outcome.</summary>
    public static PoolState EmptyPool(string poolId) =>
        new() { PoolId = poolId, Sequence = 0, Balances = NoBalances, Settings = NoSettings };

    private static readonly Balances NoBalances = new();
    private static readonly PoolSettings NoSettings = new();

    /// <summary>Adds a step to the trace.</summary>
    public void Look(DecisionStep step) => trace.Add(step);

    /// <summary>A step that was looked at came to another result.</summary>
    public void LookAgain(DecisionStep before, DecisionStep after)
    {
        if (trace.IndexOf(before) is >= 0 and var index)
        {
            trace[index] = after;
        }
    }

    /// <summary>Adds a reason to reject.</summary>
    public void Fail(
        ReasonCode code, string detail = "", string? reservationId = null, params DecisionNumber[] numbers) =>
        reasons.Add(new Reason { Code = code, Detail = detail, ReservationId = reservationId, Numbers = numbers });

    /// <summary>Adds a reason to reject.</summary>
    public void Fail(Reason reason) => reasons.Add(reason);

    /// <summary>Moves units from one account to another; nothing at all for 0.</summary>
    public void Post(EntryKind kind, Account from, Account to, long quantity, string? reservationId = null)
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
        entries.Add(
            new LedgerEntry { Kind = kind, From = from, To = to, Quantity = quantity, ReservationId = reservationId });
    }

    /// <summary>
    /// A reservation of the pool that the command names, as far as it is not forgotten, without the parked command at
    /// hand.
    /// </summary>
    public Reservation? Find(string reservationId)
    {
        var before = Before(reservationId);
        return before is null || Parked is null || before.Parked.Count == 0 ? before : Parking.Without(before, Parked);
    }

    // As the state has it, looked up once for a decision.
    private Reservation? Before(string reservationId)
    {
        for (var index = 0; index < found.Count; index++)
        {
            if (found[index].Id == reservationId)
            {
                return found[index].Before;
            }
        }
        var before = State.GetReservation(Command?.PoolId ?? Pool.PoolId, reservationId);
        if (before?.ForgetAtMs <= T)
        {
            before = null;
        }
        found.Add((reservationId, before));
        return before;
    }

    /// <summary>Says how a reservation is afterwards; one that has ended is forgotten after its retention.</summary>
    public void Write(Reservation reservation)
    {
        var forgetAt = ForgetAt(reservation);
        if (reservation.ForgetAtMs != forgetAt)
        {
            reservation = reservation with { ForgetAtMs = forgetAt };
        }
        for (var index = 0; index < after.Count; index++)
        {
            if (after[index].ReservationId == reservation.ReservationId)
            {
                charges.Add(after[index], reservation);
                after[index] = reservation;
                return;
            }
        }
        charges.Add(Before(reservation.ReservationId), reservation);
        after.Add(reservation);
    }

    /// <summary>Says how a source mark is afterwards.</summary>
    public void Write(SupplySource source) => sources.Add(source);

    /// <summary>Remembers a fact until a snapshot covers it.</summary>
    public void Write(SupplyFact fact) => facts.Add(fact);

    /// <summary>Remembers a consumption or return.</summary>
    public void Write(ConsumeMemory consume) => consumes.Add(consume);

    /// <summary>A command waits for an approval; null: it waits no longer.</summary>
    public void WriteApproval(string commandId, ParkedCommand? pending) =>
        approvals.Add(new ApprovalChange { CommandId = commandId, Pending = pending });

    /// <summary>Starts a cool-down.</summary>
    public void Write(Cooldown cooldown) => cooldowns.Add(cooldown);

    /// <summary>Sets a timer.</summary>
    public void SetTimer(long dueAtMs, TimerKind kind, string id) => timers.Add(Timer(dueAtMs, kind, id, set: true));

    /// <summary>Cancels a timer.</summary>
    public void CancelTimer(long dueAtMs, TimerKind kind, string id) =>
        timers.Add(Timer(dueAtMs, kind, id, set: false));

    /// <summary>Drops whatever would change state; the trace and the reasons stay.</summary>
    public void DropEffects()
    {
        entries.Clear();
        after.Clear();
        timers.Clear();
        sources.Clear();
        facts.Clear();
        consumes.Clear();
        approvals.Clear();
        cooldowns.Clear();
        charges.Clear();
        ResetBalances();
    }

    /// <summary>What is moved and written so far, so that more can be tried and undone.</summary>
    public Draft Keep() => new([.. entries], [.. after], charges.Keep());

    /// <summary>Undoes what was moved and written since.</summary>
    public void Return(in Draft draft)
    {
        entries.Clear();
        after.Clear();
        ResetBalances();
        foreach (var entry in draft.Entries)
        {
            Add(entry.From, -entry.Quantity);
            Add(entry.To, entry.Quantity);
        }
        entries.AddRange(draft.Entries);
        after.AddRange(draft.After);
        charges.Return(draft.Charges);
    }

    /// <summary>Whether the outcome says how the reservation is afterwards.</summary>
    public bool Touches(string reservationId) => Written(reservationId) is not null;

    /// <summary>How the reservation is afterwards; null where the outcome does not say so.</summary>
    public Reservation? Written(string reservationId)
    {
        foreach (var reservation in after)
        {
            if (reservation.ReservationId == reservationId)
            {
                return reservation;
            }
        }
        return null;
    }

    /// <summary>Nothing waits in a pool that nobody knows.</summary>
    public void ForbidParkingUnlessCreated(bool isCreated) => MayPark &= isCreated;

    /// <summary>Whether every reason found is one of these.</summary>
    public bool OnlyRejectedFor(params ReadOnlySpan<ReasonCode> codes)
    {
        foreach (var reason in reasons)
        {
            if (!codes.Contains(reason.Code))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether this is among the reasons found.</summary>
    public bool IsRejectedFor(ReasonCode code)
    {
        foreach (var reason in reasons)
        {
            if (reason.Code == code)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Drops the reasons found.</summary>
    public void DropReasons() => reasons.Clear();

    private long? ForgetAt(Reservation reservation)
    {
        if (reservation.Held > 0 || reservation.Confirmed > 0 || reservation.Waiting > 0
            || reservation.Parked.Count > 0)
        {
            return null;
        }
        var isKnown = reservation.EndedBy != Ending.Nothing || reservation.Granted > 0 || reservation.Orphaned > 0;
        return isKnown ? checked(T + Policy.Limits.ReservationRetentionMs) : T;
    }

    private static TimerChange Timer(long dueAtMs, TimerKind kind, string id, bool set) =>
        new() { DueAtMs = dueAtMs, Kind = kind, Id = id, Set = set };

    private void Clear(long t)
    {
        T = t;
        Command = null;
        Kind = CommandKind.Unknown;
        Parked = null;
        Approved = null;
        MayPark = false;
        Taken = null;
        ToTake = null;
        trace.Clear();
        reasons.Clear();
        entries.Clear();
        after.Clear();
        timers.Clear();
        sources.Clear();
        facts.Clear();
        consumes.Clear();
        approvals.Clear();
        cooldowns.Clear();
        charges.Clear();
        found.Clear();
    }

    private ScopeUsage FindUsage(string scope)
    {
        var usage = State.GetUsage(Pool.PoolId, scope);
        return charges.For(scope) is not { } charge
            ? usage
            : new ScopeUsage
            {
                Open = checked(usage.Open + charge.Delta),
                Consumed = checked(usage.Consumed + charge.Consumed),
            };
    }

    private void ResetBalances()
    {
        var balances = Pool.Balances;
        External = balances.External;
        Free = balances.Free;
        Held = balances.Held;
        Confirmed = balances.Confirmed;
        Consumed = balances.Consumed;
        Blocked = balances.Blocked;
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
