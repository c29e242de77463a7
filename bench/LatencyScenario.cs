using Alloc.Client;
using Alloc.Replay;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Alloc.Bench;

/// <summary>
/// From the moment a command is due until a read-committed subscriber holds its outcome, at fixed rates: light, half
/// and full load. Full load is found first: what sender, broker, engine and subscriber together take on this machine.
/// </summary>
internal static class LatencyScenario
{
    public const string Ceiling = "commands a second, sent as fast as they are taken";

    /// <summary>Not measured: broker and engine are still being compiled at run time.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    /// <summary>A load holds if what had piled up at its end is gone within this time.</summary>
    private static readonly TimeSpan MaximumBacklog = TimeSpan.FromSeconds(1);

    /// <summary>How often a rate is tried as full load.</summary>
    private const int Attempts = 8;

    public static Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation) =>
        RunAsync(run, cluster, isLightOnly: false, cancellation);

    public static async Task RunAsync(
        BenchRun run, BenchCluster cluster, bool isLightOnly, CancellationToken cancellation)
    {
        var settings = await cluster.PrepareAsync("latency").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        await using var engine = await cluster.StartEngineAsync(settings, "a", null, cancellation)
            .ConfigureAwait(false);
        using var load = new LoadGenerator(settings, registry, isPaced: true, run.Time);
        var loads = new Loads(run, cluster, settings, load, new CommandMix(run.Options.Mix), registry);
        await loads.OpenPoolsAsync(cancellation).ConfigureAwait(false);
        await loads.MeasureAsync("light load", run.Options.LightRate, null, cancellation).ConfigureAwait(false);
        if (isLightOnly)
        {
            return;
        }
        var ceiling = await loads.FindCeilingAsync(cancellation).ConfigureAwait(false);
        var full = ceiling;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var answered = await loads.MeasureAsync("full load", full, ceiling, cancellation).ConfigureAwait(false);
            if (answered is null)
            {
                await loads.MeasureAsync("half load", full / 2, ceiling, cancellation).ConfigureAwait(false);
                return;
            }
            // What piled up is decided at the rate that holds, or a little over it.
            full = Math.Min(full, answered.Value) * 0.9;
        }
        throw AllocException.Failed(
            $"Not even {full:N0} commands a second hold on this machine; the ceiling seemed to be {ceiling:N0}. "
            + "Measure when nothing else runs on it.");
    }

    private sealed class Loads(
        BenchRun run, BenchCluster cluster, AllocClientOptions settings, LoadGenerator load, CommandMix mix,
        ISchemaRegistryClient registry)
    {
        public async Task OpenPoolsAsync(CancellationToken cancellation)
        {
            using var meter = new OutcomeMeter(settings, fromEnd: true, run.Time);
            foreach (var command in mix.Opening(run.Time.GetUtcNow().ToUnixTimeMilliseconds()))
            {
                load.Send(command);
            }
            load.Flush();
            await Task.Run(() => meter.Count(2L * run.Options.PoolCount, run.Options.Deadline, null, cancellation),
                cancellation).ConfigureAwait(false);
        }

        /// <summary>Commands decided a second while the sender beside them sends as fast as it can.</summary>
        public async Task<double> FindCeilingAsync(CancellationToken cancellation)
        {
            run.Say("the ceiling: commands sent as fast as they are taken");
            using var meter = new OutcomeMeter(settings, fromEnd: true, run.Time);
            var count = run.Options.CeilingCount;
            var counting = Task.Run(
                () => meter.Count(count, run.Options.Deadline, null, cancellation), cancellation);
            await Task.Run(() => load.Send(mix, count, cancellation), cancellation).ConfigureAwait(false);
            load.Flush();
            var rate = await counting.ConfigureAwait(false);
            run.Report.Add(new Figure("latency", Ceiling, rate, "/s",
                $"{cluster.Name}; {count:N0} commands, sender and subscriber beside, {run.Options.MixText}"));
            return rate;
        }

        /// <summary>
        /// Measures one load and reports it. A share of the ceiling that does not hold is not reported: the answer is
        /// how many a second were decided instead, and null otherwise.
        /// </summary>
        public async Task<double?> MeasureAsync(
            string name, double rate, double? ceiling, CancellationToken cancellation)
        {
            var share = ceiling is { } highest ? $", {rate / highest:P0} of the ceiling" : "";
            run.Say($"{name}: {rate:N0} commands a second{share}");
            var measure = new LatencyMeasure(run.Time);
            var count = (long)(rate * (run.Options.LatencyTime + WarmUp).TotalSeconds);
            var skip = (long)(rate * WarmUp.TotalSeconds);
            await SendAsync(measure, rate, count, skip, cancellation).ConfigureAwait(false);
            var histogram = measure.Finish();
            if (ceiling is not null && measure.Backlog > MaximumBacklog)
            {
                run.Say($"it does not hold: {DurationWords.Show(measure.Backlog)} behind at the end");
                return measure.AnsweredPerSecond;
            }
            var place = $"{cluster.Name}; {rate:N0} commands a second{share} for "
                + $"{DurationWords.Show(run.Options.LatencyTime)}, {run.Options.MixText}";
            foreach (var (label, quantile) in new[] { ("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0) })
            {
                run.Report.Add(new Figure("latency", $"due to committed outcome, {name}, {label}",
                    histogram.PercentileMs(quantile), "ms", place));
            }
            return null;
        }

        private async Task SendAsync(
            LatencyMeasure measure, double rate, long count, long skip, CancellationToken cancellation)
        {
            var outcomes = new AvroSerde<AllocationOutcome>(
                registry, settings.TopicPrefix + "allocation.outcomes-value");
            await outcomes.InitializeAsync(cancellation).ConfigureAwait(false);
            using var meter = new OutcomeMeter(settings, fromEnd: true, run.Time);
            var counting = Task.Run(
                () => meter.Count(count, run.Options.Deadline, bytes =>
                {
                    var outcome = outcomes.Deserialize(bytes);
                    if (outcome.Original)
                    {
                        measure.Answered(CommandMix.NumberOf(outcome.CommandId));
                    }
                }, cancellation),
                cancellation);
            await Task.Run(
                () => load.Send(mix, count, rate, (index, number, dueAt) =>
                {
                    if (index >= skip)
                    {
                        measure.Asked(number, dueAt);
                    }
                }, cancellation),
                cancellation).ConfigureAwait(false);
            load.Flush();
            await counting.ConfigureAwait(false);
        }
    }
}
