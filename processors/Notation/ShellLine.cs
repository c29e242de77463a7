using System.Text;

namespace Alloc.Processors.Notation;

/// <summary>
/// Lines of <c>alloc</c> that people paste into a shell, whatever the ids in them are: each is one word, nothing of it
/// is expanded or run, and none is taken for an option. For POSIX shells (sh, bash, zsh).
/// </summary>
public static class ShellLine
{
    private const string Harmless = "-_./:#@+=,%";

    /// <summary>A line: a command, what it is about, and options with their values.</summary>
    /// <param name="command">The command, as it is.</param>
    /// <param name="argument">What it is about; null: nothing.</param>
    /// <param name="options">Names, as they are, and values.</param>
    public static string Of(
        string command, string? argument, params ReadOnlySpan<(string Name, string Value)> options)
    {
        var line = new StringBuilder(command);
        var isOptionLike = argument?.StartsWith('-') == true;
        if (argument is not null && !isOptionLike)
        {
            line.Append(' ').Append(Quote(argument));
        }
        foreach (var (name, value) in options)
        {
            line.Append(' ').Append(name).Append(value.StartsWith('-') ? '=' : ' ').Append(Quote(value));
        }
        if (isOptionLike)
        {
            line.Append(" -- ").Append(Quote(argument!));
        }
        return line.ToString();
    }

    /// <summary>A text as one word, in at most twice its characters and two unless it has control characters.</summary>
    public static string Quote(string word)
    {
        if (word.Length > 0 && word[0] is not ('#' or '=') && word.All(IsHarmless))
        {
            return word;
        }
        var quoted = $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        // A line that ends with a backslash goes on: it would not be seen any more.
        if (!word.Contains('\'') || word.Any(char.IsControl))
        {
            return quoted;
        }
        var escaped = Escape(word);
        return escaped.Length < quoted.Length ? escaped : quoted;
    }

    private static string Escape(string word)
    {
        var escaped = new StringBuilder(word.Length * 2);
        foreach (var character in word)
        {
            if (char.IsAscii(character) && (!IsHarmless(character) || (escaped.Length == 0 && character is '#' or '=')))
            {
                escaped.Append('\\');
            }
            escaped.Append(character);
        }
        return escaped.ToString();
    }

    private static bool IsHarmless(char character) =>
        char.IsAsciiLetterOrDigit(character) || Harmless.Contains(character, StringComparison.Ordinal);
}
