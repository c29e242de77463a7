using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Alloc.Cli.Replays;

/// <summary>How many records go a second, a minute or an hour: <c>20/s</c>, <c>30/m</c>, <c>100/h</c>.</summary>
/// <param name="Count">Records in the time, 1 to 1,000,000.</param>
/// <param name="Per">The time.</param>
internal sealed record ReplayRate(int Count, TimeSpan Per)
{
    private const int Most = 1_000_000;

    /// <summary>From one record to the next.</summary>
    public TimeSpan Interval => Per / Count;

    /// <summary>An option of it.</summary>
    /// <param name="description">What is said of it.</param>
    /// <param name="byDefault">The rate where none is given; null for none.</param>
    public static Option<ReplayRate?> Option(string description, ReplayRate? byDefault = null)
    {
        var option = new Option<ReplayRate?>("--rate")
        {
            Description = description,
            HelpName = "N/s",
            CustomParser = Parse,
        };
        if (byDefault is not null)
        {
            option.DefaultValueFactory = _ => byDefault;
        }
        return option;
    }

    /// <summary>Reads a rate; null where the text is none.</summary>
    public static ReplayRate? Read(string text)
    {
        var per = text switch
        {
            [.., '/', 's'] => TimeSpan.FromSeconds(1),
            [.., '/', 'm'] => TimeSpan.FromMinutes(1),
            [.., '/', 'h'] => TimeSpan.FromHours(1),
            _ => TimeSpan.Zero,
        };
        return per > TimeSpan.Zero
            && int.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && n is >= 1 and <= Most
                ? new ReplayRate(n, per)
                : null;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Count}/{(Per.TotalSeconds < 2 ? 's' : Per.TotalMinutes < 2 ? 'm' : 'h')}");

    private static ReplayRate? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (Read(text) is { } rate)
        {
            return rate;
        }
        result.AddError($"'{text}' is no rate; write 1/s to 1000000/s, or so many a minute (/m) or an hour (/h).");
        return null;
    }
}
