using System.Globalization;
using Alloc.Client;
using Alloc.Replay;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Bench;

/// <summary>
/// Reconciliation: how many commands and their outcomes it compares a second, beside how many allocation decides, each
/// alone; and how fast mismatches are listed when many are open.
/// </summary>
internal static class ReconcileScenario
{
    private const string Role = "reconciliation";
    private const int OpenCount = 100_000;
    private const int Asks = 300;
    private const int CommandRuns = 5;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private static readonly (string What, string Path)[] Questions =
    [
        ("/v1/mismatches", "v1/mismatches"), ("/v1/mismatches of a pool", "v1/mismatches?pool=pool-17"),
        ("/v1/mismatches of a class and state", "v1/mismatches?class=OrderWithoutReservation&state=Open"),
        ("/v1/mismatch-counts", "v1/mismatch-counts"),
    ];

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        await CompareAsync(run, cluster, cancellation).ConfigureAwait(false);
        await ListAsync(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static async Task CompareAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync(Role).ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
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
        }
        var place = $"{cluster.Name}; {options.Count:N0} commands, {options.MixText}, {options.PartitionCount} "
            + "partitions, 1 thread";
        double decided;
        using (var meter = new OutcomeMeter(settings, fromEnd: false, run.Time))
        {
            run.Say("deciding them");
            await using var engine = await EngineProcess.StartAsync(
                settings, options, "a", null, run.Time, cancellation).ConfigureAwait(false);
            decided = await Task.Run(
                () => meter.Count(options.Count + (2L * options.PoolCount), options.Deadline, null, cancellation),
                cancellation).ConfigureAwait(false);
        }
        run.Report.Add(new Figure(Role, "commands decided a second, allocation alone", decided, "/s", place));
        run.Say("comparing them");
        await using var compares = await EngineProcess.StartAsync(
            settings, options, "b", null, run.Time, cancellation, Role).ConfigureAwait(false);
        var since = run.Time.GetTimestamp();
        var before = compares.ReadTimes().Total;
        var ahead = await UntilCaughtUpAsync(run, compares, settings, cancellation).ConfigureAwait(false);
        var seconds = run.Time.GetElapsedTime(since).TotalSeconds;
        var rate = ahead / seconds;
        run.Report.Add(new Figure(
            Role, "commands and outcomes compared a second, reconciliation alone", rate, "/s",
            $"{ahead:N0} of each in {seconds:N1} s; {place}"));
        run.Report.Add(new Figure(
            Role, "processor time a command, the whole process",
            (compares.ReadTimes().Total - before).TotalMicroseconds / Math.Max(1, ahead), "µs", place));
        run.Report.Add(new Figure("ratio", "compared to decided, each alone", rate / decided, "×", place));
        run.Report.Add(new Figure(
            Role, "peak resident memory", compares.PeakBytes / 1048576.0, "MiB", place));
        var counts = await compares.GetAsync("v1/mismatch-counts", cancellation).ConfigureAwait(false);
        run.Report.Add(new Figure(
            Role, "mismatches opened", counts["open"]!.AsArray().Sum(c => c!["count"]!.GetValue<long>()), "", place));
    }

    /// <summary>Waits until nothing is left; how many outcomes there were when it began.</summary>
    private static async Task<long> UntilCaughtUpAsync(
        BenchRun run, EngineProcess engine, AllocClientOptions settings, CancellationToken cancellation)
    {
        string[] outcomes = [settings.TopicPrefix + "allocation.outcomes"];
        string[] both = [.. outcomes, settings.TopicPrefix + "allocation.commands"];
        using var looks = new PeriodicTimer(Look, run.Time);
        var since = run.Time.GetTimestamp();
        long? begun = null;
        while (run.Time.GetElapsedTime(since) < run.Options.Deadline)
        {
            var behind = await engine.LagAsync(Role, run.Options.PartitionCount, outcomes, cancellation)
                .ConfigureAwait(false);
            begun ??= behind;
            if (behind == 0 && await engine.LagAsync(Role, run.Options.PartitionCount, both, cancellation)
                .ConfigureAwait(false) == 0)
            {
                return begun ?? 0;
            }
            await looks.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
        throw AllocException.Unavailable(
            $"After {DurationWords.Show(run.Options.Deadline)} reconciliation has not caught up.");
    }

    private static async Task ListAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var settings = await cluster.PrepareAsync(Role + "-open").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        using (var sender = new RecordSender<Difference>(
            settings, registry, "reconciliation.differences", isPaced: false))
        {
            run.Say($"opening {OpenCount:N0} mismatches");
            for (var index = 0; index < OpenCount; index++)
            {
                var difference = Difference(index);
                sender.Send(difference.MismatchId, difference);
            }
            sender.Flush();
        }
        await using var engine = await EngineProcess.StartAsync(
            settings, run.Options, "a", null, run.Time, cancellation, Role).ConfigureAwait(false);
        var place = $"{cluster.Name}; {OpenCount:N0} open mismatches";
        var took = await engine.UntilAnsweredAsync(
            "v1/mismatch-counts", (a, _) => a["open"]!.AsArray().Sum(c => c!["count"]!.GetValue<long>()) == OpenCount,
            "all mismatches", cancellation, run.Options.Deadline).ConfigureAwait(false);
        run.Report.Add(new Figure(
            Role, "mismatches opened a second, from the start of the process", OpenCount / took.TotalSeconds, "/s",
            place));
        run.Say("asking");
        foreach (var (what, path) in Questions)
        {
            var times = Latencies.Create();
            for (var ask = 0; ask < Asks; ask++)
            {
                var startedAt = run.Time.GetTimestamp();
                await engine.GetAsync(path, cancellation).ConfigureAwait(false);
                times.Record(run.Time.GetElapsedTime(startedAt));
            }
            foreach (var (label, quantile) in new[] { ("p50", 0.5), ("p99", 0.99), ("max", 1.0) })
            {
                run.Report.Add(new Figure(
                    Role, $"GET {what}, {label}", times.PercentileMs(quantile), "ms", $"{Asks} GETs; {place}"));
            }
        }
        var runs = new List<double>();
        for (var turn = 0; turn < CommandRuns; turn++)
        {
            var startedAt = run.Time.GetTimestamp();
            await ChildProcess.RunAsync(
                Environment.ProcessPath!, ["reconcile", "list", "--console", engine.Console], cancellation)
                .ConfigureAwait(false);
            runs.Add(run.Time.GetElapsedTime(startedAt).TotalMilliseconds);
        }
        run.Report.Add(new Figure(
            Role, "alloc reconcile list, the whole command, median", runs.Order().ElementAt(CommandRuns / 2), "ms",
            $"{CommandRuns} runs; {place}"));
    }

    private static Difference Difference(int index)
    {
        string Text(string format) => string.Format(CultureInfo.InvariantCulture, format, index);
        var (pool, order) = (
            string.Create(CultureInfo.InvariantCulture, $"pool-{index % 1_000}"), Text("order-{0}"));
        return new Difference
        {
            MismatchId = Text("OrderWithoutReservation.{0:x16}"),
            Kind = DifferenceKind.Stands,
            Class = "OrderWithoutReservation",
            Scope = new MismatchScope
            {
                Kind = "reservation",
                Id = $"{pool}/{order}/1",
                PoolId = pool,
                OrderRef = order,
            },
            Episode = Text("orders.status/0/{0}"),
            AtMs = index,
            SinceMs = index,
            WatermarkMs = index,
            Left = new MismatchSide { Name = "order", Says = $"{order} counts on 1 of {pool}/{order}/1." },
            Right = new MismatchSide { Name = "ledger", Says = $"{pool}/{order}/1 is not known." },
            NoRepairWhy = "Whether to hold again is for the owner of the order.",
        };
    }
}
