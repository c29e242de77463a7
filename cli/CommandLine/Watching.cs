using Alloc.Client;

namespace Alloc.Cli.CommandLine;

/// <summary>Shows something again and again until whoever watches has seen enough.</summary>
internal static class Watching
{
    /// <summary>
    /// Shows, and again after each interval until it is cancelled. What does not answer at the first look is an error;
    /// later it is said, and looked for again: an instance that starts anew is what people watch for.
    /// </summary>
    /// <param name="context">The command's context.</param>
    /// <param name="interval">From one look to the next.</param>
    /// <param name="show">Shows one look.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="AllocException">The first look failed, or a later one in a way that does not pass.</exception>
    public static async Task<int> RunAsync(
        CommandContext context, TimeSpan interval, Func<CancellationToken, Task> show, CancellationToken cancellation)
    {
        var hasShown = false;
        string? told = null;
        using var timer = new PeriodicTimer(interval, context.Time);
        do
        {
            if (context.Host.OutIsTerminal && context.Screen.IsTable)
            {
                context.Host.Out.Write("\u001b[H\u001b[2J");
            }
            try
            {
                await show(cancellation).ConfigureAwait(false);
                hasShown = true;
                told = null;
            }
            catch (AllocException gone) when (hasShown
                && (gone.Kind is FailureKind.Unavailable or FailureKind.NotFound))
            {
                // Once, and on a screen that was cleared again each time.
                if (told != gone.Message || context.Host.OutIsTerminal)
                {
                    context.Screen.Warn($"{gone.Message} Looking again every {Duration.Show(interval)}.");
                }
                told = gone.Message;
            }
            context.Host.Out.Flush();
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        return ExitCode.Ok;
    }
}
