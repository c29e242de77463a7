using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.CompilerServices;
using Alloc.Processors.Notation;

namespace Alloc.Cli.CommandLine;

/// <summary>
/// Options whose value is a point in time: ISO 8601 with a zone, or the distance from now. The value is the time that
/// was taken, in UTC, so that what is repeated or shown later is the same time.
/// </summary>
internal static class PointInTime
{
    private static readonly ConditionalWeakTable<Option, object> Options = [];

    /// <summary>An option that takes a time.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="none">A word that it takes too, for no time; null where there is none.</param>
    public static Option<string?> Option(string name, string description, string? none = null)
    {
        var option = new Option<string?>(name)
        {
            Description = $"{description} (2027-03-28T18:00:00Z, now, +15m, -2h)",
            HelpName = none is null ? "time" : $"time|{none}",
            CustomParser = result => Take(result, none),
        };
        Options.Add(option, option);
        return option;
    }

    /// <summary>In milliseconds since 1970 UTC; null where the option is not given.</summary>
    public static long? Get(CommandContext context, Option<string?> option) =>
        context.Get(option) is { } text && TimeText.TryRead(text, out var timeMs, out _) ? timeMs : null;

    /// <summary>The times that a command was given, and what was taken.</summary>
    public static IEnumerable<(string Name, long TimeMs)> Given(CommandContext context) =>
        from option in context.Parsed.CommandResult.Command.Options.OfType<Option<string?>>()
        where Options.TryGetValue(option, out _)
        let timeMs = Get(context, option)
        where timeMs is not null
        select (option.Name.TrimStart('-'), timeMs.Value);

    private static string? Take(ArgumentResult result, string? none)
    {
        var text = result.Tokens[0].Value;
        if (none is not null && string.Equals(text, none, StringComparison.OrdinalIgnoreCase))
        {
            return none;
        }
        if (TimeText.TryRead(text, AllocCli.Time.GetUtcNow().ToUnixTimeMilliseconds(), out var ms, out var why))
        {
            return TimeText.Show(ms);
        }
        result.AddError($"'{text}' {why}{(none is null ? "" : $", or {none}")}.");
        return null;
    }
}
