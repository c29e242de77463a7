namespace Alloc.Bench;

/// <summary>
/// A load that is written while an instance stands still, so that it finds all of it waiting and decides as fast as it
/// can, with its code compiled and its caches warm.
/// </summary>
internal static class PausedLoad
{
    /// <summary>Records written in one pause: a second or two, of the ten for which a group keeps a member's
    /// place.</summary>
    private const int PauseCount = 100_000;

    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    /// <summary>Writes a load while an instance decides next to nothing of it.</summary>
    /// <param name="engine">The instance.</param>
    /// <param name="count">How many commands.</param>
    /// <param name="write">Writes as many as it is told, until the broker has them.</param>
    /// <param name="cancellation">Stops it.</param>
    public static Task WriteAsync(
        EngineProcess engine, long count, Action<long> write, CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                for (var left = count; left > 0; left -= PauseCount)
                {
                    engine.WhilePaused(() => write(Math.Min(left, PauseCount)));
                    cancellation.WaitHandle.WaitOne(Breath);
                }
            }, cancellation);
}
