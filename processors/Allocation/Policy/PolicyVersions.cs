namespace Alloc.Processors.Allocation.Policy;

/// <summary>
/// The policy that is shipped. It is frozen: decisions made under it must come out the same for ever.
/// </summary>
public static class PolicyVersions
{
    private const long Second = 1_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    /// <summary>
    /// Version 0: one class, holds of 15 minutes, no overbooking, no protection, no quota, no waiting; confirmations
    /// are final after expiry and revocable before consumption.
    /// </summary>
    public static AllocationPolicy Version0 { get; } = new()
    {
        Version = 0,
        Limits = new PolicyLimits
        {
            CommandRetentionMs = Day,
            ReservationRetentionMs = 30 * Day,
            ConsumeRetentionMs = 30 * Day,
            GraceMs = 30 * Second,
            MaximumClockSkewMs = Minute,
            MaximumQuantity = 1_000_000_000_000_000,
            MaximumLines = 100,
            MaximumAttributes = 32,
            MaximumIdLength = 256,
            TimersPerRecord = 1_000,
            ParkedPerReservation = 8,
            ParkedPerPool = 10_000,
            ExpiriesLookedAt = 64,
            MissingRanges = 1_000,
        },
        Classes = ["standard"],
        ClassTable = [new ClassRow("class/standard", PoolPattern.All, Channel: null, Tier: null, "standard")],
        TtlTable = [new TtlRow("ttl/default", PoolPattern.All, Class: null, 100, 15 * Minute, Day, ExtensionLimit: 10)],
        ConductTable =
        [
            new ConductRow(
                "conduct/default", PoolPattern.All, LateConfirm: false, IsRevocable: true, ConsumeFromHeld: true,
                GroupRevocableMs: Hour),
        ],
        Drift = null,
    };
}
