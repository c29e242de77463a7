using Alloc.Engine.Processing;
using Alloc.Processors.SupplyBridge;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>Which movements the ledger has a counterpart of.</summary>
internal static class MovementRules
{
    /// <summary>
    /// Goods that left for an order or came back. Of one that the supply bridge makes no command of, the bridge says
    /// what is wrong, in a dead letter: here it is nobody's counterpart.
    /// </summary>
    public static bool HasCounterpart(string key, WarehouseMovement movement)
    {
        if (movement.Kind is not (MovementKind.Shipped or MovementKind.Returned))
        {
            return false;
        }
        try
        {
            FactRules.Check(key, movement);
            return true;
        }
        catch (BadRecordException)
        {
            return false;
        }
    }
}
