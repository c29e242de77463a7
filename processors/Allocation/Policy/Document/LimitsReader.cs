using Alloc.Processors.Documents;
using Alloc.Processors.Records;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Reads <c>limits</c>; what is left out is as in version 0.</summary>
internal static class LimitsReader
{
    private const int Many = 1_000_000;

    public static PolicyLimits Read(FieldReader? fields)
    {
        var standard = PolicyVersions.Version0.Limits;
        if (fields is null)
        {
            return standard;
        }
        var limits = new PolicyLimits
        {
            CommandRetentionMs = Time("commandRetention", PolicyRanges.Second, standard.CommandRetentionMs),
            ReservationRetentionMs = Time("reservationRetention", PolicyRanges.Second, standard.ReservationRetentionMs),
            ConsumeRetentionMs = Time("consumeRetention", PolicyRanges.Second, standard.ConsumeRetentionMs),
            GraceMs = Time("grace", 0, standard.GraceMs),
            MaximumClockSkewMs = Time("maximumClockSkew", PolicyRanges.Second, standard.MaximumClockSkewMs),
            MaximumQuantity = fields.Whole("maximumQuantity", 1, PolicyRanges.Units, standard.MaximumQuantity),
            MaximumLines = Count("maximumLines", 1, 10_000, standard.MaximumLines),
            MaximumAttributes = Count("maximumAttributes", 0, 1_000, standard.MaximumAttributes),
            MaximumIdLength = Count("maximumIdLength", 16, TextBounds.Id, standard.MaximumIdLength),
            TimersPerRecord = Count("timersPerRecord", 1, Many, standard.TimersPerRecord),
            ParkedPerReservation = Count("parkedPerReservation", 0, 1_000, standard.ParkedPerReservation),
            ParkedPerPool = Count("parkedPerPool", 0, Many, standard.ParkedPerPool),
            ExpiriesLookedAt = Count("expiriesLookedAt", 0, 10_000, standard.ExpiriesLookedAt),
            MissingRanges = Count("missingRanges", 1, Many, standard.MissingRanges),
            ApprovalMs = Time("approval", PolicyRanges.Second, standard.ApprovalMs),
            ApprovalsPerPool = Count("approvalsPerPool", 0, Many, standard.ApprovalsPerPool),
            WaitersLookedAt = Count("waitersLookedAt", 1, 10_000, standard.WaitersLookedAt),
            VictimsLookedAt = Count("victimsLookedAt", 1, PolicyRanges.Victims, standard.VictimsLookedAt),
        };
        fields.Finish();
        return limits;

        long Time(string name, long minimumMs, long byDefaultMs) =>
            fields.Duration(name, minimumMs, PolicyRanges.Longest, byDefaultMs);

        int Count(string name, int minimum, int maximum, int byDefault) =>
            (int)fields.Whole(name, minimum, maximum, byDefault);
    }
}
