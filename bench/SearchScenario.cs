using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Bench;

/// <summary>
/// What the search projection costs the decisions beside it, in alternating runs of the same commands with and without
/// it; how far behind it falls, how fast it folds alone, and how long a page of a large customer takes.
/// </summary>
internal static class SearchScenario
{
    private const string Without = "commands decided a second, without the projection";
    private const string With = "commands decided a second, with the projection";
    private const string Both = "allocation,projection";
    private const int Rounds = 2;
    private const int OfOneCustomer = 200_000;
    private const int Pages = 20;

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var isBeside in round % 2 == 0 ? [false, true] : new[] { true, false })
            {
                await DecideAsync(run, cluster, $"search-{round}-{isBeside}".ToLowerInvariant(), isBeside, cancellation)
                    .ConfigureAwait(false);
            }
        }
        run.Report.AddRatio("with the projection to without it, last run of each", f => f.What == With,
            f => f.What == Without);
        await PagesAsync(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static async Task DecideAsync(
        BenchRun run, BenchCluster cluster, string name, bool isBeside, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync(name).ConfigureAwait(false);
        var outcomes = await WriteAsync(run, cluster, settings, new CommandMix(options.Mix).Opening, load =>
            load.Send(new CommandMix(options.Mix), options.Count, cancellation), options.Count)
            .ConfigureAwait(false);
        var place = $"{cluster.Name}; {options.Count:N0} commands, {options.MixText}, {options.ThreadCount} thread(s)";
        using var meter = new OutcomeMeter(settings, fromEnd: false, run.Time);
        run.Say(isBeside ? "deciding them, the projection beside" : "deciding them");
        await using (var engine = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, isBeside ? Both : "allocation").ConfigureAwait(false))
        {
            var rate = await Task.Run(() => meter.Count(outcomes, options.Deadline, null, cancellation), cancellation)
                .ConfigureAwait(false);
            run.Report.Add(new Figure("search", isBeside ? With : Without, rate, "/s", place));
            run.Report.Add(new Figure(
                "search", "peak resident memory of the engine", engine.PeakBytes / 1048576.0, "MiB", place));
            if (isBeside)
            {
                var (behind, seconds, _) = await engine.ProjectionAsync(cancellation).ConfigureAwait(false);
                run.Report.Add(new Figure("search", "outcomes behind when all were decided", behind, "", place));
                run.Report.Add(new Figure("search", "age of the oldest of them", seconds, "s", place));
                var caught = await FoldAsync(run, engine, cancellation).ConfigureAwait(false);
                if (behind > 0 && caught > 0)
                {
                    run.Report.Add(new Figure(
                        "search", "catching up, nothing else to do", caught, "outcomes/s", place));
                }
                return;
            }
        }
        run.Say("the projection alone, from the beginning");
        await using var alone = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, Both).ConfigureAwait(false);
        run.Report.Add(new Figure(
            "search", "folding the whole journal, nothing else to do", await FoldAsync(run, alone, cancellation)
            .ConfigureAwait(false), "outcomes/s", place));
    }

    /// <summary>Outcomes a second until none is left; from the first look that shows how many there are.</summary>
    private static async Task<double> FoldAsync(BenchRun run, EngineProcess engine, CancellationToken cancellation)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), run.Time);
        long first = -1;
        var since = run.Time.GetTimestamp();
        while (true)
        {
            var (behind, _, isKnown) = await engine.ProjectionAsync(cancellation).ConfigureAwait(false);
            if (first < 0 && isKnown)
            {
                (first, since) = (behind, run.Time.GetTimestamp());
            }
            if (first >= 0 && isKnown && behind == 0)
            {
                return first / Math.Max(0.001, run.Time.GetElapsedTime(since).TotalSeconds);
            }
            if (run.Time.GetElapsedTime(since) > run.Options.Deadline)
            {
                throw AllocException.Unavailable($"The projection is still {behind:N0} outcomes behind.");
            }
            await poll.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static async Task PagesAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var settings = await cluster.PrepareAsync("search-pages").ConfigureAwait(false);
        var count = (int)Math.Min(OfOneCustomer, run.Options.Count);
        var mix = new CommandMix(run.Options.Mix);
        await WriteAsync(run, cluster, settings, mix.Opening, load =>
        {
            for (var i = 0; i < count; i++)
            {
                var command = mix.Hold(run.Time.GetUtcNow().ToUnixTimeMilliseconds(), keepOpen: true, 3_600_000);
                var hold = (AllocationCommandBody.Hold)command.Body;
                load.Send(command with { Body = hold with { CustomerRef = "one" } });
            }
        }, count).ConfigureAwait(false);
        await using var engine = await EngineProcess.StartAsync(
            settings, run.Options, "a", null, run.Time, cancellation, Both).ConfigureAwait(false);
        using (var meter = new OutcomeMeter(settings, fromEnd: false, run.Time))
        {
            await Task.Run(
                () => meter.Count(count + (2L * run.Options.PoolCount), run.Options.Deadline, null, cancellation),
                cancellation).ConfigureAwait(false);
        }
        await FoldAsync(run, engine, cancellation).ConfigureAwait(false);
        var times = new List<double>();
        var place = $"{cluster.Name}; {count:N0} reservations of one customer, {run.Options.PartitionCount} partitions";
        string? cursor = null;
        for (var page = 0; page < Pages; page++)
        {
            var started = run.Time.GetTimestamp();
            var answer = await engine.GetAsync(
                "v1/reservations?customer=one&limit=100" + (cursor is null ? "" : $"&cursor={cursor}"), cancellation)
                .ConfigureAwait(false);
            times.Add(run.Time.GetElapsedTime(started).TotalMilliseconds);
            cursor = answer["next"]?.GetValue<string>();
            if (page == 0)
            {
                run.Report.Add(new Figure("search", "rows of the first page", Rows(answer), "", place));
            }
        }
        run.Report.Add(new Figure("search", "first page of 100, the process's first request", times[0], "ms", place));
        run.Report.Add(new Figure(
            "search", "median of the next pages", times.Skip(1).Order().ElementAt((Pages - 1) / 2), "ms", place));
    }

    private static int Rows(JsonNode answer) => answer["reservations"]!.AsArray().Count;

    private static async Task<long> WriteAsync(
        BenchRun run, BenchCluster cluster, AllocClientOptions settings,
        Func<long, IEnumerable<AllocationCommand>> opening,
        Action<LoadGenerator> more, long count)
    {
        using var registry = cluster.OpenRegistry();
        using var load = new LoadGenerator(settings, registry, isPaced: false, run.Time);
        run.Say($"writing {count:N0} commands");
        await Task.Run(() =>
        {
            foreach (var command in opening(run.Time.GetUtcNow().ToUnixTimeMilliseconds()))
            {
                load.Send(command);
            }
            more(load);
            load.Flush();
        }).ConfigureAwait(false);
        return count + (2L * run.Options.PoolCount);
    }
}
