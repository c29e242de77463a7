using System.Globalization;

namespace Alloc.Processors.Notation;

/// <summary>
/// Durations as people write them, the same on the command line, in a policy and in a URL: a number and a unit
/// (<c>500ms</c>, <c>30s</c>, <c>15m</c>, <c>24h</c>, <c>7d</c>), several with the longest first (<c>1h30m</c>), or
/// ISO 8601 (<c>PT1H30M</c>, <c>P7D</c>). The last number may have decimals. Exact, in whole milliseconds.
/// </summary>
public static class DurationText
{
    /// <summary>Examples of every form, for messages.</summary>
    public const string Forms = "500ms, 30s, 15m, 24h, 7d, 1h30m or PT1H30M";

    private const int MostDecimals = 9;
    private const int MostDigits = 24;
    private static readonly Int128 TooMany = (Int128)long.MaxValue * 1_000_000;

    private static readonly Unit[] Units =
    [
        new("d", 86_400_000), new("h", 3_600_000), new("m", 60_000), new("s", 1_000), new("ms", 1),
    ];

    private static readonly Unit[] IsoDateUnits = [new("W", 604_800_000), new("D", 86_400_000)];

    private static readonly Unit[] IsoTimeUnits = [new("H", 3_600_000), new("M", 60_000), new("S", 1_000)];

    /// <summary>Milliseconds; null where the text is no duration, or one longer than 2⁶³ milliseconds.</summary>
    public static long? Parse(string text) => TryRead(text, out var ms, out _) ? ms : null;

    /// <summary>Reads a duration.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="ms">Milliseconds, 0 or more.</param>
    /// <param name="problem">
    /// What is wrong with it and how to write it, as the rest of a sentence that began with the text.
    /// </param>
    public static bool TryRead(string text, out long ms, out string? problem)
    {
        ms = 0;
        problem = null;
        if ((text.StartsWith('P') ? Iso(text) : Plain(text)) is not { } total)
        {
            problem = $"is not a duration; write for instance {Forms}";
        }
        else if (total < 0)
        {
            problem = "is finer than a millisecond; write whole milliseconds, for instance 1500ms";
        }
        else if (total > long.MaxValue)
        {
            problem = $"is longer than {long.MaxValue} ms, the longest that can be counted";
        }
        else
        {
            ms = (long)total;
        }
        return problem is null;
    }

    /// <summary>The canonical form: one number of the largest unit that leaves no rest.</summary>
    public static string Show(long ms)
    {
        var unit = ms == 0 ? Units[3] : Array.Find(Units, unit => ms % unit.Ms == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{ms / unit.Ms}{unit.Name}");
    }

    private static Int128? Plain(string text)
    {
        var at = 0;
        return Sum(text, ref at, Units) is { } total && at == text.Length ? total : null;
    }

    // P[nW][nD][T[nH][nM][nS]]; a year and a month have no fixed length, so they are none.
    private static Int128? Iso(string text)
    {
        var at = 1;
        Int128? total = 0;
        var hasDate = at < text.Length && text[at] != 'T';
        if (hasDate)
        {
            total = Sum(text, ref at, IsoDateUnits);
        }
        if (total is null || at == text.Length)
        {
            return hasDate ? total : null;
        }
        if (text[at++] != 'T' || text.AsSpan(0, at).IndexOfAny('.', ',') >= 0
            || Sum(text, ref at, IsoTimeUnits) is not { } time || at != text.Length)
        {
            return null;
        }
        return time < 0 ? time : total + time;
    }

    /// <summary>
    /// Adds up numbers with units in falling order, up to what is none. Null: there is none, or one is wrong. Below
    /// zero: the decimals name less than a millisecond.
    /// </summary>
    private static Int128? Sum(string text, ref int at, Unit[] units)
    {
        Int128 total = 0;
        var (next, isLast, isTooFine) = (0, false, false);
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            var digits = TakeDigits(text, ref at);
            var decimals = "";
            if (at < text.Length && text[at] is '.' or ',')
            {
                at++;
                decimals = TakeDigits(text, ref at);
                if (decimals.Length is 0 or > MostDecimals)
                {
                    return null;
                }
            }
            var letters = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]) && text[at] != 'T')
            {
                at++;
            }
            var name = text[letters..at];
            var unit = Array.FindIndex(units, next, unit => unit.Name == name);
            if (isLast || unit < 0)
            {
                return null;
            }
            // More digits than any number of milliseconds has are too many, however many they are.
            var count = digits.Length <= MostDigits ? Int128.Parse(digits, CultureInfo.InvariantCulture) : TooMany;
            (next, isLast) = (unit + 1, decimals.Length > 0);
            total += count * units[unit].Ms;
            if (isLast)
            {
                var (part, whole) = (Int128.Parse(decimals, CultureInfo.InvariantCulture) * units[unit].Ms,
                    Int128.Parse("1" + new string('0', decimals.Length), CultureInfo.InvariantCulture));
                total += part / whole;
                isTooFine = part % whole != 0;
            }
        }
        return next == 0 ? null : isTooFine ? -1 : total;
    }

    private static string TakeDigits(string text, ref int at)
    {
        var from = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
        return text[from..at];
    }

    private readonly record struct Unit(string Name, long Ms);
}
