using System.Text.Json.Nodes;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>
/// How long it takes to compare the search projection of many reservations with the ledger; and what that costs the
/// decisions beside it, in alternating runs of as many commands with scans one after the other and without any. It is
/// one instance all the time: a young one compiles its code, and the scan's too.
/// </summary>
internal static class ScanScenario
{
    private const string Name = "scan";
    private const string Without = "commands decided a second, no scan";
    private const string With = "commands decided a second, scans one after the other";
    private const string Roles = "allocation,projection";
    private const long LongTtlMs = 3_600_000;
    private const long MostOfARound = 300_000;
    private const int Runs = 5;
    private const int Rounds = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Who asks more often costs the decisions more than the scan does.</summary>
    private static readonly TimeSpan LookUnderLoad = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync(Name).ConfigureAwait(false);
        var mix = new CommandMix(options.Mix);
        run.Say($"holding {options.Count:N0} reservations");
        using var registry = cluster.OpenRegistry();
        using var load = new LoadGenerator(settings, registry, isPaced: false, run.Time);
        await Task.Run(
            () =>
            {
                foreach (var command in mix.Opening(run.Time.GetUtcNow().ToUnixTimeMilliseconds()))
                {
                    load.Send(command);
                }
                Write(run, load, mix, options.Count);
            }, cancellation).ConfigureAwait(false);
        var place = $"{cluster.Name}; {options.Count:N0} open reservations, {options.PoolCount:N0} pools, "
            + $"{options.PartitionCount} partitions";
        using var meter = new OutcomeMeter(settings, fromEnd: false, run.Time);
        await using var engine = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, Roles).ConfigureAwait(false);
        await CountAsync(run, meter, options.Count + (2L * options.PoolCount), cancellation).ConfigureAwait(false);
        await UntilCaughtUpAsync(run, engine, cancellation).ConfigureAwait(false);
        await TimeAsync(run, engine, place, cancellation).ConfigureAwait(false);
        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var rates = new Dictionary<bool, double>();
            foreach (var isScanned in round % 2 == 0 ? [false, true] : new[] { true, false })
            {
                await PausedLoad.WriteAsync(
                    engine, CountOfARound(run), count => Write(run, load, mix, count), cancellation)
                    .ConfigureAwait(false);
                rates[isScanned] = await DecideAsync(run, engine, meter, isScanned, place, cancellation)
                    .ConfigureAwait(false);
            }
            ratios.Add(rates[true] / rates[false]);
            run.Report.Add(new Figure(
                "ratio", $"with scans to without, pair {round + 1}", ratios[^1], "×",
                $"{rates[true]:N0} ÷ {rates[false]:N0} /s"));
        }
        run.Report.Add(new Figure(
            "ratio", "with scans to without, median of the pairs", ratios.Order().ElementAt(Rounds / 2), "×",
            $"{Rounds} pairs, by turns"));
    }

    private static long CountOfARound(BenchRun run) => Math.Min(MostOfARound, run.Options.Count);

    /// <summary>Scans that nothing else hinders.</summary>
    private static async Task TimeAsync(
        BenchRun run, EngineProcess engine, string place, CancellationToken cancellation)
    {
        run.Say("scanning");
        var times = new List<double>();
        var used = new List<double>();
        long entries = 0;
        for (var turn = 0; turn < Runs; turn++)
        {
            var (startedAt, before) = (run.Time.GetTimestamp(), engine.ReadTimes().Total);
            (entries, var differing) = await ScanAsync(run, engine, cancellation).ConfigureAwait(false);
            times.Add(run.Time.GetElapsedTime(startedAt).TotalSeconds);
            used.Add((engine.ReadTimes().Total - before).TotalSeconds);
            if (differing > 0)
            {
                throw AllocException.Failed($"{differing:N0} entries differ, and nothing was done to them.");
            }
        }
        run.Report.Add(new Figure(Name, "entries compared, pools and reservations", entries, "", place));
        run.Report.Add(new Figure(Name, "one scan of all partitions, the first", times[0], "s", place));
        run.Report.Add(new Figure(
            Name, "one scan of all partitions, median", times.Order().ElementAt(Runs / 2), "s",
            $"{Runs} scans; {place}"));
        run.Report.Add(new Figure(
            Name, "processor time of a scan, the whole process, median", used.Order().ElementAt(Runs / 2), "s",
            $"{Runs} scans; {place}"));
        run.Report.Add(new Figure(
            Name, "peak resident memory of the instance", engine.PeakBytes / 1048576.0, "MiB", place));
    }

    private static async Task<double> DecideAsync(
        BenchRun run, EngineProcess engine, OutcomeMeter meter, bool isScanned, string place,
        CancellationToken cancellation)
    {
        run.Say(isScanned ? "deciding them while it scans" : "deciding them");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var scans = isScanned ? ScanOnAsync(run, engine, over.Token) : Task.FromResult(0);
        await CountAsync(run, meter, CountOfARound(run), cancellation).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        var begun = await scans.ConfigureAwait(false);
        run.Report.Add(new Figure(
            Name, isScanned ? With : Without, meter.SecondHalf, "/s",
            $"the second half of {CountOfARound(run):N0} commands{(isScanned ? $", {begun} scans begun" : "")}; "
            + place));
        await UntilCaughtUpAsync(run, engine, cancellation).ConfigureAwait(false);
        return meter.SecondHalf;
    }

    /// <summary>Scans again and again; how many were begun.</summary>
    private static async Task<int> ScanOnAsync(BenchRun run, EngineProcess engine, CancellationToken cancellation)
    {
        var begun = 0;
        try
        {
            while (true)
            {
                begun++;
                // One that comes to no result, since searches are far behind, is begun again.
                await ScanAsync(run, engine, cancellation, mayFail: true).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return begun;
        }
    }

    private static async Task<(long Entries, long Differing)> ScanAsync(
        BenchRun run, EngineProcess engine, CancellationToken cancellation, bool mayFail = false)
    {
        var ids = new List<string>();
        for (var partition = 0; partition < run.Options.PartitionCount; partition++)
        {
            var begun = await engine.PostAsync(
                FormattableString.Invariant($"v1/projection/scan?scope=partition/{partition}"), cancellation)
                .ConfigureAwait(false);
            if (begun["id"] is { } id)
            {
                ids.Add(id.GetValue<string>());
            }
        }
        using var looks = new PeriodicTimer(mayFail ? LookUnderLoad : Look, run.Time);
        while (true)
        {
            await looks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
            var status = await engine.GetAsync("v1/projection", cancellation).ConfigureAwait(false);
            var scans = status["instances"]![0]!["scans"]!.AsArray().OfType<JsonObject>()
                .Where(s => ids.Contains(s["id"]!.GetValue<string>())).ToList();
            if (!mayFail && scans.Find(s => s["failure"] is not null) is { } failed)
            {
                throw AllocException.Failed($"{failed["scope"]} was not compared: {failed["failure"]}");
            }
            if (scans.TrueForAll(s => s["phase"]!.GetValue<string>() is "Done" or "Failed"))
            {
                return (
                    scans.Sum(s => s["entries"]!.GetValue<long>()),
                    scans.Sum(s => s["differing"]?.GetValue<long>() ?? 0));
            }
        }
    }

    private static Task<double> CountAsync(
        BenchRun run, OutcomeMeter meter, long count, CancellationToken cancellation) =>
        Task.Run(() => meter.Count(count, run.Options.Deadline, null, cancellation), cancellation);

    private static void Write(BenchRun run, LoadGenerator load, CommandMix mix, long count)
    {
        var now = run.Time.GetUtcNow().ToUnixTimeMilliseconds();
        for (var index = 0L; index < count; index++)
        {
            load.Send(mix.Hold(now, keepOpen: false, LongTtlMs));
        }
        load.Flush();
    }

    private static async Task UntilCaughtUpAsync(BenchRun run, EngineProcess engine, CancellationToken cancellation)
    {
        run.Say("waiting until searches have caught up");
        using var looks = new PeriodicTimer(Look, run.Time);
        var since = run.Time.GetTimestamp();
        while (await engine.ProjectionAsync(cancellation).ConfigureAwait(false) is not { Behind: 0, IsKnown: true })
        {
            if (run.Time.GetElapsedTime(since) > run.Options.Deadline)
            {
                throw AllocException.Unavailable("Searches have not caught up.");
            }
            await looks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }
}
