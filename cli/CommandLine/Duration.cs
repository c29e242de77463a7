using System.CommandLine.Parsing;
using System.Globalization;

namespace Alloc.Cli.CommandLine;

/// <summary>Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>.</summary>
internal static class Duration
{
    private static readonly (string Suffix, double Ms)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        foreach (var (suffix, ms) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal) ||
                !double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture, out var number))
            {
                continue;
            }
            var total = number * ms;
            if (double.IsFinite(total) && total < TimeSpan.MaxValue.TotalMilliseconds)
            {
                value = TimeSpan.FromMilliseconds(total);
                return true;
            }
        }
        return false;
    }

    /// <summary>For the command line's parser.</summary>
    public static TimeSpan Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (TryParse(text, out var value))
        {
            return value;
        }
        result.AddError($"'{text}' is not a duration; write for instance 500ms, 30s, 5m, 2h or 1d.");
        return default;
    }

    /// <summary>The same for an option that may be left out.</summary>
    public static TimeSpan? ParseOptional(ArgumentResult result) => result.Tokens.Count == 0 ? null : Parse(result);

    /// <summary>
    /// One figure and its unit: <c>340 ms</c>, <c>12 s</c>, <c>9 min 30 s</c>, <c>3 h</c>, <c>2 d 4 h</c>.
    /// </summary>
    public static string Show(TimeSpan value)
    {
        var sign = value < TimeSpan.Zero ? "-" : "";
        var d = value.Duration();
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
}
