using System.Globalization;

namespace Alloc.Cli.Output;

/// <summary>Bytes as people read them: sixteen a line, with the place of the first and what is ASCII of them.</summary>
internal static class HexText
{
    private const int LineSize = 16;
    private const int LinesBefore = 2;
    private const int LinesInAll = 12;

    /// <summary>The lines around a place.</summary>
    /// <param name="hex">The bytes, two digits each; anything else gives no lines.</param>
    /// <param name="position">The place, in bytes from 0.</param>
    public static IEnumerable<string> Lines(string hex, int position)
    {
        if (hex.Length < 2 || hex.Length % 2 != 0 || !hex.All(char.IsAsciiHexDigit))
        {
            yield break;
        }
        var bytes = Convert.FromHexString(hex);
        var first = Math.Max(0, (Math.Min(position, bytes.Length) / LineSize) - LinesBefore) * LineSize;
        for (var at = first; at < bytes.Length && at < first + (LinesInAll * LineSize); at += LineSize)
        {
            var line = bytes[at..Math.Min(at + LineSize, bytes.Length)];
            yield return string.Create(CultureInfo.InvariantCulture, $"{at:x6}  ")
                + string.Join(' ', line.Select(b => b.ToString("x2", CultureInfo.InvariantCulture)))
                    .PadRight(LineSize * 3)
                + string.Concat(line.Select(b => b is >= 0x20 and < 0x7f ? (char)b : '.'));
        }
    }
}
