using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Bench;

/// <summary>From sending a command until a read-committed subscriber holds its outcome, at a fixed rate.</summary>
internal static class LatencyScenario
{
    /// <summary>Not measured: broker and engine are still being compiled at run time.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(
        BenchRun run, BenchCluster cluster, double? fullRate, CancellationToken cancellation)
    {
        var settings = await cluster.PrepareAsync("latency").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        await using var engine = await cluster.StartEngineAsync(settings, "a", null, cancellation)
            .ConfigureAwait(false);
        using var load = new LoadGenerator(settings, registry, isPaced: true, run.Time);
        var mix = new CommandMix(run.Options.Mix);
        using (var meter = new OutcomeMeter(settings, fromEnd: true, run.Time))
        {
            foreach (var command in mix.Opening(run.Time.GetUtcNow().ToUnixTimeMilliseconds()))
            {
                load.Send(command);
            }
            load.Flush();
            await Task.Run(() => meter.Count(2L * run.Options.PoolCount, run.Options.Deadline, null, cancellation),
                cancellation).ConfigureAwait(false);
        }
        List<(string Name, double Rate)> loads = [("light load", run.Options.LightRate)];
        if (fullRate is { } full)
        {
            // Full load is what a paced sender on the same machine leaves: the throughput was measured without one.
            loads.Add(("half load", full / 4));
            loads.Add(("full load", full / 2));
        }
        foreach (var (name, rate) in loads)
        {
            run.Say($"{name}: {rate:N0} commands a second");
            var histogram = await MeasureAsync(run, settings, load, mix, registry, rate, cancellation)
                .ConfigureAwait(false);
            var place = $"{cluster.Name}; {rate:N0} commands a second for {Duration.Show(run.Options.LatencyTime)}, "
                + $"{run.Options.MixText}";
            foreach (var (label, share) in new[] { ("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999) })
            {
                run.Report.Add(new Figure("latency", $"send to committed outcome, {name}, {label}",
                    histogram.PercentileMs(share), "ms", place));
            }
        }
    }

    private static async Task<LatencyHistogram> MeasureAsync(
        BenchRun run, ClientSettings settings, LoadGenerator load, CommandMix mix,
        ISchemaRegistryClient registry, double rate,
        CancellationToken cancellation)
    {
        var time = run.Time;
        var count = (long)(rate * (run.Options.LatencyTime + WarmUp).TotalSeconds);
        var skip = (long)(rate * WarmUp.TotalSeconds);
        var outcomes = new AvroSerde<AllocationOutcome>(registry, settings.TopicPrefix + "allocation.outcomes-value");
        await outcomes.InitializeAsync(cancellation).ConfigureAwait(false);
        var sentAt = new Dictionary<long, long>();
        var histogram = new LatencyHistogram();
        using var meter = new OutcomeMeter(settings, fromEnd: true, time);
        long first = -1;
        var counting = Task.Run(
            () => meter.Count(count, run.Options.Deadline, bytes =>
            {
                var now = time.GetTimestamp();
                var outcome = outcomes.Deserialize(bytes);
                var number = outcome.Original ? CommandMix.NumberOf(outcome.CommandId) : -1;
                lock (sentAt)
                {
                    if (number >= 0 && sentAt.Remove(number, out var at) && number >= first + skip)
                    {
                        histogram.Add(time.GetElapsedTime(at, now));
                    }
                }
            }, cancellation),
            cancellation);
        await Task.Run(
            () => load.Send(mix, count, rate, number =>
            {
                lock (sentAt)
                {
                    first = first < 0 ? number : first;
                    sentAt[number] = time.GetTimestamp();
                }
            }, cancellation),
            cancellation).ConfigureAwait(false);
        load.Flush();
        await counting.ConfigureAwait(false);
        return histogram;
    }
}
