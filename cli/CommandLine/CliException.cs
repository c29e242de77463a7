namespace Alloc.Cli.CommandLine;

/// <summary>
/// A failure that the user can read and act on: one line of what, one of what to do, and the exit code.
/// </summary>
internal sealed class CliException : Exception
{
    public CliException(int exitCode, string message, string? remedy = null, Exception? cause = null)
        : base(message, cause)
    {
        ExitCodeValue = exitCode;
        Remedy = remedy;
    }

    public int ExitCodeValue { get; }

    public string? Remedy { get; }

    public static CliException Usage(string message, string? remedy = null) => new(ExitCode.Usage, message, remedy);

    public static CliException NotFound(string message, string? remedy = null) =>
        new(ExitCode.NotFound, message, remedy);

    public static CliException Failed(string message, string? remedy = null, Exception? cause = null) =>
        new(ExitCode.Failure, message, remedy, cause);

    public static CliException Unavailable(string message, string? remedy = null, Exception? cause = null) =>
        new(ExitCode.Unavailable, message, remedy, cause);
}
