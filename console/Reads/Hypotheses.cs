using System.Text;
using Alloc.Engine.Runtime;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Web.Reads;

/// <summary>Decides commands that nobody sent, against the committed state of the partitions that are here.</summary>
public sealed class Hypotheses(StreamsApplication application, AllocationOptions options)
{
    private const int Attempts = 3;

    /// <summary>What would be decided now; null when the partition is not here and ready.</summary>
    /// <exception cref="LedgerFaultException">The state moved on during each of a few attempts.</exception>
    public AllocationOutcome? Decide(AllocationCommand command, long nowMs)
    {
        var partition = Murmur2.Partition(Encoding.UTF8.GetBytes(command.PoolId), options.PartitionCount);
        for (var attempt = 1; ; attempt++)
        {
            if (application.QueryStores(AllocationStores.Pools, partition) is not { } stores)
            {
                return null;
            }
            try
            {
                var ledger = new AllocationLedger(new StoreLedgerState(stores), options.Policy, partition);
                return ledger.Consider(new LedgerRecord(
                    options.CommandTopic, partition, Offset: 0, nowMs, command.PoolId, partition, command));
            }
            catch (LedgerFaultException) when (attempt < Attempts)
            {
                // Two reads saw two commits.
            }
        }
    }
}
