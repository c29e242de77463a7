using System.Globalization;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>
/// Times in a document: <c>500ms</c>, <c>30s</c>, <c>15m</c>, <c>24h</c>, <c>7d</c>, or several, the longest first:
/// <c>1h30m</c>.
/// </summary>
internal static class PolicyDuration
{
    private static readonly (string Unit, long Ms)[] Units =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    /// <summary>Milliseconds; null where the text is no duration or is longer than 2⁶³ milliseconds.</summary>
    public static long? Parse(string text)
    {
        Int128 total = 0;
        var before = long.MaxValue;
        for (var at = 0; at < text.Length;)
        {
            var digits = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }
            var letters = at;
            while (at < text.Length && char.IsAsciiLetterLower(text[at]))
            {
                at++;
            }
            var unit = Array.Find(Units, unit => text.AsSpan(letters, at - letters).SequenceEqual(unit.Unit));
            if (unit.Unit is null || unit.Ms >= before
                || !long.TryParse(text.AsSpan(digits, letters - digits), NumberStyles.None,
                    CultureInfo.InvariantCulture, out var count))
            {
                return null;
            }
            before = unit.Ms;
            total += (Int128)count * unit.Ms;
        }
        return text.Length == 0 || total > long.MaxValue ? null : (long)total;
    }

    /// <summary>The canonical form: one number of the largest unit that leaves no rest.</summary>
    public static string Show(long ms)
    {
        var (unit, size) = ms == 0 ? ("s", 1) : Array.Find(Units, unit => ms % unit.Ms == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{ms / size}{unit}");
    }
}
