using Alloc.Replay;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;

namespace Alloc.Bench;

/// <summary>What each application takes of a core, at the light rate of the benchmarks and as fast as it can.</summary>
internal static class BacklogShares
{
    private const string Application = "s";

    /// <summary>Not measured: the engine is still being compiled at run time.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        foreach (var isTogether in (bool[])[false, true])
        {
            await MeasureAsync(run, cluster, isTogether, cancellation).ConfigureAwait(false);
        }
        run.Report.AddRatio(
            "with the others to allocation alone, at the light rate", f => IsRate(f, "all"),
            f => IsRate(f, "allocation alone"));

        static bool IsRate(Figure figure, string who) =>
            figure.What.StartsWith("commands decided a second at", StringComparison.Ordinal)
            && figure.What.EndsWith($", {who}", StringComparison.Ordinal);
    }

    /// <summary>Adds what each application took of a core between two readings.</summary>
    public static void Add(
        BenchRun run, string application, RoleTimes from, RoleTimes to, bool isTogether, string when, string place)
    {
        var seconds = run.Time.GetElapsedTime(from.At, to.At).TotalSeconds;
        foreach (var role in isTogether ? RoleTimes.Roles : RoleTimes.Roles.Take(1))
        {
            Share($"thread of {role}", to.Of(application, role) - from.Of(application, role));
        }
        Share("Kafka's clients, garbage collection, state files, HTTP", to.Rest(application) - from.Rest(application));
        Share("the whole instance", to.Times.Total - from.Times.Total);

        void Share(string what, TimeSpan used) => run.Report.Add(new Figure(
            "backlog", $"share of a core {when}: {what}", 100 * used.TotalSeconds / seconds, "%", place));
    }

    private static async Task MeasureAsync(
        BenchRun run, BenchCluster cluster, bool isTogether, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync($"backlog-light-{(isTogether ? "all" : "one")}")
            .ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        var outcomes = new AvroSerde<AllocationOutcome>(registry, settings.TopicPrefix + "allocation.outcomes-value");
        using var load = new OrderLoad(settings, registry, options.Mix, isPaced: true, run.Time);
        using var meter = new OutcomeMeter(settings, fromEnd: false, run.Time);
        await using var engine = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, isTogether ? RoleTimes.AllRoles : RoleTimes.Roles[0],
            Application).ConfigureAwait(false);
        await outcomes.InitializeAsync(cancellation).ConfigureAwait(false);
        run.Say($"{options.LightRate:N0} commands a second, {(isTogether ? "all applications" : "allocation alone")}");
        var latency = new LatencyMeasure(run.Time);
        var warmUp = (long)(options.LightRate * WarmUp.TotalSeconds);
        var count = (long)(options.LightRate * options.LatencyTime.TotalSeconds);
        var counting = Task.Run(
            () => meter.Count((2L * options.PoolCount) + warmUp + count, options.Deadline, bytes =>
            {
                var outcome = outcomes.Deserialize(bytes);
                if (outcome.Original)
                {
                    latency.Answered(CommandMix.NumberOf(outcome.CommandId));
                }
            }, cancellation),
            cancellation);
        var (from, to) = await Task.Run(
            () =>
            {
                load.Open();
                load.Flush();
                load.Send(warmUp, options.LightRate, null, cancellation);
                var begun = RoleTimes.Read(engine, run.Time);
                load.Send(count, options.LightRate, latency.Asked, cancellation);
                load.Flush();
                return (begun, RoleTimes.Read(engine, run.Time));
            }, cancellation).ConfigureAwait(false);
        await counting.ConfigureAwait(false);
        var place = BacklogPairs.PlaceOf(run, cluster, load.CommandCount, load.EventCount);
        var when = $"at {options.LightRate:N0} commands a second, {(isTogether ? "all" : "allocation alone")}";
        Add(run, Application, from, to, isTogether, when, place);
        AddLatency(run, latency, when, place);
        if (isTogether)
        {
            await BacklogPairs.CatchUpAsync(run, engine, settings, load.WaitingCount, cancellation)
                .ConfigureAwait(false);
            run.Report.Add(new Figure(
                "backlog", $"until by-order and backlog had caught up, after {options.LightRate:N0} commands a second",
                run.Time.GetElapsedTime(to.At).TotalSeconds, "s", $"to about a second; {place}"));
        }
    }

    private static void AddLatency(BenchRun run, LatencyMeasure latency, string when, string place)
    {
        var histogram = latency.Finish();
        foreach (var (label, quantile) in new[] { ("p50", 0.5), ("p99", 0.99), ("max", 1.0) })
        {
            run.Report.Add(new Figure(
                "backlog", $"due to committed outcome {when}: {label}", histogram.PercentileMs(quantile), "ms", place));
        }
        run.Report.Add(new Figure(
            "backlog", $"commands decided a second {when}", latency.AnsweredPerSecond, "/s", place));
    }
}
