using System.Globalization;
using System.Text;

namespace Alloc.Processors.Records;

/// <summary>Texts for people, made so that they can be shown whatever they were made of.</summary>
internal static class ShownText
{
    private const char Ellipsis = '…';
    private const int ShortLength = 64;

    /// <summary>
    /// A text of so many characters at most, control characters written out (<c>\u000a</c>). Of one that is longer the
    /// middle is left out, for words begin with what they are about and end with its numbers.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="maximumLength">Most characters, at least 3.</param>
    public static string Fit(string text, int maximumLength)
    {
        // What is left out need not be written out first: an endless text is cut before and after.
        var shown = WriteOut(Cut(text, maximumLength));
        return Cut(shown, maximumLength);
    }

    /// <summary>The beginning of a text, for messages.</summary>
    public static string Short(string text) => text.Length <= ShortLength
        ? WriteOut(text)
        : WriteOut(text[..EndBefore(text, ShortLength)]) + Ellipsis;

    private static string Cut(string text, int maximumLength)
    {
        if (text.Length <= maximumLength)
        {
            return text;
        }
        var head = EndBefore(text, maximumLength * 2 / 3);
        var tail = text.Length - (maximumLength - 1 - head);
        tail += char.IsLowSurrogate(text[tail]) ? 1 : 0;
        return $"{text.AsSpan(0, head)}{Ellipsis}{text.AsSpan(tail)}";
    }

    // Half of a pair is no character, and could not be written.
    private static int EndBefore(string text, int length) =>
        char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;

    private static string WriteOut(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            return text;
        }
        var shown = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            _ = character < ' '
                ? shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
                : shown.Append(character);
        }
        return shown.ToString();
    }
}
