namespace Alloc.Bench;

/// <summary>
/// The whole topology, exactly once, with RocksDB: how many commands a second a subscriber sees decided when the
/// backlog is long; and on the same topic the bare loop of the same client, which decides nothing.
/// </summary>
internal static class TopologyScenario
{
    public const string Throughput = "commands decided a second";
    public const string Ceiling = "records passed a second by the bare loop";

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync("topology").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        long outcomes;
        using (var load = new LoadGenerator(settings, registry, isPaced: false, run.Time))
        {
            run.Say($"writing {options.Count:N0} commands");
            var mix = new CommandMix(options.Mix);
            foreach (var command in mix.Opening(run.Time.GetUtcNow().ToUnixTimeMilliseconds()))
            {
                load.Send(command);
            }
            load.Send(mix, options.Count, cancellation);
            load.Flush();
            outcomes = options.Count + (2L * options.PoolCount);
        }
        var place = $"{cluster.Name}; {options.Count:N0} commands, {options.MixText}, {options.ThreadCount} thread(s)";
        double valueSize;
        using (var meter = new OutcomeMeter(settings, fromEnd: false, run.Time))
        {
            run.Say("deciding them");
            await using var engine = await cluster.StartEngineAsync(settings, "a", null, cancellation)
                .ConfigureAwait(false);
            var rate = await Task.Run(() => meter.Count(outcomes, options.Deadline, null, cancellation),
                cancellation).ConfigureAwait(false);
            valueSize = meter.ValueBytes / (double)outcomes;
            run.Report.Add(new Figure("topology", Throughput, rate, "/s", place));
            run.Report.Add(new Figure("topology", "peak resident memory of the engine", engine.PeakBytes / 1048576.0,
                "MiB", place));
            run.Report.Add(new Figure("topology", "mean size of an outcome", valueSize, "bytes", place));
        }
        run.Say("the bare loop");
        var bare = await Task.Run(
            () => BareLoop.Run(
                settings.Bootstrap, settings.TopicPrefix + "allocation.commands",
                settings.TopicPrefix + "allocation.outcomes",
                options.PartitionCount, options.Count, (int)valueSize, run.Time, cancellation),
            cancellation).ConfigureAwait(false);
        run.Report.Add(new Figure("topology", Ceiling, bare, "/s",
            $"{cluster.Name}; same topic, values of {valueSize:0} bytes, 100 ms transactions, lz4"));
        run.Report.AddRatio($"topology to bare loop, {cluster.Name}",
            f => f.What == Throughput && f.Settings.StartsWith(cluster.Name, StringComparison.Ordinal),
            f => f.What == Ceiling && f.Settings.StartsWith(cluster.Name, StringComparison.Ordinal));
    }
}
