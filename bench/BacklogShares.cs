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
        using var load = new OrderLoad(settings, registry, options.Mix, isPaced: true, run.Time);
        await using var engine = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, isTogether ? RoleTimes.AllRoles : RoleTimes.Roles[0],
            Application).ConfigureAwait(false);
        run.Say($"{options.LightRate:N0} commands a second, {(isTogether ? "all applications" : "allocation alone")}");
        var (from, to) = await Task.Run(
            () =>
            {
                load.Open();
                load.Send((long)(options.LightRate * WarmUp.TotalSeconds), options.LightRate, cancellation);
                var begun = RoleTimes.Read(engine, run.Time);
                load.Send((long)(options.LightRate * options.LatencyTime.TotalSeconds), options.LightRate,
                    cancellation);
                return (begun, RoleTimes.Read(engine, run.Time));
            }, cancellation).ConfigureAwait(false);
        var place = BacklogPairs.PlaceOf(run, cluster, load.CommandCount, load.EventCount);
        Add(
            run, Application, from, to, isTogether,
            $"at {options.LightRate:N0} commands a second{(isTogether ? "" : ", allocation alone")}", place);
        if (isTogether)
        {
            var since = run.Time.GetTimestamp();
            load.Flush();
            await BacklogPairs.CatchUpAsync(run, engine, settings, load.WaitingCount, cancellation)
                .ConfigureAwait(false);
            run.Report.Add(new Figure(
                "backlog", $"until by-order and backlog had caught up, after {options.LightRate:N0} commands a second",
                run.Time.GetElapsedTime(since).TotalSeconds, "s", $"to about a second; {place}"));
        }
    }
}
