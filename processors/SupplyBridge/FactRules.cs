using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger.Commands;
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
        CheckId("movementId", movement.MovementId);
        CheckId("source", movement.Source);
        CheckRange("sourceSequence", movement.SourceSequence, 1, long.MaxValue - 1);
        if (movement.Kind == MovementKind.Unknown)
        {
            throw new BadRecordException("its kind is none that this version knows") { Kind = BadRecordKind.Unknown };
        }
        if (movement.Kind != MovementKind.Adjusted)
        {
            CheckRange("quantity", movement.Quantity, 1, long.MaxValue);
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
        CheckOptionalId("orderRef", movement.OrderRef);
        CheckOptionalId("reservationId", movement.ReservationId);
    }

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string key, StockSnapshot count)
    {
        CheckPool(key, count.PoolId);
        CheckId("source", count.Source);
        CheckRange("version", count.Version, 0, long.MaxValue);
        CheckRange("quantity", count.Quantity, 0, long.MaxValue);
        if (count.Blocked is { } blocked)
        {
            CheckRange("blocked", blocked, 0, count.Quantity);
        }
        if (count.Through is { } through)
        {
            CheckRange("through", through, 0, long.MaxValue - 1);
        }
    }

    private static void CheckPool(string key, string poolId)
    {
        if (FieldRules.PoolIdFault(poolId, FactIds.MaximumLength) is { } fault)
        {
            throw new BadRecordException($"poolId {fault}");
        }
        if (key != poolId)
        {
            throw new BadRecordException($"its key is not its poolId, '{poolId}'");
        }
    }

    private static void CheckOptionalId(string field, string? id)
    {
        if (id is not null)
        {
            CheckId(field, id);
        }
    }

    private static void CheckId(string field, string id)
    {
        if (FieldRules.IdFault(id, FactIds.MaximumLength) is { } fault)
        {
            throw new BadRecordException($"{field} {fault}");
        }
    }

    private static void CheckRange(string field, long value, long minimum, long maximum)
    {
        if (value < minimum || value > maximum)
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"{field} {value} is {(value < minimum ? $"below {minimum}" : $"above {maximum}")}"));
        }
    }
}
