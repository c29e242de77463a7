namespace Alloc.Cli.CommandLine;

/// <summary>What the process answers to the shell. The values are a contract: scripts rely on them.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int NotFound = 3;

    /// <summary>The command was decided, and the decision is a rejection.</summary>
    public const int Rejected = 4;

    /// <summary>A check ran to its end and found something.</summary>
    public const int Mismatch = 5;

    /// <summary>Something did not answer in time. Nothing is known about what was asked.</summary>
    public const int Unavailable = 6;

    public const int Interrupted = 130;
}
