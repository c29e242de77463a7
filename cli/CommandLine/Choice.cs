using System.CommandLine;
using System.CommandLine.Parsing;

namespace Alloc.Cli.CommandLine;

/// <summary>
/// Options whose value is one of a few words: in small letters, checked with a message that lists them.
/// </summary>
internal static class Choice
{
    private const string Unread = "Unknown";

    /// <summary>Makes an option take the names of an enumeration, written like <c>all-or-nothing</c>.</summary>
    public static TOption Of<TOption, T>(TOption option, T? byDefault)
        where TOption : Option<T>
        where T : struct, Enum
    {
        // What a contract reads where it does not know the word is no word to ask with.
        var words = Enum.GetValues<T>().Where(v => v.ToString() != Unread)
            .ToDictionary(Word, v => v, StringComparer.OrdinalIgnoreCase);
        if (byDefault is { } value)
        {
            option.DefaultValueFactory = _ => value;
        }
        option.CustomParser = result => Parse(result, words);
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words.Keys.ToArray());
        option.HelpName ??= string.Join('|', words.Keys);
        return option;
    }

    /// <summary><c>AllOrNothing</c> is written <c>all-or-nothing</c>.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) && i > 0
            ? $"-{char.ToLowerInvariant(c)}"
            : $"{char.ToLowerInvariant(c)}"));

    private static T Parse<T>(ArgumentResult result, Dictionary<string, T> words)
        where T : struct, Enum
    {
        var text = result.Tokens[0].Value;
        if (words.TryGetValue(text, out var value)
            || (text.All(char.IsAsciiLetter) && Enum.TryParse(text, ignoreCase: true, out value)
                && words.ContainsValue(value)))
        {
            return value;
        }
        result.AddError($"'{text}' is none of {string.Join(", ", words.Keys)}.");
        return default;
    }
}
