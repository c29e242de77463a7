using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// One decision in the making: what it rests on, what was found out, and what it would change. Reads the state, never
/// writes it. One instance is used again and again: whatever the beginning of one is not told is forgotten.
/// </summary>
internal sealed class Decision(PolicyBook book, int partition, LedgerRole role)
{
    private static readonly Balances NoBalances = new();
    private static readonly PoolSettings NoSettings = new();
    private readonly List<Reason> reasons = [];
    private readonly List<(string Id, Reservation? Before)> found = [];
    private Func<string, ScopeUsage>? usageOf;

    /// <summary>For whom is decided.</summary>
    public LedgerRole Role { get; } = role;

    /// <summary>The policies of the partition.</summary>
    public PolicyBook Book { get; } = book;

    /// <summary>The pool of what belongs to no pool.</summary>
    public string PartitionPoolId { get; } = ReservedKeys.PartitionPool(partition);

    /// <summary>The state before.</summary>
    public ILedgerState State { get; private set; } = null!;

    /// <summary>The partition's clock.</summary>
    public long T { get; private set; }

    /// <summary>The policy that decides; the one that the decision puts in force, once it has.</summary>
    public AllocationPolicy Policy { get; private set; } = book.Shipped;

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

    /// <summary>The command that waited for an approval, where that is decided now; or null.</summary>
    public ParkedCommand? Approved { get; private set; }

    /// <summary>Whether the command may wait (again) for what it needs.</summary>
    public bool MayPark { get; private set; }

    /// <summary>What was taken from others so that this is granted.</summary>
    public Taken Taken { get; private set; }

    /// <summary>What it would change so far.</summary>
    public DecisionEffects Effects { get; } = new();

    /// <summary>Each rule that was looked at.</summary>
    public List<DecisionStep> Trace { get; } = [];

    /// <summary>The figures of the pool as the entries so far leave them.</summary>
    public PoolFigures Figures => new(
        Pool.PoolId, Free, Availability.Saturate((Int128)Free + Held + Confirmed + Consumed),
        Pool.Settings.ServiceAtMs);

    /// <summary>What a scope of the pool uses, as the reservations written so far leave it.</summary>
    public Func<string, ScopeUsage> UsageOf => usageOf ??= FindUsage;

    /// <summary>Whether a reason to reject was found.</summary>
    public bool IsRejected => reasons.Count > 0;

    // Balances as the entries so far leave them.
    public long External => Effects.External;

    public long Free => Effects.Free;

    public long Held => Effects.Held;

    public long Confirmed => Effects.Confirmed;

    public long Consumed => Effects.Consumed;

    public long Blocked => Effects.Blocked;

    /// <summary>Begins a decision that no command asks for.</summary>
    public void Begin(in Moment now)
    {
        State = now.State;
        T = now.T;
        Policy = now.Policy;
        Command = null;
        Kind = CommandKind.Unknown;
        Parked = null;
        Approved = null;
        MayPark = false;
        Taken = default;
        Trace.Clear();
        reasons.Clear();
        found.Clear();
        Effects.Clear();
    }

    /// <summary>Begins the decision of a command of the log, which may wait.</summary>
    public void BeginCommand(in Moment now, AllocationCommand command, ReadOnlyMemory<byte> hash, Taken taken)
    {
        Begin(now, command, hash);
        MayPark = true;
        Taken = taken;
    }

    /// <summary>Begins the decision of a command that waited for what it needs.</summary>
    public void BeginParked(in Moment now, ParkedCommand parked, bool mayPark)
    {
        Begin(now, parked.Command, parked.PayloadHash);
        Parked = parked;
        MayPark = mayPark;
    }

    /// <summary>Begins the decision of a command that waited for an approval.</summary>
    public void BeginApproved(in Moment now, ParkedCommand pending)
    {
        Begin(now, pending.Command, pending.PayloadHash);
        Approved = pending;
    }

    /// <summary>Begins what concerns one who waits, for whom units may have been taken.</summary>
    public void BeginWaiter(in Moment now, string poolId, Taken taken)
    {
        BeginPool(now, poolId);
        Taken = taken;
    }

    /// <summary>Begins what concerns a pool.</summary>
    public void BeginPool(in Moment now, string poolId)
    {
        Begin(now);
        UsePool(poolId, State.GetPool(poolId));
    }

    /// <summary>Says which pool it is about.</summary>
    public void UsePool(string poolId, PoolState? pool)
    {
        IsPoolKnownByName = pool is not null && (Command is null || Command.PoolId == poolId);
        Pool = pool ?? EmptyPool(poolId);
        Slice = Authority.SliceFor(Role, State, Command?.PoolId ?? poolId);
        Effects.StartFrom(Pool.Balances);
    }

    /// <summary>It is about what belongs to no pool.</summary>
    public void UsePartition() => UsePool(PartitionPoolId, State.GetPool(PartitionPoolId));

    /// <summary>A pool before its first outcome.</summary>
    public static PoolState EmptyPool(string poolId) =>
        new() { PoolId = poolId, Sequence = 0, Balances = NoBalances, Settings = NoSettings };

    /// <summary>The outcome of this decision is the first under another policy.</summary>
    public void PutInForce(AllocationPolicy policy) => Policy = policy;

    /// <summary>Adds a step to the trace.</summary>
    public void Look(DecisionStep step) => Trace.Add(step);

    /// <summary>A step that was looked at came to another result.</summary>
    public void LookAgain(DecisionStep before, DecisionStep after)
    {
        if (Trace.IndexOf(before) is >= 0 and var index)
        {
            Trace[index] = after;
        }
    }

    /// <summary>Adds a reason to reject.</summary>
    public void Fail(
        ReasonCode code, string detail = "", string? reservationId = null, params DecisionNumber[] numbers) =>
        reasons.Add(new Reason { Code = code, Detail = detail, ReservationId = reservationId, Numbers = numbers });

    /// <summary>Adds a reason to reject.</summary>
    public void Fail(Reason reason) => reasons.Add(reason);

    /// <summary>The event of a rejection, with all reasons found; nothing moves.</summary>
    public AllocationOutcomeEvent Rejected(string? reservationId = null) =>
        new AllocationOutcomeEvent.Rejected { Reasons = reasons.ToArray(), ReservationId = reservationId };

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

    /// <summary>
    /// A reservation of the pool that the command names, as far as it is not forgotten, without the parked command at
    /// hand.
    /// </summary>
    public Reservation? Find(string reservationId)
    {
        var before = Before(reservationId);
        return before is null || Parked is null || before.Parked.Count == 0 ? before : Parking.Without(before, Parked);
    }

    /// <summary>Moves units from one account to another; nothing at all for 0.</summary>
    public void Post(EntryKind kind, Account from, Account to, long quantity, string? reservationId = null) =>
        Effects.Post(kind, from, to, quantity, reservationId);

    /// <summary>Says how a reservation is afterwards; one that has ended is forgotten after its retention.</summary>
    public void Write(Reservation reservation)
    {
        var forgetAt = ForgetAt(reservation);
        if (reservation.ForgetAtMs != forgetAt)
        {
            reservation = reservation with { ForgetAtMs = forgetAt };
        }
        Effects.Write(Written(reservation.ReservationId) ?? Before(reservation.ReservationId), reservation);
    }

    /// <summary>Says how a source mark is afterwards.</summary>
    public void Write(SupplySource source) => Effects.Sources.Add(source);

    /// <summary>Remembers a fact until a snapshot covers it.</summary>
    public void Write(SupplyFact fact) => Effects.Facts.Add(fact);

    /// <summary>Remembers a consumption or return.</summary>
    public void Write(ConsumeMemory consume) => Effects.Consumes.Add(consume);

    /// <summary>Starts a cool-down.</summary>
    public void Write(Cooldown cooldown) => Effects.Cooldowns.Add(cooldown);

    /// <summary>A command waits for an approval; null: it waits no longer.</summary>
    public void WriteApproval(string commandId, ParkedCommand? pending) =>
        Effects.Approvals.Add(new ApprovalChange { CommandId = commandId, Pending = pending });

    /// <summary>Sets a timer.</summary>
    public void SetTimer(long dueAtMs, TimerKind kind, string id) =>
        Effects.Timers.Add(new TimerChange { DueAtMs = dueAtMs, Kind = kind, Id = id, Set = true });

    /// <summary>Cancels a timer.</summary>
    public void CancelTimer(long dueAtMs, TimerKind kind, string id) =>
        Effects.Timers.Add(new TimerChange { DueAtMs = dueAtMs, Kind = kind, Id = id, Set = false });

    /// <summary>Drops whatever would change state; the trace and the reasons stay.</summary>
    public void DropEffects() => Effects.Clear();

    /// <summary>Whether the outcome says how the reservation is afterwards.</summary>
    public bool Touches(string reservationId) => Written(reservationId) is not null;

    /// <summary>How the reservation is afterwards; null where the outcome does not say so.</summary>
    public Reservation? Written(string reservationId) => Effects.Written(reservationId);

    /// <summary>Nothing waits in a pool that nobody knows.</summary>
    public void ForbidParkingUnlessCreated(bool isCreated) => MayPark &= isCreated;

    private void Begin(in Moment now, AllocationCommand command, ReadOnlyMemory<byte> hash)
    {
        Begin(now);
        Command = command;
        Kind = CommandKinds.Of(command.Body);
        Hash = hash;
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

    private ScopeUsage FindUsage(string scope)
    {
        var usage = State.GetUsage(Pool.PoolId, scope);
        return Effects.Charges.For(scope) is not { } charge
            ? usage
            : new ScopeUsage
            {
                Open = checked(usage.Open + charge.Delta),
                Consumed = checked(usage.Consumed + charge.Consumed),
            };
    }
}
