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

    /// <summary>The timer that is due first; false when there is none.</summary>
    bool TryPeekTimer(out LedgerTimer timer);

    /// <summary>All timers in the order in which they fire.</summary>
    IEnumerable<LedgerTimer> GetTimers();

    /// <summary>Sets a timer.</summary>
    void SetTimer(LedgerTimer timer);

    /// <summary>Cancels a timer.</summary>
    void CancelTimer(LedgerTimer timer);
}
