using System.Globalization;
using System.Text.RegularExpressions;

namespace Alloc.Processors.Notation;

/// <summary>
/// Points in time as people write them: ISO 8601 with a zone or an offset from UTC, to the millisecond. Nothing is
/// guessed: no order of day and month, no zone, no date of today.
/// </summary>
public static partial class TimeText
{
    /// <summary>Examples, for messages.</summary>
    public const string Forms = "2027-03-28T18:00:00Z or 2027-03-28T20:00:00+02:00";

    /// <summary>The same where a time may be said by its distance from now.</summary>
    public const string RelativeForms = "2027-03-28T18:00:00Z, 2027-03-28T20:00:00+02:00, now, +15m or -2h";

    /// <summary>Reads a time that stays what it is whenever it is read again: in a file, a document.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="ms">Milliseconds since 1970 UTC.</param>
    /// <param name="problem">
    /// What is wrong with it and how to write it, as the rest of a sentence that began with the text.
    /// </param>
    public static bool TryRead(string text, out long ms, out string? problem)
    {
        ms = 0;
        if (text == "now" || (text.Length > 1 && text[0] is '+' or '-'))
        {
            problem = $"depends on when it is read; write the time itself, for instance {Forms}";
            return false;
        }
        return TryReadIso(text, Forms, out ms, out problem);
    }

    /// <summary>Reads a time that may be said by its distance from now: <c>now</c>, <c>+15m</c>, <c>-2h</c>.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="nowMs">Milliseconds since 1970 UTC.</param>
    /// <param name="ms">Milliseconds since 1970 UTC.</param>
    /// <param name="problem">
    /// What is wrong with it and how to write it, as the rest of a sentence that began with the text.
    /// </param>
    public static bool TryRead(string text, long nowMs, out long ms, out string? problem)
    {
        if (text == "now")
        {
            (ms, problem) = (nowMs, null);
            return true;
        }
        if (text.Length <= 1 || text[0] is not ('+' or '-'))
        {
            return TryReadIso(text, RelativeForms, out ms, out problem);
        }
        ms = 0;
        if (!DurationText.TryRead(text[1..], out var distance, out _))
        {
            problem = $"is not a time; write for instance {RelativeForms}";
            return false;
        }
        var at = (Int128)nowMs + (text[0] == '+' ? distance : -(Int128)distance);
        problem = IsShown(at) ? null : "is before the year 1 or after the year 9999";
        ms = problem is null ? (long)at : 0;
        return problem is null;
    }

    /// <summary>In UTC, as it can be read again; the bare number where no calendar has the time.</summary>
    public static string Show(long ms) => !IsShown(ms)
        ? ms.ToString(CultureInfo.InvariantCulture)
        : DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString(
            ms % 1_000 == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
            CultureInfo.InvariantCulture);

    private static bool IsShown(Int128 ms) => ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999;

    private static bool TryReadIso(string text, string forms, out long ms, out string? problem)
    {
        ms = 0;
        var match = Extended().Match(text) is { Success: true } extended ? extended : Basic().Match(text);
        if (!match.Success)
        {
            problem = DateOnly().IsMatch(text)
                ? $"is a date without a time of day; write for instance {forms}"
                : $"is not a time (ISO 8601 with a zone); write for instance {forms}";
            return false;
        }
        if (!match.Groups["zone"].Success)
        {
            problem = "has no time zone: end it with Z for UTC, or with its offset from UTC, for instance +02:00";
            return false;
        }
        problem = $"is not in the calendar; write for instance {forms}";
        int Number(string group) => match.Groups[group].Success
            ? int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        var (year, month, day) = (Number("year"), Number("month"), Number("day"));
        var (hour, minute, second) = (Number("hour"), Number("minute"), Number("second"));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59 || Number("zh") > 18 || Number("zm") > 59)
        {
            return false;
        }
        var fraction = match.Groups["fraction"].Value;
        var milliseconds = fraction.Length == 0 ? 0
            : int.Parse(fraction.PadRight(3, '0')[..3], NumberStyles.None, CultureInfo.InvariantCulture);
        var offset = ((Number("zh") * 60) + Number("zm")) * 60_000L;
        var local = new DateTimeOffset(year, month, day, hour, minute, second, milliseconds, TimeSpan.Zero)
            .ToUnixTimeMilliseconds();
        var at = match.Groups["zone"].Value[0] == '-' ? local + offset : local - offset;
        if (!IsShown(at))
        {
            return false;
        }
        (ms, problem) = (at, null);
        return true;
    }

    // Our own answers have a blank where ISO 8601 has a T, as RFC 3339 allows: what was shown can be pasted.
    [GeneratedRegex(
        @"\A(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})[Tt ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})"
        + @"(?::(?<second>[0-9]{2})(?:[.,](?<fraction>[0-9]{1,9}))?)?"
        + @"(?<zone>[Zz]|[+-](?<zh>[0-9]{2})(?::?(?<zm>[0-9]{2}))?)?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Extended();

    [GeneratedRegex(
        @"\A(?<year>[0-9]{4})(?<month>[0-9]{2})(?<day>[0-9]{2})T(?<hour>[0-9]{2})(?<minute>[0-9]{2})"
        + @"(?:(?<second>[0-9]{2})(?:[.,](?<fraction>[0-9]{1,9}))?)?"
        + @"(?<zone>Z|[+-](?<zh>[0-9]{2})(?:(?<zm>[0-9]{2}))?)?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Basic();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DateOnly();
}
