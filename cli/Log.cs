using Microsoft.Extensions.Logging;

namespace Alloc.Cli;

/// <summary>What the commands that run a server log.</summary>
internal static partial class Log
{
    [LoggerMessage(3, LogLevel.Information, "{What}")]
    public static partial void Waiting(ILogger logger, string what);

    [LoggerMessage(4, LogLevel.Warning, "The demo stopped: {Reason}")]
    public static partial void DemoStopped(ILogger logger, string reason);
}
