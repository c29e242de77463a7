using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Web.Reads;

/// <summary>Decides commands that nobody sent, against the committed state of the partitions that are here.</summary>
/// <param name="open">The committed stores of a partition that is here and ready, else null.</param>
/// <param name="options">What the ledger runs with.</param>
public sealed class Hypotheses(Func<int, IStores?> open, AllocationOptions options)
{
    private const int Attempts = 3;

    /// <summary>The policy in force before any was taken.</summary>
    public AllocationPolicy Shipped => options.Policy;

    /// <summary>The last answers of this instance that the ledger does not remember.</summary>
    public RecentRefusals Refusals => options.Refusals;

    /// <summary>What would be decided now; null when the partition is not here and ready.</summary>
    /// <exception cref="LedgerFaultException">The state moved on during each of a few attempts.</exception>
    public AllocationOutcome? Decide(AllocationCommand command, long nowMs) => Ask(
        command.PoolId,
        (ledger, partition) => ledger.Consider(new LedgerRecord(
            options.CommandTopic, partition, Offset: 0, nowMs, command.PoolId, partition, command)));

    /// <summary>What would cover the deficit of a pool; null when it is not known, or its partition not here and ready.
    /// </summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="limit">Most that are listed.</param>
    public DeficitCover? Cover(string poolId, int limit) => Ask(poolId, (ledger, _) => ledger.Cover(poolId, limit));

    private T? Ask<T>(string poolId, Func<AllocationLedger, int, T?> ask)
        where T : class
    {
        var partition = Murmur2.Partition(Encoding.UTF8.GetBytes(poolId), options.PartitionCount);
        for (var attempt = 1; ; attempt++)
        {
            if (open(partition) is not { } stores)
            {
                return null;
            }
            try
            {
                return ask(new AllocationLedger(new StoreLedgerState(stores), options.Policy, partition), partition);
            }
            catch (LedgerFaultException) when (attempt < Attempts)
            {
                // Two reads saw two commits.
            }
        }
    }
}
