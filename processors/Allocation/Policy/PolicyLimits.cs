namespace Alloc.Processors.Allocation.Policy;

/// <summary>Bounds. Times in milliseconds.</summary>
public sealed record PolicyLimits
{
    /// <summary>How long command ids are remembered; a command issued longer ago is rejected as TooOld.</summary>
    public required long CommandRetentionMs { get; init; }

    /// <summary>How long ended reservations are remembered.</summary>
    public required long ReservationRetentionMs { get; init; }

    /// <summary>How long ids of consumptions and returns are remembered.</summary>
    public required long ConsumeRetentionMs { get; init; }

    /// <summary>
    /// Grace G: how long a command waits for what it needs, and a missing sequence before it is a gap.
    /// </summary>
    public required long GraceMs { get; init; }

    /// <summary>How far a producer's clock may be ahead of the log.</summary>
    public required long MaximumClockSkewMs { get; init; }

    /// <summary>Greatest quantity in a command, in units.</summary>
    public required long MaximumQuantity { get; init; }

    /// <summary>Most lines in a request.</summary>
    public required int MaximumLines { get; init; }

    /// <summary>Most attributes in a request.</summary>
    public required int MaximumAttributes { get; init; }

    /// <summary>Longest id or reference, in characters.</summary>
    public required int MaximumIdLength { get; init; }

    /// <summary>Most timers that fire for one record; the rest fire before the next.</summary>
    public required int TimersPerRecord { get; init; }

    /// <summary>Most commands parked for one reservation.</summary>
    public required int ParkedPerReservation { get; init; }

    /// <summary>Most commands parked in one pool.</summary>
    public required int ParkedPerPool { get; init; }

    /// <summary>Most expiries looked at to tell when enough units would be free.</summary>
    public required int ExpiriesLookedAt { get; init; }

    /// <summary>Most ranges of missing sequences remembered for one source and pool.</summary>
    public required int MissingRanges { get; init; }

    /// <summary>How long an approval is waited for before what needed it lapses.</summary>
    public long ApprovalMs { get; init; } = 24 * 3_600_000;

    /// <summary>Most commands of one pool that wait for an approval.</summary>
    public int ApprovalsPerPool { get; init; } = 1_000;

    /// <summary>Most waiters looked at when capacity becomes free and the order is best effort.</summary>
    public int WaitersLookedAt { get; init; } = 128;

    /// <summary>Most holders looked at for victims of one preemption.</summary>
    public int VictimsLookedAt { get; init; } = 1_000;
}
