using System.CommandLine.Parsing;
using Alloc.Client;
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

    /// <inheritdoc cref="DurationWords.Show"/>
    public static string Show(TimeSpan value) => DurationWords.Show(value);

    /// <inheritdoc cref="DurationWords.ShowMs"/>
    public static string ShowMs(Int128 ms) => DurationWords.ShowMs(ms);

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
