using Alloc.Client;

namespace Alloc.Cli.CommandLine;

/// <summary>Files of client properties: <c>key=value</c> a line, <c>#</c> before a comment.</summary>
internal static class PropertyFile
{
    /// <summary>The pairs of a file, each with the place it stands at.</summary>
    /// <param name="file">The file; nothing is read where it is null or empty.</param>
    /// <param name="option">The option that names it.</param>
    public static IEnumerable<(string Key, string Value, string Where)> Read(string? file, string option)
    {
        if (string.IsNullOrEmpty(file))
        {
            yield break;
        }
        if (!File.Exists(file))
        {
            throw AllocException.Usage($"{option}: {file} does not exist.");
        }
        var number = 0;
        foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
        {
            number++;
            if (line.Length > 0 && line[0] != '#')
            {
                // The line itself is not shown: it may be a secret.
                yield return Split(line, $"{file}:{number}")
                    ?? throw AllocException.Usage($"{file}:{number}: the line is not key=value.");
            }
        }
    }

    /// <summary>One pair.</summary>
    /// <param name="text">The text, <c>key=value</c>.</param>
    /// <param name="where">The option it is given with.</param>
    public static (string Key, string Value, string Where) Pair(string text, string where) =>
        Split(text, where) ?? throw AllocException.Usage($"{where}: '{text}' is not key=value.");

    private static (string Key, string Value, string Where)? Split(string text, string where)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (text[..equals].Trim(), text[(equals + 1)..].Trim(), where) : null;
    }
}
