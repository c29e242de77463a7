using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>
/// Tier 0: a command that makes no sense whatever the state is Malformed; the detail names the field.
/// </summary>
internal static class ShapeRules
{
    /// <summary>Adds a reason for every field that is out of its range.</summary>
    public static void Check(Decision d, AllocationCommand command)
    {
        var limits = d.Policy.Limits;
        Id(d, command.CommandId, "commandId");
        Reference(d, command.CorrelationId, "correlationId");
        Reference(d, command.CausationId, "causationId");
        Reference(d, command.Actor.Id, "actor.id");
        Reference(d, command.Actor.Channel, "actor.channel");
        Reference(d, command.Actor.Tier, "actor.tier");
        if (command.Actor.Type == ActorType.Unknown)
        {
            Malformed(d, "actor.type is unknown");
        }
        if (command.ExpectedVersion < 0)
        {
            Malformed(d, "expectedVersion is negative");
        }
        else if (command.ExpectedVersion is not null && !MayExpectVersion(command.Body))
        {
            Malformed(d, "expectedVersion is for a command about one reservation");
        }
        switch (command.Body)
        {
            case AllocationCommandBody.Hold hold:
                HoldShapes.Hold(d, hold, limits);
                break;
            case AllocationCommandBody.Confirm confirm:
                Id(d, confirm.ReservationId, "reservationId");
                OptionalQuantity(d, confirm.Quantity);
                Known(d, confirm.Remainder != Remainder.Unknown, "remainder");
                if (confirm.CommitGroup is { } group)
                {
                    Id(d, group, "commitGroup");
                }
                break;
            case AllocationCommandBody.Release release:
                Id(d, release.ReservationId, "reservationId");
                OptionalQuantity(d, release.Quantity);
                Known(d, release.Bucket != ReleaseBucket.Unknown, "bucket");
                Reason(d, release.Reason);
                break;
            case AllocationCommandBody.Consume consume:
                SupplyShapes.Fact(
                    d, consume.ReservationId, consume.Quantity, consume.ConsumeId, consume.Source,
                    consume.SourceSequence);
                break;
            case AllocationCommandBody.Return returned:
                SupplyShapes.Fact(
                    d, returned.ReservationId, returned.Quantity, returned.ConsumeId, returned.Source,
                    returned.SourceSequence);
                Known(d, returned.Disposition != ReturnDisposition.Unknown, "disposition");
                break;
            case AllocationCommandBody.Extend extend:
                Id(d, extend.ReservationId, "reservationId");
                Positive(d, extend.TtlMs, "ttlMs");
                break;
            case AllocationCommandBody.Amend amend:
                ChangeShapes.Amend(d, amend);
                break;
            case AllocationCommandBody.Split split:
                ChangeShapes.Split(d, split);
                break;
            case AllocationCommandBody.Reassign reassign:
                ChangeShapes.Reassign(d, reassign);
                break;
            case AllocationCommandBody.ForceRelease force:
                OperatorShapes.ForceRelease(d, force);
                break;
            case AllocationCommandBody.Approve approve:
                Id(d, approve.ApprovedCommandId, "approvedCommandId");
                break;
            case AllocationCommandBody.Import import:
                OperatorShapes.Import(d, import);
                break;
            case AllocationCommandBody.Repair repair:
                OperatorShapes.Repair(d, command, repair);
                break;
            case AllocationCommandBody.PolicyActivate activate:
                PartitionShapes.Activate(d, activate);
                break;
            case AllocationCommandBody.ModeSwitch change:
                PartitionShapes.Mode(d, change);
                break;
            case AllocationCommandBody.AuthorityTransfer transfer:
                PartitionShapes.Transfer(d, transfer);
                break;
            case AllocationCommandBody.SupplyDelta delta:
                SupplyShapes.Delta(d, delta, limits);
                break;
            case AllocationCommandBody.SupplySnapshot snapshot:
                SupplyShapes.Snapshot(d, snapshot, limits);
                break;
            case AllocationCommandBody.Block block:
                Quantity(d, block.Quantity);
                break;
            case AllocationCommandBody.Unblock unblock:
                Quantity(d, unblock.Quantity);
                break;
            case AllocationCommandBody.PoolConfigure configure:
                Known(d, configure.Set is null || !configure.Set.Contains(PoolSetting.Unknown), "set");
                SupplyShapes.Settings(d, configure.Settings, limits);
                break;
            default:
                break;
        }
    }

    // Where no version is looked at, one that is given would be a precondition that nobody checks. Physical facts are
    // refused for none.
    private static bool MayExpectVersion(AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Hold hold => hold.Lines.Count <= 1,
        AllocationCommandBody.Repair repair => repair.Action == RepairRules.Release,
        AllocationCommandBody.Approve or AllocationCommandBody.Block or AllocationCommandBody.Unblock
            or AllocationCommandBody.PoolConfigure => false,
        _ => !CommandKinds.IsForPartition(CommandKinds.Of(body)),
    };
}
