using System.Text.Json.Nodes;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>
/// The same commands and stage events decided by an instance with every application and by one that decides alone, by
/// turns: commands decided a second in both; how far behind the others are then, and how soon they are not. What is
/// measured is an instance, and a broker, that have been at work: a young one compiles its code, and the more of it the
/// more applications it has.
/// </summary>
internal static class BacklogPairs
{
    public const string Alone = "commands decided a second, allocation alone";
    public const string Together = "commands decided a second, with by-order, backlog, reconciliation and projection";
    private const int Rounds = 3;

    /// <summary>Commands that it has decided, and the others taken in, before those that are measured.</summary>
    private const int WarmUpCount = 300_000;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var rates = new Dictionary<bool, double>();
            foreach (var isTogether in round % 2 == 0 ? [false, true] : new[] { true, false })
            {
                rates[isTogether] = await DecideAsync(
                    run, cluster, round, isTogether, isDetailed: round == Rounds - 1, cancellation)
                    .ConfigureAwait(false);
            }
            ratios.Add(rates[true] / rates[false]);
            run.Report.Add(new Figure(
                "ratio", $"with the others to allocation alone, pair {round + 1}", ratios[^1], "×",
                $"{rates[true]:N0} ÷ {rates[false]:N0} /s"));
        }
        run.Report.Add(new Figure(
            "ratio", "with the others to allocation alone, median of the pairs", ratios.Order().ElementAt(Rounds / 2),
            "×", $"{Rounds} pairs, by turns"));
    }

    /// <summary>What is said of the load, for the report.</summary>
    public static string PlaceOf(BenchRun run, BenchCluster cluster, long commands, long events) =>
        $"{cluster.Name}; {commands:N0} commands, {events:N0} stage events, {run.Options.MixText}, {OrderLoad.Text}, "
        + $"{run.Options.ThreadCount} thread(s)";

    /// <summary>
    /// Waits until by-order and the backlog have taken in everything, and as many items wait as the load left.
    /// </summary>
    public static async Task CatchUpAsync(
        BenchRun run, EngineProcess engine, AllocClientOptions settings, long waiting, CancellationToken cancellation)
    {
        // By-order first: what it still has to write is no lag of the backlog yet.
        foreach (var role in RoleTimes.Roles.Skip(1).Take(2))
        {
            await UntilAsync(
                run, async () => await LagAsync(run, engine, settings, role, cancellation).ConfigureAwait(false) == 0,
                $"{role} has not caught up", cancellation).ConfigureAwait(false);
        }
        await engine.UntilAnsweredAsync(
            "v1/stages", (answer, _) => Waiting(answer) == waiting, $"a backlog of {waiting:N0}", cancellation,
            run.Options.Deadline, Look).ConfigureAwait(false);
    }

    /// <summary>Records that by-order or the backlog has not taken in; null: not known yet.</summary>
    public static Task<long?> LagAsync(
        BenchRun run, EngineProcess engine, AllocClientOptions settings, string role, CancellationToken cancellation)
    {
        string[] names = role switch
        {
            "by-order" => ["allocation.outcomes"],
            "reconciliation" => ["allocation.commands", "allocation.outcomes", "allocation.by-order"],
            _ => ["workflow.stages", "allocation.by-order"],
        };
        string[] topics = [.. names.Select(n => settings.TopicPrefix + n)];
        return engine.LagAsync(role, run.Options.PartitionCount, topics, cancellation);
    }

    /// <summary>Items that wait in all stages together.</summary>
    public static long Waiting(JsonNode answer) =>
        answer["stages"]!.AsArray().Sum(s => s!["waiting"]!.GetValue<long>());

    private static async Task<double> DecideAsync(
        BenchRun run, BenchCluster cluster, int round, bool isTogether, bool isDetailed,
        CancellationToken cancellation)
    {
        var options = run.Options;
        // Changelogs bear the application's name and no prefix: the next must not restore what one before it kept.
        var application = $"b{round}";
        var settings = await cluster.PrepareAsync($"backlog-{round}-{(isTogether ? "all" : "one")}")
            .ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        using var load = new OrderLoad(settings, registry, options.Mix, isPaced: false, run.Time);
        run.Say($"writing {WarmUpCount:N0} commands, and their stage events, to warm up");
        await Task.Run(
            () =>
            {
                load.Open();
                load.Send(WarmUpCount, cancellation);
                load.Flush();
            }, cancellation).ConfigureAwait(false);
        using var meter = new OutcomeMeter(settings, fromEnd: false, run.Time);
        await using var engine = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, isTogether ? RoleTimes.AllRoles : RoleTimes.Roles[0],
            application).ConfigureAwait(false);
        await CountAsync(load.CommandCount).ConfigureAwait(false);
        if (isTogether)
        {
            await FollowAsync(run, engine, settings, load, null, "", cancellation).ConfigureAwait(false);
        }
        run.Say($"writing {options.Count:N0} commands and their stage events while it stands still");
        var before = load.CommandCount;
        await PausedLoad.WriteAsync(
            engine, options.Count,
            count =>
            {
                load.Send(count, cancellation);
                load.Flush();
            }, cancellation).ConfigureAwait(false);
        var place = PlaceOf(run, cluster, options.Count, load.EventCount);
        run.Say(isTogether ? "deciding them, the others beside" : "deciding them");
        var begun = RoleTimes.Read(engine, run.Time);
        await CountAsync(load.CommandCount - before).ConfigureAwait(false);
        var rate = meter.SecondHalf;
        run.Say($"{rate:N0} commands decided a second");
        var decided = RoleTimes.Read(engine, run.Time);
        run.Report.Add(new Figure("backlog", isTogether ? Together : Alone, rate, "/s", place));
        if (isDetailed)
        {
            BacklogShares.Add(
                run, application, begun, decided, isTogether,
                isTogether ? "while all run as fast as they can" : "while it decides alone as fast as it can", place);
        }
        if (isTogether)
        {
            await FollowAsync(run, engine, settings, load, decided, place, cancellation).ConfigureAwait(false);
            var caught = RoleTimes.Read(engine, run.Time);
            foreach (var role in isDetailed ? RoleTimes.Roles : [])
            {
                run.Report.Add(new Figure(
                    "backlog", $"processor time a command, thread of {role}",
                    (caught.Of(application, role) - begun.Of(application, role)).TotalMicroseconds
                        / options.Count,
                    "µs", $"until all have caught up; {place}"));
            }
        }
        if (!isDetailed)
        {
            return rate;
        }
        run.Report.Add(new Figure(
            "backlog", "peak resident memory of the instance", engine.PeakBytes / 1048576.0, "MiB",
            $"{(isTogether ? "all applications" : "allocation alone")}; {place}"));
        return rate;

        Task CountAsync(long count) =>
            Task.Run(() => meter.Count(count, options.Deadline, null, cancellation), cancellation);
    }

    /// <summary>Waits until all have caught up.</summary>
    /// <param name="decided">When all was decided, from when it is reported; null: nothing is.</param>
    private static async Task FollowAsync(
        BenchRun run, EngineProcess engine, AllocClientOptions settings, OrderLoad load, RoleTimes? decided,
        string place, CancellationToken cancellation)
    {
        foreach (var role in decided is null ? [] : RoleTimes.Roles.Skip(1).Take(2))
        {
            if (await LagAsync(run, engine, settings, role, cancellation).ConfigureAwait(false) is { } behind)
            {
                run.Report.Add(new Figure(
                    "backlog", $"records that {role} was behind when all were decided", behind, "",
                    $"as seen within a second; {place}"));
            }
        }
        run.Say("the others catch up");
        await CatchUpAsync(run, engine, settings, load.WaitingCount, cancellation).ConfigureAwait(false);
        Tell("by-order and backlog");
        await UntilAsync(
            run, async () => await LagAsync(run, engine, settings, "reconciliation", cancellation)
                .ConfigureAwait(false) == 0, "reconciliation has not caught up", cancellation).ConfigureAwait(false);
        Tell("reconciliation");
        await UntilAsync(
            run, async () => await engine.ProjectionAsync(cancellation).ConfigureAwait(false)
                is { Behind: 0, IsKnown: true }, "the projection has not caught up", cancellation)
            .ConfigureAwait(false);
        Tell("the projection");

        void Tell(string who)
        {
            if (decided is not null)
            {
                run.Report.Add(new Figure(
                    "backlog", $"until {who} had caught up, from when all were decided",
                    run.Time.GetElapsedTime(decided.At).TotalSeconds, "s", $"to about a second; {place}"));
            }
        }
    }

    private static async Task UntilAsync(
        BenchRun run, Func<Task<bool>> condition, string otherwise, CancellationToken cancellation)
    {
        using var looks = new PeriodicTimer(Look, run.Time);
        var since = run.Time.GetTimestamp();
        while (!await condition().ConfigureAwait(false))
        {
            if (run.Time.GetElapsedTime(since) > run.Options.Deadline)
            {
                throw AllocException.Unavailable($"After {DurationWords.Show(run.Options.Deadline)} {otherwise}.");
            }
            await looks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }
}
