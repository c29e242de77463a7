using System.CommandLine.Parsing;
using Alloc.Processors.Notation;

namespace Alloc.Cli.CommandLine;

/// <summary>Options whose value is a duration, and how durations are shown.</summary>
internal static class Duration
{
    /// <summary>The longest that an option takes: what is added to a time stays in the calendar.</summary>
    private const long MostMs = 36_500L * 86_400_000;

    public static bool TryParse(string text, out TimeSpan value)
    {
        var isDuration = DurationText.TryRead(text, out var ms, out _) && ms <= MostMs;
        value = isDuration ? TimeSpan.FromMilliseconds(ms) : default;
        return isDuration;
    }

    /// <summary>For the command line's parser.</summary>
    public static TimeSpan Parse(ArgumentResult result) => Parse(result, 0, MostMs);

    /// <summary>The same for an option that may be left out.</summary>
    public static TimeSpan? ParseOptional(ArgumentResult result) => result.Tokens.Count == 0 ? null : Parse(result);

    /// <summary>A parser of durations from a shortest to a longest one.</summary>
    public static Func<ArgumentResult, TimeSpan> Between(TimeSpan shortest, TimeSpan longest) =>
        result => Parse(result, (long)shortest.TotalMilliseconds, (long)longest.TotalMilliseconds);

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

    private static TimeSpan Parse(ArgumentResult result, long leastMs, long mostMs)
    {
        var text = result.Tokens[0].Value;
        if (!DurationText.TryRead(text, out var ms, out var problem))
        {
            result.AddError($"'{text}' {problem}.");
        }
        else if (ms < leastMs || ms > mostMs)
        {
            result.AddError(
                $"'{text}' is out of range; write {DurationText.Show(leastMs)} to {DurationText.Show(mostMs)}.");
        }
        else
        {
            return TimeSpan.FromMilliseconds(ms);
        }
        return default;
    }
}
