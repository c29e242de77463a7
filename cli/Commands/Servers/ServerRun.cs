using System.Diagnostics;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Host;
using Microsoft.Extensions.Logging;

namespace Alloc.Cli.Commands.Servers;

/// <summary>What both servers share: logging, waiting until they are ready, running until told to stop.</summary>
internal sealed class ServerRun : IDisposable
{
    private readonly CommandContext context;
    private readonly long started = Stopwatch.GetTimestamp();
    private string? lastProgress;

    public ServerRun(CommandContext context)
    {
        this.context = context;
        Status = context.Screen.IsInteractive ? new StatusLine(context.Host) : null;
        Loggers = LoggerFactory.Create(builder => builder
            .SetMinimumLevel(LogLevel.Trace)
            .AddProvider(new ConsoleLog(context.Host, context.Get(ServerOptions.Level), Status)));
    }

    public StatusLine? Status { get; }

    public ILoggerFactory Loggers { get; }

    /// <summary>Time since the command began.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>Runs a server; being told to stop before it is ready is no failure, and loses nothing.</summary>
    public static async Task<int> UntilToldAsync(
        Func<CommandContext, CancellationToken, Task<int>> server, CommandContext context,
        CancellationToken cancellation)
    {
        try
        {
            return await server(context, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    /// <summary>Waits until the instance processes, with its progress on a terminal or in the log.</summary>
    public async Task WaitUntilReadyAsync(AllocationHost host, CancellationToken cancellation)
    {
        var logger = Loggers.CreateLogger<ServerRun>();
        await host.WaitUntilRunningAsync(
            progress =>
            {
                Status?.Show(progress);
                if (Status is null && progress != lastProgress && Elapsed > TimeSpan.FromSeconds(2))
                {
                    Log.Waiting(logger, progress);
                }
                lastProgress = progress;
            },
            cancellation).ConfigureAwait(false);
        Status?.Clear();
    }

    /// <summary>Runs until told to stop, or until the engine or something beside it fails.</summary>
    public async Task RunAsync(AllocationHost host, Task beside, CancellationToken cancellation)
    {
        var stopped = Task.Delay(Timeout.InfiniteTimeSpan, context.Time, cancellation);
        var first = await Task.WhenAny(stopped, host.Failed, beside).ConfigureAwait(false);
        Status?.Clear();
        if (!cancellation.IsCancellationRequested)
        {
            await first.ConfigureAwait(false);
        }
        context.Screen.Note("Stopping; once more to stop at once.");
    }

    public void Dispose()
    {
        Status?.Clear();
        Loggers.Dispose();
    }
}
