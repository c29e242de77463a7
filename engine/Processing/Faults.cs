namespace Alloc.Engine.Processing;

/// <summary>Whose fault a failure is.</summary>
internal static class Faults
{
    private const int LongestReason = 1_000;

    /// <summary>
    /// Failures of what the engine stands on, or of the engine itself; they have their own ways. Everything else is a
    /// fault of the program that ran, unless it declares the record bad.
    /// </summary>
    public static bool IsOfEngine(Exception error) => error is StreamsException or DependencyUnavailableException
        or IOException or UnauthorizedAccessException or OutOfMemoryException;

    /// <summary>A bad record's own words; for any other failure its kind too.</summary>
    public static string Reason(Exception error)
    {
        var reason = error is BadRecordException ? error.Message : $"{error.GetType().Name}: {error.Message}";
        return reason.Length <= LongestReason ? reason : reason[..LongestReason];
    }
}
