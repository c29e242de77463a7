using System.CommandLine;
using System.Globalization;

namespace Alloc.Cli.CommandLine;

/// <summary>Options whose value is a point in time, ISO 8601; UTC where no offset is given.</summary>
internal static class PointInTime
{
    public static Option<string?> Option(string name, string description) =>
        new(name) { Description = description, HelpName = "time" };

    /// <summary>In milliseconds since 1970 UTC; null where the option is not given.</summary>
    /// <exception cref="CliException">It is no time.</exception>
    public static long? Get(CommandContext context, Option<string?> option)
    {
        if (context.Get(option) is not { } text)
        {
            return null;
        }
        return TryParse(text, out var timeMs)
            ? timeMs
            : throw CliException.Usage(
                $"{option.Name}: '{text}' is not a time; write for instance 2026-03-01T09:30:00Z.");
    }

    /// <summary>In milliseconds since 1970 UTC; false when it is no time.</summary>
    public static bool TryParse(string text, out long timeMs)
    {
        var isTime = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
        timeMs = time.ToUnixTimeMilliseconds();
        return isTime;
    }
}
