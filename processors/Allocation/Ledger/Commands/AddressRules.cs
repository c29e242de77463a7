using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>
/// Which pool a command is about, and whether its record is where it belongs. One that is not is looked at no further:
/// who wrote it may be anybody, so that not even the answer to a command with its id is told.
/// </summary>
internal static class AddressRules
{
    /// <summary>True when the record is where it belongs; otherwise the reasons are added.</summary>
    /// <param name="d">The decision; it is about the right pool afterwards.</param>
    /// <param name="record">The record.</param>
    /// <param name="poolStep">What the trace says of the pool; null where the command is about a partition.</param>
    public static bool Check(Decision d, in LedgerRecord record, out DecisionStep? poolStep)
    {
        poolStep = null;
        var poolId = record.Command.PoolId;
        if (record.Key is null || record.Key != poolId)
        {
            return Misaddressed(d, record.Key is null ? "the record has no key" : "key and poolId differ");
        }
        if (CommandKinds.IsForPartition(d.Kind))
        {
            d.UsePartition();
            return poolId == CommandKinds.KeyOf(d.Kind)
                || Misaddressed(d, $"a {d.Kind} has the key {CommandKinds.KeyOf(d.Kind)}");
        }
        if (IdRules.PoolFault(poolId, d.Policy.Limits.MaximumIdLength) is { } fault)
        {
            return Misaddressed(d, $"poolId {fault}");
        }
        var pool = d.State.GetPool(poolId);
        if (pool is null && record.KeyPartition != record.Partition)
        {
            return Misaddressed(
                d, "the key belongs to another partition",
                Trace.N(NumberName.Partition, record.Partition), Trace.N(NumberName.Expected, record.KeyPartition));
        }
        var isCreated = pool is null && CommandKinds.CreatesPool(d.Kind);
        if (pool is not null || isCreated)
        {
            d.UsePool(poolId, pool);
        }
        else
        {
            d.UsePartition();
        }
        poolStep = pool is not null ? Trace.PoolKnown : isCreated ? Trace.PoolCreated : Trace.PoolUnknown;
        return true;
    }

    private static bool Misaddressed(Decision d, string detail, params DecisionNumber[] numbers)
    {
        d.UsePartition();
        d.Look(Trace.ShapeFailed);
        d.Fail(ReasonCode.Malformed, detail, null, numbers);
        return false;
    }
}
