using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>Which movements the ledger has a counterpart of.</summary>
internal static class MovementRules
{
    /// <summary>
    /// Goods that left for an order or came back. What is wrong with a movement, the supply bridge says, which makes
    /// commands of them: here it is nobody's counterpart.
    /// </summary>
    public static bool HasCounterpart(string key, WarehouseMovement movement) =>
        movement.Kind is MovementKind.Shipped or MovementKind.Returned && movement.PoolId == key
        && movement.Quantity > 0 && movement.MovementId.Length is > 0 and <= InputRules.IdLength
        && key.Length <= InputRules.IdLength && !key.StartsWith('$')
        && !key.AsSpan().ContainsAnyInRange('\u0000', '\u001F')
        && !movement.MovementId.AsSpan().ContainsAnyInRange('\u0000', '\u001F');
}
