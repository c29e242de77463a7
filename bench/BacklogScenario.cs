namespace Alloc.Bench;

/// <summary>
/// What the backlog, and by-order and the projection beside it, cost the decisions; whether they keep up; what each
/// takes of a core; how fast what waits is answered when much does; and how soon after kill -9. Without commands, or
/// without items that wait, the part that needs them is left out.
/// </summary>
internal static class BacklogScenario
{
    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        if (run.Options.WaitingCount > 0)
        {
            BacklogGrowth.Run(run, cancellation);
            await BacklogReading.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        }
        if (run.Options.Count > 0)
        {
            await BacklogPairs.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
            await BacklogShares.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        }
    }
}
