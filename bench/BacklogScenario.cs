namespace Alloc.Bench;

/// <summary>
/// What the backlog, and by-order and the projection beside it, cost the decisions; whether they keep up; what each
/// takes of a core; how fast what waits is answered when much does; and how soon after kill -9.
/// </summary>
internal static class BacklogScenario
{
    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        BacklogGrowth.Run(run, cancellation);
        await BacklogPairs.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await BacklogShares.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await BacklogReading.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
    }
}
