namespace Alloc.Cli.CommandLine;

/// <summary>Which word was meant.</summary>
internal static class Spelling
{
    /// <summary>True when one word begins the other, or when few letters differ.</summary>
    public static bool IsNear(string typed, string word) =>
        (typed.Length >= 2 && word.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            || Distance(typed, word) <= Math.Max(1, word.Length / 3);

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replace, Math.Min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[^1];
    }
}
