namespace Alloc.Web;

/// <summary>The HTTP API cannot start as it is configured.</summary>
public sealed class ConsoleStartException : Exception
{
    /// <summary>Says what is wrong and what helps.</summary>
    public ConsoleStartException(string message, string remedy, Exception? cause = null)
        : base(message, cause) => Remedy = remedy;

    /// <summary>What helps, as a sentence.</summary>
    public string Remedy { get; }
}
