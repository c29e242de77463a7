using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Outcomes;

/// <summary>How times, quantities and numbers of a decision read.</summary>
internal static class Words
{
    /// <summary>A time to the second, in UTC.</summary>
    public static string Time(long ms) =>
        ms is >= -62135596800000 and <= 253402300799999
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
                .ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : ms.ToString(CultureInfo.InvariantCulture);

    /// <summary>A time with its distance from now.</summary>
    public static string Time(long ms, TimeProvider clock)
    {
        var distance = TimeSpan.FromMilliseconds(Math.Clamp(
            (double)ms - clock.GetUtcNow().ToUnixTimeMilliseconds(), -1e14, 1e14));
        return distance >= TimeSpan.Zero
            ? $"in {Duration.Show(distance)} ({Time(ms)})"
            : $"{Duration.Show(distance.Negate())} ago ({Time(ms)})";
    }

    /// <summary>
    /// <c>ShortBy 82</c> reads <c>short by 82</c>; times and durations as such, also those of a rule that only knows
    /// them.
    /// </summary>
    public static string Numbers(IEnumerable<DecisionNumber> numbers, DecisionRule rule = DecisionRule.Unknown) =>
        string.Join(", ", numbers.Select(n => $"{Named(n.Name)} {Value(n, rule)}"));

    /// <summary><c>InsufficientAvailability</c> reads <c>insufficient availability</c>.</summary>
    public static string Spaced(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c)
            ? (i == 0 ? "" : " ") + char.ToLowerInvariant(c)
            : c.ToString()));

    /// <summary>A duration reads as one, so its name needs no unit.</summary>
    private static string Named(NumberName name)
    {
        var text = name.ToString();
        return Spaced(text.EndsWith("Ms", StringComparison.Ordinal) ? text[..^2] : text);
    }

    private static string Value(DecisionNumber number, DecisionRule rule) => number.Name switch
    {
        NumberName.Requested or NumberName.Minimum or NumberName.Maximum
            or NumberName.Default when rule == DecisionRule.Ttl =>
            Duration.Show(TimeSpan.FromMilliseconds(number.Value)),
        NumberName.TtlMs or NumberName.AgeMs or NumberName.MinimumAgeMs or NumberName.BoostMs
            or NumberName.BeforeServiceMs => Duration.Show(TimeSpan.FromMilliseconds(number.Value)),
        NumberName.NextExpiryAt or NumberName.IssuedAt or NumberName.OldestAccepted or NumberName.NewestAccepted
            or NumberName.Deadline
            or NumberName.Time or NumberName.ExpiresAt or NumberName.ClosesAt
            or NumberName.CooldownEndsAt or NumberName.EffectiveAt or NumberName.StepAt
            or NumberName.WaitUntil => Time(number.Value),
        NumberName.Percent => string.Create(CultureInfo.InvariantCulture, $"{number.Value} %"),
        _ => number.Value.ToString(CultureInfo.InvariantCulture),
    };
}
