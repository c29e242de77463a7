namespace Alloc.Client;

/// <summary>How durations are told to people.</summary>
internal static class DurationWords
{
    /// <summary>
    /// One figure and its unit: <c>340 ms</c>, <c>12 s</c>, <c>9 min 30 s</c>, <c>3 h</c>, <c>2 d 4 h</c>.
    /// </summary>
    public static string Show(TimeSpan value)
    {
        var sign = value < TimeSpan.Zero ? "-" : "";
        var d = value == TimeSpan.MinValue ? TimeSpan.MaxValue : value.Duration();
        return sign + d switch
        {
            { TotalMilliseconds: < 1_000 } => $"{d.TotalMilliseconds:0} ms",
            { TotalSeconds: < 10 } => $"{d.TotalSeconds:0.0} s",
            { TotalSeconds: < 60 } => $"{d.TotalSeconds:0} s",
            { TotalMinutes: < 60 } => d.Seconds == 0 ? $"{d.Minutes} min" : $"{d.Minutes} min {d.Seconds} s",
            { TotalHours: < 24 } => d.Minutes == 0 ? $"{d.Hours} h" : $"{d.Hours} h {d.Minutes} min",
            _ => d.Hours == 0 ? $"{d.Days} d" : $"{d.Days} d {d.Hours} h",
        };
    }

    /// <summary>
    /// The same of a number of milliseconds from the log, which may be any: what is longer than every calendar is shown
    /// as the number.
    /// </summary>
    public static string ShowMs(Int128 ms) => Int128.Abs(ms) <= (Int128)TimeSpan.MaxValue.Ticks / 10_000
        ? Show(TimeSpan.FromTicks((long)(ms * TimeSpan.TicksPerMillisecond)))
        : $"{ms} ms";
}
