using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Web.Reads;
using Microsoft.Extensions.Logging;

namespace Alloc.Cli.Demo;

/// <summary>
/// Runs the demo beside a server, with a status line on a terminal; a demo that fails does not take the server along.
/// </summary>
internal static class DemoRunner
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(
        DemoTraffic traffic, LedgerDirectory directory, StatusLine? status, ILoggerFactory loggers, TimeProvider time,
        CancellationToken cancellation)
    {
        var logger = loggers.CreateLogger<DemoTraffic>();
        try
        {
            var running = traffic.RunAsync(DemoLeftovers.Read(directory, traffic.Scenario.Pools), cancellation);
            using var timer = new PeriodicTimer(Interval, time);
            var started = time.GetTimestamp();
            var last = started;
            while (!running.IsCompleted && await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                var since = time.GetElapsedTime(last);
                last = time.GetTimestamp();
                status?.Show($"{Duration.Show(time.GetElapsedTime(started))}  {traffic.Counts.Line(since)}");
            }
            await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            status?.Clear();
        }
        catch (Exception e)
        {
            status?.Clear();
            Log.DemoStopped(logger, e.Message);
        }
    }
}
