using Alloc.Engine.Processing;
using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.SupplyBridge;

/// <summary>
/// What a fact must be, whatever the ledger knows. The time of the source is shown and never counted with, so it may
/// be anything.
/// </summary>
internal static class FactRules
{
    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string key, WarehouseMovement movement)
    {
        CheckPool(key, movement.PoolId);
        RecordRules.CheckId("movementId", movement.MovementId);
        RecordRules.CheckId("source", movement.Source);
        RecordRules.CheckNumber("sourceSequence", movement.SourceSequence, 1, long.MaxValue - 1);
        if (movement.Kind == MovementKind.Unknown)
        {
            throw new BadRecordException("its kind is none that this version knows") { Kind = BadRecordKind.Unknown };
        }
        if (movement.Kind != MovementKind.Adjusted)
        {
            RecordRules.CheckNumber("quantity", movement.Quantity, 1);
        }
        else if (movement.Quantity == 0)
        {
            throw new BadRecordException("its quantity is 0: an adjustment takes away or adds");
        }
        if (movement.Disposition == ReturnDisposition.Unknown)
        {
            throw new BadRecordException("its disposition is none that this version knows")
            {
                Kind = BadRecordKind.Unknown,
            };
        }
        RecordRules.CheckOptionalId("orderRef", movement.OrderRef);
        RecordRules.CheckOptionalId("reservationId", movement.ReservationId);
    }

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string key, StockSnapshot count)
    {
        CheckPool(key, count.PoolId);
        RecordRules.CheckId("source", count.Source);
        RecordRules.CheckNumber("version", count.Version, 0);
        RecordRules.CheckNumber("quantity", count.Quantity, 0);
        if (count.Blocked is { } blocked)
        {
            RecordRules.CheckNumber("blocked", blocked, 0, count.Quantity);
        }
        if (count.Through is { } through)
        {
            RecordRules.CheckNumber("through", through, 0, long.MaxValue - 1);
        }
    }

    private static void CheckPool(string key, string poolId)
    {
        RecordRules.CheckPoolId("poolId", poolId);
        if (key != poolId)
        {
            throw new BadRecordException($"its key is not its poolId, '{ShownText.Short(poolId)}'");
        }
    }
}
