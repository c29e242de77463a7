using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// When a mode is on. An episode begins when the measure passes the threshold for on, and ends when it is below the one
/// for off; the automatism is on during an episode, and stays as it is for the minimum dwell. A person's switch counts
/// instead, until the episode in which it was made ends; made outside of one, it counts until the next one ends, or
/// until a person switches again.
/// </summary>
internal static class ModeAutomaton
{
    /// <summary>What becomes of a mode by its measure.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="memory">How it stands.</param>
    /// <param name="value">The measure; null: not known, nothing changes.</param>
    /// <param name="isBarred">Whether another mode is in the way of this one's beginning.</param>
    /// <param name="nowMs">The clock.</param>
    public static ModeMemory Next(ModeRow row, ModeMemory memory, double? value, bool isBarred, long nowMs)
    {
        if (value is not { } measure)
        {
            return memory;
        }
        var isNeeded = memory.IsNeeded ? measure >= row.OffAt : measure >= row.OnAt;
        var next = memory with
        {
            IsNeeded = isNeeded,
            Episode = memory.Episode + (isNeeded && !memory.IsNeeded ? 1 : 0),
        };
        if (memory.IsNeeded && !isNeeded)
        {
            next = next with { Person = null, Reason = "" };
        }
        var isDwelling = next.SinceMs > 0 && nowMs - next.SinceMs < row.MinimumDwell.TotalMilliseconds;
        return next.Person is not null || next.On == isNeeded || isDwelling || (isNeeded && isBarred)
            ? next
            : next with { On = isNeeded, SinceMs = nowMs };
    }

    /// <summary>A person switches. What stood so already stands so since it was switched, if ever it was.</summary>
    public static ModeMemory Switch(ModeMemory memory, bool on, string person, string reason, long nowMs) => memory with
    {
        On = on,
        SinceMs = on == memory.On && memory.SinceMs > 0 ? memory.SinceMs : nowMs,
        Person = person,
        Reason = reason,
    };
}
