using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Shapes of commands that change reservations which exist.</summary>
internal static class ChangeShapes
{
    public static void Amend(Decision d, AllocationCommandBody.Amend amend)
    {
        Id(d, amend.ReservationId, "reservationId");
        if (amend.NewQuantity < 1 || amend.NewQuantity > d.Policy.Limits.MaximumQuantity)
        {
            Range(d, "newQuantity", amend.NewQuantity, 1, d.Policy.Limits.MaximumQuantity);
        }
    }

    public static void Split(Decision d, AllocationCommandBody.Split split)
    {
        Id(d, split.ReservationId, "reservationId");
        var count = split.Parts.Count;
        if (count < 1 || count > d.Policy.Limits.MaximumLines)
        {
            Range(d, "parts", count, 1, d.Policy.Limits.MaximumLines);
            return;
        }
        for (var index = 0; index < count; index++)
        {
            var part = split.Parts[index];
            Id(d, part.ReservationId, "parts.reservationId");
            Quantity(d, part.Quantity);
            var isTwice = part.ReservationId == split.ReservationId;
            for (var other = 0; other < index && !isTwice; other++)
            {
                isTwice = split.Parts[other].ReservationId == part.ReservationId;
            }
            if (isTwice)
            {
                d.Fail(ReasonCode.Malformed, "two parts have the same reservationId", part.ReservationId);
            }
        }
    }

    public static void Reassign(Decision d, AllocationCommandBody.Reassign reassign)
    {
        Id(d, reassign.ReservationId, "reservationId");
        Reference(d, reassign.ToCustomerRef, "toCustomerRef");
        Reference(d, reassign.ToOrderRef, "toOrderRef");
        if (reassign.ToCustomerRef is null && reassign.ToOrderRef is null)
        {
            Malformed(d, "toCustomerRef or toOrderRef is needed");
        }
        if (reassign.ToCustomerRef is { Length: 0 } || reassign.ToOrderRef is { Length: 0 })
        {
            Malformed(d, "toCustomerRef or toOrderRef is empty");
        }
    }
}
