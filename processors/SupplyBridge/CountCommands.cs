using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Supply;

namespace Alloc.Processors.SupplyBridge;

/// <summary>What a count is to the ledger.</summary>
internal static class CountCommands
{
    /// <summary>The command of a count.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="count">What was counted.</param>
    /// <param name="atMs">When the log took it, milliseconds since 1970 UTC.</param>
    /// <exception cref="BadRecordException">No command can be made of it.</exception>
    public static AllocationCommand Of(string key, StockSnapshot count, long atMs)
    {
        FactRules.Check(key, count);
        return FactCommand.Of(
            FactIds.OfCount(count.Source, count.PoolId, count.Version), count.PoolId, count.Source, atMs,
            new AllocationCommandBody.SupplySnapshot
            {
                Source = count.Source,
                Version = count.Version,
                Quantity = count.Quantity,
                Blocked = count.Blocked,
                Through = count.Through,
            });
    }
}
