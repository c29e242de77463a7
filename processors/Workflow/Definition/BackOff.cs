namespace Alloc.Processors.Workflow.Definition;

/// <summary>Pauses between tries, each a number of times as long as the one before.</summary>
internal static class BackOff
{
    /// <summary>first × factor^(try − 1), at most the longest; in milliseconds.</summary>
    /// <param name="tryNumber">Number of the try that failed, from 1.</param>
    /// <param name="firstMs">The pause after the first try, above 0.</param>
    /// <param name="factor">How many times as long each pause is, from 1.</param>
    /// <param name="longestMs">No pause is longer.</param>
    public static long PauseMs(int tryNumber, long firstMs, int factor, long longestMs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tryNumber, 1);
        var pauseMs = Math.Min(firstMs, longestMs);
        for (var number = 1; number < tryNumber && factor > 1 && pauseMs < longestMs; number++)
        {
            // The comparison comes before the product, so that it never overflows.
            pauseMs = pauseMs > longestMs / factor ? longestMs : pauseMs * factor;
        }
        return pauseMs;
    }
}
