using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// Tells every partition of pools and of orders which catalogue counts. The topics are compacted: a partition that is
/// read from its beginning has the newest.
/// </summary>
internal static class ControlCopies
{
    public static void Send(CatalogueInForce inForce, ReconciliationOptions options, Emit emit, long atMs)
    {
        Send(MismatchTopology.PoolControl, options.PoolPartitionCount);
        Send(MismatchTopology.OrderControl, options.OrderPartitionCount);

        void Send(string sink, int partitions)
        {
            for (var partition = 0; partition < partitions; partition++)
            {
                emit(
                    sink, new PartitionedKey(CatalogueRecords.Key, partition),
                    new ReconciliationControl { Catalogue = inForce }, atMs);
            }
        }
    }
}
