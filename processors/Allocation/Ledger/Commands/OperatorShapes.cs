using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Shapes of commands of operators, migrations and reconciliation.</summary>
internal static class OperatorShapes
{
    public static void ForceRelease(Decision d, AllocationCommandBody.ForceRelease force)
    {
        Id(d, force.ReservationId, "reservationId");
        OptionalQuantity(d, force.Quantity);
        Known(d, force.Bucket != ReleaseBucket.Unknown, "bucket");
        Id(d, force.Ticket, "ticket");
        Reason(d, force.Reason);
    }

    public static void Import(Decision d, AllocationCommandBody.Import import)
    {
        var maximum = d.Policy.Limits.MaximumQuantity;
        Id(d, import.ReservationId, "reservationId");
        if (import.Held < 0 || import.Held > maximum)
        {
            Range(d, "held", import.Held, 0, maximum);
        }
        if (import.Confirmed < 0 || import.Confirmed > maximum)
        {
            Range(d, "confirmed", import.Confirmed, 0, maximum);
        }
        if (import is { Held: 0, Confirmed: 0 })
        {
            Malformed(d, "held or confirmed is needed");
        }
        if (import.Held > 0 && import.ExpiresAtMs is null)
        {
            Malformed(d, "expiresAt is needed where units are held");
        }
        Reference(d, import.Class, "class");
        Reference(d, import.OrderRef, "orderRef");
        Reference(d, import.CustomerRef, "customerRef");
    }

    public static void Repair(Decision d, AllocationCommand command, AllocationCommandBody.Repair repair)
    {
        Id(d, repair.MismatchId, "mismatchId");
        Id(d, repair.Approver, "approver");
        OnlyFor(d, RepairRules.Release, repair.Action, repair.ReservationId is not null, "reservationId");
        OnlyFor(
            d, RepairRules.Adjust, repair.Action,
            repair.Quantity is not null || repair.From != RepairAccount.Unknown || repair.To != RepairAccount.Unknown,
            "quantity, from and to");
        OnlyFor(d, RepairRules.AcceptSnapshot, repair.Action, repair.Source is not null, "source");
        switch (repair.Action)
        {
            case RepairRules.Release:
                Id(d, repair.ReservationId ?? "", "reservationId");
                if (command.ExpectedVersion is null)
                {
                    Malformed(d, "expectedVersion is needed");
                }
                break;
            case RepairRules.Adjust:
                Quantity(d, repair.Quantity ?? 0);
                Known(d, repair.From != RepairAccount.Unknown, "from");
                Known(d, repair.To != RepairAccount.Unknown, "to");
                if (repair.From == repair.To)
                {
                    Malformed(d, "from and to are the same account");
                }
                if (repair.ExpectedBalances is null)
                {
                    Malformed(d, "expectedBalances are needed");
                }
                break;
            case RepairRules.AcceptSnapshot:
                Id(d, repair.Source ?? "", "source");
                break;
            default:
                Malformed(
                    d, $"action is {RepairRules.Release}, {RepairRules.Adjust} or {RepairRules.AcceptSnapshot}");
                break;
        }
    }

    // A quantity with an action that takes no notice of it would be more, or less, than was meant.
    private static void OnlyFor(Decision d, string owner, string action, bool isGiven, string fields)
    {
        if (isGiven && action != owner)
        {
            Malformed(d, $"{fields}: only for action {owner}");
        }
    }
}
