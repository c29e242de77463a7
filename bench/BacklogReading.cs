using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Replay;
using HdrHistogram;

namespace Alloc.Bench;

/// <summary>
/// Much waits, each item with a hold: how long it takes to be told so, at rest and while commands come; and how soon
/// after kill -9 that is so again, beside how soon commands are decided again.
/// </summary>
internal static class BacklogReading
{
    private const int Asks = 500;
    private const int CommandRuns = 5;
    private const long ShortestTtlMs = 3_600_000;
    private const int TtlSeconds = 3_600;
    private const int ItemsPerDeparture = 50;
    private const string Backlog = "backlog";

    /// <summary>Holds that are listed where nothing else is said.</summary>
    private const int Page = 100;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);

    private static readonly (string What, string Path)[] Questions =
    [
        ("/v1/stages", "v1/stages"), ("/v1/holds-at-risk", "v1/holds-at-risk"),
        ("/v1/holds-at-risk of one stage", "v1/holds-at-risk?stage=AuthorizationPending"),
        ("/v1/stages/{id} for a time", "v1/stages/AwaitingFraudDecision?enteredAtMs=4102444800000"),
        ("/v1/waiting/{order}", "v1/waiting/order-r-17"),
    ];

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var settings = await cluster.PrepareAsync("backlog-waiting").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        var place = $"{cluster.Name}; {run.Options.WaitingCount:N0} items wait, each with a hold that expires, "
            + $"{run.Options.PoolCount:N0} pools, {run.Options.PartitionCount} partitions";
        var engine = await StartAsync().ConfigureAwait(false);
        try
        {
            using var load = new OrderLoad(settings, registry, run.Options.Mix, isPaced: false, run.Time);
            await LoadAsync(run, engine, settings, load, place, cancellation).ConfigureAwait(false);
            await AskAsync(run, engine, "", place, () => true, cancellation).ConfigureAwait(false);
            await CommandsAsync(run, engine, place, cancellation).ConfigureAwait(false);
            await AskBesideLoadAsync(run, engine, settings, load, place, cancellation).ConfigureAwait(false);
            run.Report.Add(new Figure(
                "backlog", "peak resident memory of the instance", engine.PeakBytes / 1048576.0, "MiB",
                $"all applications; {place}"));
            foreach (var roles in (string[])[RoleTimes.AllRoles, RoleTimes.Roles[0], Backlog])
            {
                run.Say($"kill -9 and start again: {roles}");
                await engine.KillAsync().ConfigureAwait(false);
                await engine.DisposeAsync().ConfigureAwait(false);
                engine = EngineProcess.Begin(settings, run.Options, "a", null, run.Time, roles, application: null);
                await ReturnAsync(run, engine, roles, place, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            await engine.DisposeAsync().ConfigureAwait(false);
        }

        Task<EngineProcess> StartAsync() => EngineProcess.StartAsync(
            settings, run.Options, "a", null, run.Time, cancellation, RoleTimes.AllRoles);
    }

    private static async Task LoadAsync(
        BenchRun run, EngineProcess engine, AllocClientOptions settings, OrderLoad load, string place,
        CancellationToken cancellation)
    {
        run.Say($"{run.Options.WaitingCount:N0} items with holds begin to wait");
        var since = run.Time.GetTimestamp();
        await Task.Run(
            () =>
            {
                load.Open();
                for (long i = 0; i < run.Options.WaitingCount; i++)
                {
                    if ((i & 1023) == 0)
                    {
                        cancellation.ThrowIfCancellationRequested();
                    }
                    var stage = (i % 10) switch
                    {
                        < 7 => "AwaitingFraudDecision",
                        < 9 => "AuthorizationPending",
                        _ => "ReadyForFulfillment",
                    };
                    var ttlMs = ShortestTtlMs + (i * 7_919 % TtlSeconds * 1_000);
                    load.SendWaiting(ttlMs, stage, isLeaving: false);
                    if (i % ItemsPerDeparture == 0)
                    {
                        load.SendWaiting(ttlMs, stage, isLeaving: true);
                    }
                }
                load.Flush();
            }, cancellation).ConfigureAwait(false);
        await BacklogPairs.CatchUpAsync(run, engine, settings, load.WaitingCount, cancellation).ConfigureAwait(false);
        var seconds = run.Time.GetElapsedTime(since).TotalSeconds;
        run.Report.Add(new Figure(
            "backlog", "items with holds taken in a second, by all applications beside their sender",
            run.Options.WaitingCount / seconds, "/s", $"{seconds:N0} s; {place}"));
        run.Say("nothing leaves any more: holds come at risk");
        await AtRiskAsync(run, engine, cancellation).ConfigureAwait(false);
    }

    // Of few items, that came within seconds, none is predicted to wait for long.
    private static async Task AtRiskAsync(BenchRun run, EngineProcess engine, CancellationToken cancellation)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromSeconds(1), run.Time);
        var since = run.Time.GetTimestamp();
        while (run.Time.GetElapsedTime(since) < 3 * run.Options.LatencyTime
            && Rows(await engine.GetAsync("v1/holds-at-risk", cancellation).ConfigureAwait(false)) < Page)
        {
            await looks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static async Task AskAsync(
        BenchRun run, EngineProcess engine, string when, string place, Func<bool> goesOn,
        CancellationToken cancellation)
    {
        var times = Questions.Select(_ => Latencies.Create()).ToList();
        var firsts = new double[Questions.Length];
        var rows = new int[Questions.Length];
        run.Say($"asking{when}");
        for (var round = 0; round < Asks && goesOn(); round++)
        {
            for (var question = 0; question < Questions.Length; question++)
            {
                var startedAt = run.Time.GetTimestamp();
                var answer = await engine.GetAsync(Questions[question].Path, cancellation).ConfigureAwait(false);
                var took = run.Time.GetElapsedTime(startedAt);
                rows[question] = Math.Max(rows[question], Rows(answer));
                if (round == 0)
                {
                    firsts[question] = took.TotalMilliseconds;
                }
                else
                {
                    times[question].Record(took);
                }
            }
        }
        for (var question = 0; question < Questions.Length; question++)
        {
            Add(
                run, Questions[question].What + when, when.Length == 0 ? firsts[question] : null, times[question],
                rows[question], place);
        }
    }

    private static int Rows(JsonNode answer) =>
        answer["complete"] is null ? 0 : answer["holds"]?.AsArray().Count ?? 0;

    private static void Add(
        BenchRun run, string what, double? first, LongHistogram times, int rows, string place)
    {
        var settings = (rows > 0 ? $"up to {rows:N0} rows; " : "") + $"{times.TotalCount:N0} GETs; {place}";
        if (first is { } alone)
        {
            run.Report.Add(new Figure("backlog", $"GET {what}, the first", alone, "ms", settings));
        }
        foreach (var (label, quantile) in new[] { ("p50", 0.5), ("p99", 0.99), ("max", 1.0) })
        {
            run.Report.Add(new Figure(
                "backlog", $"GET {what}, {label}", times.PercentileMs(quantile), "ms", settings));
        }
    }

    // The whole command, from the start of the process to its end.
    private static async Task CommandsAsync(
        BenchRun run, EngineProcess engine, string place, CancellationToken cancellation)
    {
        foreach (var more in (string[][])[[], ["--at-risk"], ["--by", "partition"]])
        {
            var times = new List<double>();
            for (var turn = 0; turn < CommandRuns; turn++)
            {
                var startedAt = run.Time.GetTimestamp();
                await ChildProcess.RunAsync(
                    Environment.ProcessPath!, ["backlog", .. more, "--console", engine.Console], cancellation)
                    .ConfigureAwait(false);
                times.Add(run.Time.GetElapsedTime(startedAt).TotalMilliseconds);
            }
            run.Report.Add(new Figure(
                "backlog", string.Join(' ', ["alloc backlog", .. more]) + ", the whole command, median",
                times.Order().ElementAt(CommandRuns / 2), "ms", $"{CommandRuns} runs; {place}"));
        }
    }

    // The mix begins after the holds that wait, and has none of them to confirm or release.
    private static async Task AskBesideLoadAsync(
        BenchRun run, EngineProcess engine, AllocClientOptions settings, OrderLoad load, string place,
        CancellationToken cancellation)
    {
        var rate = run.Options.LightRate;
        var sending = Task.Run(
            () =>
            {
                load.Send((long)(rate * run.Options.LatencyTime.TotalSeconds), rate, null, cancellation);
                load.Flush();
            }, cancellation);
        await AskAsync(
            run, engine, $", {rate:N0} commands a second beside", place, () => !sending.IsCompleted, cancellation)
            .ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        await BacklogPairs.CatchUpAsync(run, engine, settings, load.WaitingCount, cancellation).ConfigureAwait(false);
    }

    // All at once as people start them, and then each alone: what it takes of two cores hides how the two compare.
    private static async Task ReturnAsync(
        BenchRun run, EngineProcess engine, string roles, string place, CancellationToken cancellation)
    {
        var deadline = run.Options.Deadline;
        var waits = new List<(string What, Task<TimeSpan> Until)>();
        if (roles != Backlog)
        {
            waits.Add(("allocation is ready", engine.UntilAnsweredAsync(
                $"readyz?role={RoleTimes.Roles[0]}", (_, _) => true, "a ready engine", cancellation, deadline, Look)));
        }
        if (roles != RoleTimes.Roles[0])
        {
            waits.Add(("backlog answers for all partitions", engine.UntilAnsweredAsync(
                "v1/holds-at-risk?limit=1", (a, _) => a["complete"]!.GetValue<bool>(),
                "a backlog that answers for all", cancellation, deadline, Look)));
            waits.Add(("every partition has said anew what waits in every stage", engine.UntilAnsweredAsync(
                "v1/stages", (a, since) => a["complete"]!.GetValue<bool>() && SaidSince(a, since),
                "a backlog of new words", cancellation, deadline, Look)));
        }
        foreach (var (what, until) in waits)
        {
            run.Report.Add(new Figure(
                "backlog", $"from start of {roles} after kill -9 until {what}",
                (await until.ConfigureAwait(false)).TotalSeconds, "s", place));
        }
    }

    // Words are rounded to a tenth of a second.
    private static bool SaidSince(JsonNode answer, TimeSpan since) => answer["stages"]!.AsArray()
        .Where(s => s!["waiting"]!.GetValue<long>() > 0)
        .SelectMany(s => s!["partitions"]!.AsArray())
        .All(p => p!["wordAgeSeconds"]!.GetValue<double>() < since.TotalSeconds - 0.1);
}
