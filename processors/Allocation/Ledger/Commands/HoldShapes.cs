using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Commands.FieldRules;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Shapes of requests.</summary>
internal static class HoldShapes
{
    public static void Hold(Decision d, AllocationCommandBody.Hold hold, PolicyLimits limits)
    {
        Known(d, hold.Mode != HoldMode.Unknown, "mode");
        if (hold.TtlMs is { } ttlMs)
        {
            Positive(d, ttlMs, "ttlMs");
        }
        if (hold.Attributes.Count > limits.MaximumAttributes)
        {
            Range(d, "attributes", hold.Attributes.Count, 0, limits.MaximumAttributes);
        }
        Reference(d, hold.OrderRef, "orderRef");
        Reference(d, hold.CustomerRef, "customerRef");
        Reference(d, hold.GroupId, "groupId");
        Reference(d, hold.Class, "class");
        Reference(d, hold.Attributes.GetValueOrDefault(Scopes.DealerAttribute), "attributes.dealer");
        if (hold.WaitUntilMs is not null && hold.Mode != HoldMode.Waitlist)
        {
            Malformed(d, "waitUntil is for mode Waitlist");
        }
        if (hold.Lines.Count == 0)
        {
            if (hold.ReservationId is null || hold.Quantity is null)
            {
                Malformed(d, "reservationId and quantity, or lines, are needed");
                return;
            }
            Line(d, hold.ReservationId, hold.Quantity.Value, hold.MinQuantity, hold.Mode);
            return;
        }
        if (hold.ReservationId is not null || hold.Quantity is not null || hold.MinQuantity is not null)
        {
            Malformed(d, "reservationId, quantity and minQuantity are for a request without lines");
        }
        if (hold.Mode == HoldMode.Waitlist && hold.Lines.Count > 1)
        {
            Malformed(d, "a request that waits has one line");
        }
        if (hold.Lines.Count > limits.MaximumLines)
        {
            Range(d, "lines", hold.Lines.Count, 1, limits.MaximumLines);
            return;
        }
        for (var index = 0; index < hold.Lines.Count; index++)
        {
            var line = hold.Lines[index];
            Line(d, line.ReservationId, line.Quantity, line.MinQuantity, hold.Mode);
            Reference(d, line.Class, "class");
            for (var other = 0; other < index; other++)
            {
                if (hold.Lines[other].ReservationId == line.ReservationId)
                {
                    d.Fail(ReasonCode.Malformed, "two lines have the same reservationId", line.ReservationId);
                }
            }
        }
    }

    private static void Line(Decision d, string reservationId, long quantity, long? minimum, HoldMode mode)
    {
        Id(d, reservationId, "reservationId");
        Quantity(d, quantity);
        if (minimum is { } least && (least < 1 || least > quantity))
        {
            Range(d, "minQuantity", least, 1, quantity);
        }
        else if (minimum is not null && mode != HoldMode.Partial)
        {
            Malformed(d, "minQuantity is for mode Partial");
        }
    }
}
