using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// The state of one partition as the ledger sees it: plain gets for <see cref="Decide"/>, plain puts for
/// <see cref="Evolve"/>. Values are immutable. An entry past its <c>forgetAt</c> may be there or not; no decision
/// depends on it.
/// </summary>
public interface ILedgerState
{
    /// <summary>What belongs to the partition as a whole.</summary>
    PartitionState Partition { get; set; }

    /// <summary>The pool, or null.</summary>
    PoolState? GetPool(string poolId);

    /// <summary>Sets a pool.</summary>
    void PutPool(PoolState pool);

    /// <summary>The reservation of a pool, or null.</summary>
    Reservation? GetReservation(string poolId, string reservationId);

    /// <summary>Sets a reservation.</summary>
    void PutReservation(string poolId, Reservation reservation);

    /// <summary>What a command of a pool was answered, or null.</summary>
    CommandMemory? GetCommand(string poolId, string commandId);

    /// <summary>Remembers the answer to a command.</summary>
    void PutCommand(string poolId, string commandId, CommandMemory memory);

    /// <summary>A consumption or return that the pool has seen, or null.</summary>
    ConsumeMemory? GetConsume(string poolId, string consumeId);

    /// <summary>Remembers a consumption or return.</summary>
    void PutConsume(string poolId, ConsumeMemory memory);

    /// <summary>What is known about the facts of a source, or null.</summary>
    SupplySource? GetSource(string poolId, string source);

    /// <summary>Sets what is known about a source.</summary>
    void PutSource(string poolId, SupplySource source);

    /// <summary>All sources of a pool, by name.</summary>
    IEnumerable<SupplySource> GetSources(string poolId);

    /// <summary>Facts of a source that no snapshot covers yet, by sequence.</summary>
    IEnumerable<SupplyFact> GetFacts(string poolId, string source);

    /// <summary>Remembers a fact.</summary>
    void PutFact(string poolId, SupplyFact fact);

    /// <summary>Forgets the facts of a source up to a sequence.</summary>
    void RemoveFacts(string poolId, string source, long throughSequence);

    /// <summary>What the reservations of a scope use of a pool; zero when nobody asked yet.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="scope">The scope, as <see cref="Scopes"/> names it.</param>
    ScopeUsage GetUsage(string poolId, string scope);

    /// <summary>Sets what a scope uses; zero needs no entry.</summary>
    void PutUsage(string poolId, string scope, ScopeUsage usage);

    /// <summary>Those that wait for units of a pool, the first in line first.</summary>
    IEnumerable<WaiterPlace> GetWaiters(string poolId);

    /// <summary>The same, each with its class; empty where it was put in line before that was kept.</summary>
    IEnumerable<(WaiterPlace Place, string Class)> GetLine(string poolId);

    /// <summary>Puts a waiter in line.</summary>
    void PutWaiter(string poolId, WaiterPlace place, Place units);

    /// <summary>Takes a waiter out of the line.</summary>
    void RemoveWaiter(string poolId, WaiterPlace place);

    /// <summary>Those of a class that hold or confirmed units of a pool, the newest first.</summary>
    IEnumerable<HolderPlace> GetHolders(string poolId, string priorityClass);

    /// <summary>Says that a reservation holds or confirmed units.</summary>
    void PutHolder(string poolId, HolderPlace place, Place units);

    /// <summary>Says that a reservation has no units any more.</summary>
    void RemoveHolder(string poolId, HolderPlace place);

    /// <summary>A command that waits for an approval, or null.</summary>
    ParkedCommand? GetApproval(string poolId, string commandId);

    /// <summary>Sets a command that waits for an approval; null: it waits no longer.</summary>
    void PutApproval(string poolId, string commandId, ParkedCommand? pending);

    /// <summary>When a cool-down ends, in milliseconds since 1970 UTC; null where none was started.</summary>
    long? GetCooldown(string poolId, string id);

    /// <summary>Starts a cool-down.</summary>
    void PutCooldown(string poolId, Cooldown cooldown);

    /// <summary>What was set for the whole partition.</summary>
    PartitionSettings Settings { get; set; }

    /// <summary>Pools in the order of their ids, from an id on.</summary>
    IEnumerable<PoolState> GetPools(string fromPoolId);

    /// <summary>The timer that is due first; false when there is none.</summary>
    bool TryPeekTimer(out LedgerTimer timer);

    /// <summary>All timers in the order in which they fire.</summary>
    IEnumerable<LedgerTimer> GetTimers();

    /// <summary>Sets a timer.</summary>
    void SetTimer(LedgerTimer timer);

    /// <summary>Cancels a timer.</summary>
    void CancelTimer(LedgerTimer timer);
}
