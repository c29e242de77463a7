using System.Diagnostics;
using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.SupplyBridge;

/// <summary>What goods that moved are to the ledger.</summary>
internal static class MovementCommands
{
    // What allocation.by-order tells an order by, where no reservation says whose it is.
    private const string OrderPrefix = "order/";

    /// <summary>The command of a movement.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="movement">What moved.</param>
    /// <param name="atMs">When the log took it, milliseconds since 1970 UTC.</param>
    /// <exception cref="BadRecordException">No command can be made of it.</exception>
    public static AllocationCommand Of(string key, WarehouseMovement movement, long atMs)
    {
        FactRules.Check(key, movement);
        var id = FactIds.OfMovement(movement.Source, movement.PoolId, movement.SourceSequence);
        return FactCommand.Of(id, movement.PoolId, movement.Source, atMs, BodyOf(movement)) with
        {
            CorrelationId = CorrelationOf(movement.OrderRef) ?? id,
            CausationId = movement.MovementId,
        };
    }

    private static AllocationCommandBody BodyOf(WarehouseMovement movement) => movement.Kind switch
    {
        MovementKind.Shipped => new AllocationCommandBody.Consume
        {
            ReservationId = ReservationOf(movement),
            Quantity = movement.Quantity,
            ConsumeId = movement.MovementId,
            OccurredAtMs = movement.OccurredAtMs,
            Source = movement.Source,
            SourceSequence = movement.SourceSequence,
        },
        MovementKind.Returned => new AllocationCommandBody.Return
        {
            ReservationId = ReservationOf(movement),
            Quantity = movement.Quantity,
            ConsumeId = movement.MovementId,
            Disposition = movement.Disposition ?? ReturnDisposition.Free,
            Source = movement.Source,
            SourceSequence = movement.SourceSequence,
        },
        MovementKind.Received or MovementKind.Adjusted => Delta(movement, movement.Quantity),
        MovementKind.Scrapped => Delta(movement, checked(-movement.Quantity)),
        _ => throw new UnreachableException(),
    };

    private static string ReservationOf(WarehouseMovement movement) =>
        movement.ReservationId ?? FactIds.OfNobody(movement.MovementId);

    private static AllocationCommandBody.SupplyDelta Delta(WarehouseMovement movement, long quantity) => new()
    {
        Source = movement.Source,
        SourceSequence = movement.SourceSequence,
        Quantity = quantity,
    };

    // It is shown only: one that does not fit is no reason to refuse what happened.
    private static string? CorrelationOf(string? orderRef) =>
        orderRef is not null && OrderPrefix.Length + orderRef.Length <= FactIds.MaximumLength
            ? OrderPrefix + orderRef : null;
}
