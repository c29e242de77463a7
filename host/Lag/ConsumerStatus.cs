namespace Alloc.Host.Lag;

/// <summary>
/// How a group fares in one partition over a sliding window, in Burrow's words; the worst last.
/// </summary>
internal enum ConsumerStatus
{
    /// <summary>It keeps up, or catches up.</summary>
    Ok,

    /// <summary>Not known: not looked at for a whole window yet, or the broker does not answer.</summary>
    Unknown,

    /// <summary>It moves on, and its lag never falls.</summary>
    Warn,

    /// <summary>Its offset went back: what was done is done again.</summary>
    Rewind,

    /// <summary>Somebody has the partition, records wait, and its offset stands.</summary>
    Stall,

    /// <summary>Nobody has the partition, records wait, and its offset stands.</summary>
    Stop,
}
