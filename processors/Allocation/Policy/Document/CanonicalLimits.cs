using System.Text.Json;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Writes the limits that differ from those of version 0.</summary>
internal static class CanonicalLimits
{
    public static void Write(Utf8JsonWriter json, PolicyLimits limits)
    {
        var standard = PolicyVersions.Version0.Limits;
        if (limits == standard)
        {
            return;
        }
        json.WriteStartObject("limits");
        Time("commandRetention", l => l.CommandRetentionMs);
        Time("reservationRetention", l => l.ReservationRetentionMs);
        Time("consumeRetention", l => l.ConsumeRetentionMs);
        Time("grace", l => l.GraceMs);
        Time("maximumClockSkew", l => l.MaximumClockSkewMs);
        Count("maximumQuantity", l => l.MaximumQuantity);
        Count("maximumLines", l => l.MaximumLines);
        Count("maximumAttributes", l => l.MaximumAttributes);
        Count("maximumIdLength", l => l.MaximumIdLength);
        Count("timersPerRecord", l => l.TimersPerRecord);
        Count("parkedPerReservation", l => l.ParkedPerReservation);
        Count("parkedPerPool", l => l.ParkedPerPool);
        Count("expiriesLookedAt", l => l.ExpiriesLookedAt);
        Count("missingRanges", l => l.MissingRanges);
        Time("approval", l => l.ApprovalMs);
        Count("approvalsPerPool", l => l.ApprovalsPerPool);
        Count("waitersLookedAt", l => l.WaitersLookedAt);
        Count("victimsLookedAt", l => l.VictimsLookedAt);
        json.WriteEndObject();

        void Time(string name, Func<PolicyLimits, long> of) =>
            json.WriteDurationUnless(name, of(limits), of(standard));

        void Count(string name, Func<PolicyLimits, long> of) => json.WriteUnless(name, of(limits), of(standard));
    }
}
