using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Processors.Notation;
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
        var distance = (Int128)ms - clock.GetUtcNow().ToUnixTimeMilliseconds();
        return distance >= 0
            ? $"in {Duration.ShowMs(distance)} ({Time(ms)})"
            : $"{Duration.ShowMs(-distance)} ago ({Time(ms)})";
    }

    /// <summary>The same of a time in JSON, which is a number where no calendar has it.</summary>
    public static string Time(JsonNode time, TimeProvider clock) =>
        TryMs(time) is { } ms ? Time(ms, clock) : time.ToString();

    /// <summary>A time in JSON as milliseconds since 1970 UTC; null where it is none.</summary>
    public static long? TryMs(JsonNode time) =>
        TimeText.TryRead(time.ToString(), out var ms, out _)
        || long.TryParse(time.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ms)
            ? ms : null;

    /// <summary>
    /// <c>ShortBy 82</c> reads <c>short by 82</c>; times and durations as such, also the bounds of a time.
    /// </summary>
    public static string Numbers(IReadOnlyList<DecisionNumber> numbers, DecisionRule rule = DecisionRule.Unknown)
    {
        var isOfTimes = rule == DecisionRule.Ttl || numbers.Any(n => n.Name == NumberName.TtlMs);
        return string.Join(", ", numbers.Select(n => $"{Named(n.Name)} {Value(n, isOfTimes)}"));
    }

    /// <summary><c>1 unit</c>, <c>2 units</c>.</summary>
    public static string Units(long count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} unit{(count == 1 ? "" : "s")}");

    /// <summary><c>1 unit</c>, <c>2 units or fewer</c>.</summary>
    public static string UnitsOrFewer(long count) => Units(count) + (count > 1 ? " or fewer" : "");

    /// <summary>A transition's row <c>Confirm/Released</c> reads <c>Confirm of a reservation that was released</c>.
    /// </summary>
    public static string Transition(string row)
    {
        var parts = row.Split('/');
        return parts.Length != 2 ? row : $"{parts[0]} of a reservation that " + parts[1] switch
        {
            "None" => "is not known",
            "Waitlisted" => "waits",
            "Held" => "is held",
            "Confirmed" => "is confirmed",
            "Consumed" => "was consumed",
            "Released" => "was released",
            "Expired" => "has expired",
            "Preempted" => "was preempted",
            "Failed" => "was refused",
            var other => $"is {Spaced(other)}",
        };
    }

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

    private static string Value(DecisionNumber number, bool isOfTimes) => number.Name switch
    {
        NumberName.Requested or NumberName.Minimum or NumberName.Maximum
            or NumberName.Default when isOfTimes =>
            Duration.ShowMs(number.Value),
        NumberName.TtlMs or NumberName.AgeMs or NumberName.MinimumAgeMs or NumberName.BoostMs
            or NumberName.BeforeServiceMs => Duration.ShowMs(number.Value),
        NumberName.NextExpiryAt or NumberName.IssuedAt or NumberName.OldestAccepted or NumberName.NewestAccepted
            or NumberName.Deadline
            or NumberName.Time or NumberName.ExpiresAt or NumberName.ClosesAt
            or NumberName.CooldownEndsAt or NumberName.EffectiveAt or NumberName.StepAt
            or NumberName.WaitUntil => Time(number.Value),
        NumberName.Percent => string.Create(CultureInfo.InvariantCulture, $"{number.Value} %"),
        _ => number.Value.ToString(CultureInfo.InvariantCulture),
    };
}
