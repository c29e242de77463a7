namespace Alloc.Client;

/// <summary>What kind of failure it is: what the caller may do about it differs.</summary>
public enum FailureKind
{
    /// <summary>It was tried, and refused or ended; asking again changes nothing until its cause is gone.</summary>
    Failed,

    /// <summary>What was asked for makes no sense as it was said.</summary>
    Usage,

    /// <summary>There is no such topic, record or file.</summary>
    NotFound,

    /// <summary>Something did not answer in time. Nothing is known about what was asked; ask again.</summary>
    Unavailable,
}

/// <summary>A failure that people can read and act on: one line of what, and one of what to do.</summary>
public sealed class AllocException : Exception
{
    /// <param name="kind">What kind of failure it is.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do about it, as a sentence; null: nothing helps that is known here.</param>
    /// <param name="cause">What it comes from.</param>
    public AllocException(FailureKind kind, string message, string? remedy = null, Exception? cause = null)
        : base(message, cause)
    {
        Kind = kind;
        Remedy = remedy;
    }

    /// <summary>What kind of failure it is.</summary>
    public FailureKind Kind { get; }

    /// <summary>What to do about it, as a sentence, or null.</summary>
    public string? Remedy { get; }

    /// <summary>What was asked for makes no sense as it was said.</summary>
    public static AllocException Usage(string message, string? remedy = null) =>
        new(FailureKind.Usage, message, remedy);

    /// <summary>There is no such thing.</summary>
    public static AllocException NotFound(string message, string? remedy = null) =>
        new(FailureKind.NotFound, message, remedy);

    /// <summary>It was tried, and refused or ended.</summary>
    public static AllocException Failed(string message, string? remedy = null, Exception? cause = null) =>
        new(FailureKind.Failed, message, remedy, cause);

    /// <summary>Something did not answer in time.</summary>
    public static AllocException Unavailable(string message, string? remedy = null, Exception? cause = null) =>
        new(FailureKind.Unavailable, message, remedy, cause);
}
