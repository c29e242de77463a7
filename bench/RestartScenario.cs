namespace Alloc.Bench;

/// <summary>
/// An engine with many reservations is killed and started again; then a second instance without state takes its
/// partitions, once from the whole journal and once from a checkpoint and the journal's tail.
/// </summary>
internal static class RestartScenario
{
    private const long LongTtlMs = 3_600_000;
    private static readonly TimeSpan SessionEnds = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync("restart").ConfigureAwait(false);
        var checkpoints = Path.Combine(options.WorkDirectory, "checkpoints");
        var place = $"{cluster.Name}; {options.ReservationCount:N0} open reservations, {options.PoolCount:N0} pools, "
            + $"{options.PartitionCount} partitions";
        using var registry = cluster.OpenRegistry();
        using var meter = new OutcomeMeter(settings, fromEnd: true, run.Time);
        var engine = await cluster.StartEngineAsync(settings, "a", checkpoints, cancellation).ConfigureAwait(false);
        try
        {
            run.Say($"holding {options.ReservationCount:N0} reservations");
            using (var load = new LoadGenerator(settings, registry, isPaced: false, run.Time))
            {
                var mix = new CommandMix(options.Mix);
                var now = run.Time.GetUtcNow().ToUnixTimeMilliseconds();
                foreach (var command in mix.Opening(now))
                {
                    load.Send(command);
                }
                for (long i = 0; i < options.ReservationCount; i++)
                {
                    load.Send(mix.Hold(now, keepOpen: false, LongTtlMs));
                }
                load.Flush();
            }
            await Task.Run(
                () => meter.Count(options.ReservationCount + (2L * options.PoolCount), options.Deadline, null,
                    cancellation), cancellation)
                .ConfigureAwait(false);

            run.Say("kill -9 and start again");
            await engine.KillAsync().ConfigureAwait(false);
            await engine.DisposeAsync().ConfigureAwait(false);
            engine = await cluster.StartEngineAsync(settings, "a", checkpoints, cancellation).ConfigureAwait(false);
            run.Report.Add(new Figure("restart", "from start to running after kill -9", engine.TimeToReady.TotalSeconds,
                "s", place));

            run.Say("a checkpoint");
            var startedAt = run.Time.GetTimestamp();
            await engine.CheckpointAsync(cancellation).ConfigureAwait(false);
            run.Report.Add(new Figure("restart", "checkpoint of all partitions", run.Time.GetElapsedTime(
                startedAt).TotalSeconds, "s", place));
            run.Report.Add(new Figure(
                "restart", "size of the checkpoint on disk", SizeOf(checkpoints) / 1048576.0, "MiB", place));
            run.Report.Add(new Figure(
                "restart", "state per open reservation, its command's answer and its timer included",
                (double)SizeOf(checkpoints) / options.ReservationCount, "bytes", place));
            await engine.KillAsync().ConfigureAwait(false);
            await engine.DisposeAsync().ConfigureAwait(false);

            foreach (var (name, from, what) in new[]
            {
                ("b", checkpoints, "with a checkpoint"), ("c", (string?)null, "without a checkpoint"),
            })
            {
                // The dead instance is a static member: its partitions are free when its session ends.
                await Task.Delay(SessionEnds, run.Time, cancellation).ConfigureAwait(false);
                run.Say($"an instance without state takes over, {what}");
                engine = await cluster.StartEngineAsync(settings, name, from, cancellation).ConfigureAwait(false);
                run.Report.Add(new Figure(
                    "move", $"from start to running of an instance without state, {what}",
                        engine.TimeToReady.TotalSeconds, "s", place));
                await engine.KillAsync().ConfigureAwait(false);
                await engine.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static long SizeOf(string directory) => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length)
        : 0;
}
