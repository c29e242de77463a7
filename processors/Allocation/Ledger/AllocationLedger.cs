using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// Folds the command log of one partition, record by record: what is due first, then the command itself, then what
/// follows from it. Every outcome is applied to the state before the next decision looks at it. Not thread-safe.
/// </summary>
public sealed class AllocationLedger
{
    private readonly ILedgerState state;
    private readonly PolicyBook book;
    private readonly LedgerRole role;
    private readonly RecordFold fold;

    /// <param name="state">State of the partition.</param>
    /// <param name="policy">Policy in force until the partition takes another.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="role">For whom it decides.</param>
    public AllocationLedger(
        ILedgerState state, AllocationPolicy policy, int partition, LedgerRole role = LedgerRole.Authority)
    {
        this.state = state;
        this.role = role;
        book = new PolicyBook(policy);
        fold = new RecordFold(state, book, partition, role);
    }

    /// <summary>Folds one record; appends its outcomes, in order, and applies them to the state.</summary>
    /// <exception cref="LedgerFaultException">State and rules contradict each other; the state must be thrown
    /// away.</exception>
    public void Fold(in LedgerRecord record, List<AllocationOutcome> outcomes)
    {
        fold.Begin(record, outcomes);
        var isAllFired = DueTimers.Fire(fold);
        if (IsTick(record) || !IsDecided(record))
        {
            return;
        }
        if (!isAllFired)
        {
            DueTimers.FireForCommand(fold);
        }
        fold.CommitAndSettle(Answer(record));
    }

    /// <summary>
    /// What would be decided about a record now. Writes nothing, fires no timer: what is due and was not fired yet
    /// still counts as held.
    /// </summary>
    public AllocationOutcome Consider(in LedgerRecord record) => fold.Decide.Hypothesis(
        new Moment(state, Math.Max(record.TimestampMs, state.Partition.TMs), book.InForce(state)), record);

    /// <summary>What would cover the deficit of a pool; null where the pool is not known. Writes nothing.</summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="limit">Most that are listed.</param>
    public DeficitCover? Cover(string poolId, int limit) =>
        DeficitCover.Of(state, book.InForce(state), poolId, limit);

    // Others lose their units before the one for whom they do is granted them.
    private AllocationOutcome Answer(in LedgerRecord record)
    {
        var poolId = record.Command.PoolId;
        while (true)
        {
            var decided = fold.Decide.Command(fold.Now, record);
            if (decided.TakeFirst is not { } plans)
            {
                return decided.Final;
            }
            if (Victims.ExpireDue(fold, poolId, plans) == 0)
            {
                Victims.Take(fold, poolId, plans);
                return fold.Decide.Command(fold.Now, record, new Taken(plans)).Final;
            }
            // What they had is free now, for whoever is first in line: it is decided anew.
            Settlement.Settle(fold, poolId);
        }
    }

    private static bool IsTick(in LedgerRecord record) => record.Command.Body is AllocationCommandBody.Tick
        && record.Key == ReservedKeys.Tick && record.Command.PoolId == ReservedKeys.Tick;

    // A shadow decides about the pools that it tries, and follows what is for the whole partition.
    private bool IsDecided(in LedgerRecord record)
    {
        var command = record.Command;
        return role == LedgerRole.Authority || (record.Key == command.PoolId
            && (CommandKinds.IsForPartition(CommandKinds.Of(command.Body)) || fold.Decides(command.PoolId)));
    }
}
