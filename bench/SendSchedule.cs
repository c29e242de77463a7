namespace Alloc.Bench;

/// <summary>
/// When each command of a load is due: at a fixed rate from the start on, whatever becomes of the commands before it.
/// Who measures from the moment that a command was due, not from when it was sent, sees what a stalled sender or a full
/// queue makes the later ones wait (else: coordinated omission).
/// </summary>
/// <param name="StartedAt">Time stamp of the first command.</param>
/// <param name="PerSecond">Commands a second.</param>
/// <param name="TimestampFrequency">Time stamps a second.</param>
internal sealed record SendSchedule(long StartedAt, double PerSecond, long TimestampFrequency)
{
    /// <summary>A schedule that begins now.</summary>
    public static SendSchedule FromNow(TimeProvider time, double perSecond) =>
        new(time.GetTimestamp(), perSecond, time.TimestampFrequency);

    /// <summary>The time stamp at which a command is due.</summary>
    /// <param name="index">The command's place in the load, from 0.</param>
    public long DueAt(long index) => StartedAt + (long)(index * (TimestampFrequency / PerSecond));

    /// <summary>
    /// Sends every command when it is due, or at once when that has passed: what was held up is caught up with, nothing
    /// is left out.
    /// </summary>
    /// <param name="time">The clock of the time stamps.</param>
    /// <param name="count">How many.</param>
    /// <param name="sleep">Lets a little time pass.</param>
    /// <param name="send">Sends a command, given its place and the time stamp at which it was due.</param>
    public void Follow(TimeProvider time, long count, Action sleep, Action<long, long> send)
    {
        for (long index = 0; index < count; index++)
        {
            var dueAt = DueAt(index);
            while (time.GetTimestamp() < dueAt)
            {
                sleep();
            }
            send(index, dueAt);
        }
    }
}
