using System.Globalization;
using System.Text.RegularExpressions;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>
/// The same fold written with other libraries (see <see cref="Peer"/>), on the same Apache Kafka and in the same run:
/// throughput, the way back after kill -9, and latency at a light load. Streamiz is measured where the folder of
/// Kafka's tools has its peer.
/// </summary>
internal static partial class PeerScenario
{
    private const string Meter = "kafka-peer";
    private const int WaitingCount = 1_000;

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        string[] at = ["--bootstrap", cluster.Settings.Bootstrap];
        var place = $"{cluster.Name}; {options.Count:N0} commands, {options.MixText}";

        Peer[] peers = File.Exists(Tool(run, Peer.Streamiz.Program))
            ? [Peer.KafkaStreams, Peer.Streamiz]
            : [Peer.KafkaStreams];
        foreach (var peer in peers)
        {
            await ThroughputAsync(run, peer, at, place, cancellation).ConfigureAwait(false);
            await RestartAsync(run, peer, at, place, cancellation).ConfigureAwait(false);
            await LatencyAsync(run, peer, at, place, cancellation).ConfigureAwait(false);
            run.Report.AddRatio($"topology to {peer.Name}, {cluster.Name}",
                f => f.What == TopologyScenario.Throughput
                    && f.Settings.StartsWith(cluster.Name, StringComparison.Ordinal),
                f => f.What == Throughput(peer));
        }
    }

    private static async Task ThroughputAsync(
        BenchRun run, Peer peer, string[] at, string place, CancellationToken cancellation)
    {
        var options = run.Options;
        run.Say($"{peer.Name}: topics and commands");
        await ChildProcess.RunAsync(
            Tool(run, Meter),
            [
                "topics", .. at, "--partitions", $"{options.PartitionCount}", "--commands", peer.Commands,
                "--outcomes", peer.Outcomes,
            ],
            cancellation).ConfigureAwait(false);
        await GenerateAsync(run, peer, at, options.Count, options.Seed, [], cancellation).ConfigureAwait(false);
        run.Say($"{peer.Name}: deciding them");
        await using var fold = Start(run, peer, at, peer.Heavy);
        await using var meter = ChildProcess.Start(
            Tool(run, Meter),
            ["measure", .. at, "--outcomes", peer.Outcomes, "--count", $"{options.Count + options.PoolCount}"]);
        await fold.WaitForAsync(
            () => Task.FromResult(ThroughputLine().IsMatch(meter.Said)), options.Deadline, "done", cancellation)
            .ConfigureAwait(false);
        var rate = double.Parse(
            ThroughputLine().Match(meter.Said).Groups[1].Value, NumberStyles.AllowThousands,
            CultureInfo.InvariantCulture);
        run.Report.Add(new Figure("peer", Throughput(peer), rate, "/s", $"{place}, {peer.HeavyText}"));
        await fold.KillAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Until commands are decided again, not until it calls itself running: Streamiz says so before its stores are
    /// restored.
    /// </summary>
    private static async Task RestartAsync(
        BenchRun run, Peer peer, string[] at, string place, CancellationToken cancellation)
    {
        run.Say($"{peer.Name}: deciding again after kill -9, once the dead member's session has ended");
        await Task.Delay(peer.SessionEnds, run.Time, cancellation).ConfigureAwait(false);
        await using var meter = await MeterAsync(run, peer, at, WaitingCount, skip: 0, cancellation)
            .ConfigureAwait(false);
        await GenerateAsync(
            run, peer, at, WaitingCount, run.Options.Seed + 1, ["--supply", "false"], cancellation)
            .ConfigureAwait(false);
        var startedAt = run.Time.GetTimestamp();
        await using var fold = Start(run, peer, at, peer.Heavy);
        await fold.WaitForAsync(
            () => Task.FromResult(LatencyLine().IsMatch(meter.Said)), run.Options.Deadline, "deciding again",
            cancellation).ConfigureAwait(false);
        run.Report.Add(new Figure(
            "peer", $"from start after kill -9 to {WaitingCount:N0} waiting commands decided, {peer.Name}",
            run.Time.GetElapsedTime(startedAt).TotalSeconds, "s", $"{place}, {peer.HeavyText}"));
        await fold.KillAsync().ConfigureAwait(false);
    }

    private static async Task LatencyAsync(
        BenchRun run, Peer peer, string[] at, string place, CancellationToken cancellation)
    {
        var options = run.Options;
        run.Say($"{peer.Name}: latency at {options.LightRate:N0} commands a second");
        await Task.Delay(peer.SessionEnds, run.Time, cancellation).ConfigureAwait(false);
        await using var fold = Start(run, peer, at, peer.Light);
        await using (var warm = await MeterAsync(run, peer, at, WaitingCount, skip: 0, cancellation)
            .ConfigureAwait(false))
        {
            await GenerateAsync(
                run, peer, at, WaitingCount, options.Seed + 2, ["--supply", "false"], cancellation)
                .ConfigureAwait(false);
            await fold.WaitForAsync(
                () => Task.FromResult(LatencyLine().IsMatch(warm.Said)), options.Deadline, "deciding", cancellation)
                .ConfigureAwait(false);
        }
        var count = (long)(options.LightRate * options.LatencyTime.TotalSeconds);
        await using var meter = await MeterAsync(run, peer, at, count, count / 10, cancellation).ConfigureAwait(false);
        await GenerateAsync(
            run, peer, at, count, options.Seed + 3,
            ["--rate", options.LightRate.ToString(CultureInfo.InvariantCulture), "--supply", "false"], cancellation)
            .ConfigureAwait(false);
        await meter.WaitForAsync(
            () => Task.FromResult(LatencyLine().IsMatch(meter.Said)), options.Deadline, "done measuring", cancellation)
            .ConfigureAwait(false);
        var match = LatencyLine().Match(meter.Said);
        foreach (var (label, group) in new[] { ("p50", 1), ("p99", 2), ("p99.9", 3) })
        {
            // The generator stamps a command when it sends it, not when it was due.
            run.Report.Add(new Figure(
                "peer", $"sent (not due) to committed outcome, light load, {peer.Name}, {label}",
                double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture), "ms",
                $"{place}, {peer.LightText}"));
        }
        await fold.KillAsync().ConfigureAwait(false);
    }

    private static string Throughput(Peer peer) => $"commands decided a second by {peer.Name}";

    private static string Tool(BenchRun run, string program) => Path.Combine(
        run.Options.KafkaHome ?? throw AllocException.Usage("--kafka-home is needed for the peers."), "bin", program);

    private static ChildProcess Start(BenchRun run, Peer peer, string[] at, string[] settings)
    {
        var state = Path.Combine(run.Options.WorkDirectory, $"{peer.Program}-state");
        Directory.CreateDirectory(state);
        return ChildProcess.Start(
            Tool(run, peer.Program),
            [
                "run", .. at, "--app", peer.Program, "--commands", peer.Commands, "--outcomes", peer.Outcomes,
                "--state", state, .. settings,
            ]);
    }

    private static async Task GenerateAsync(
        BenchRun run, Peer peer, string[] at, long count, long seed, string[] more, CancellationToken cancellation) =>
        await ChildProcess.RunAsync(
            Tool(run, Meter),
            [
                "generate", .. at, "--commands", peer.Commands, "--count", $"{count}", "--pools",
                $"{run.Options.PoolCount}", "--seed", $"{seed}", .. more,
            ],
            cancellation).ConfigureAwait(false);

    /// <summary>A meter of what comes from now on, ready to count.</summary>
    private static async Task<ChildProcess> MeterAsync(
        BenchRun run, Peer peer, string[] at, long count, long skip, CancellationToken cancellation)
    {
        var meter = ChildProcess.Start(
            Tool(run, Meter),
            [
                "measure", .. at, "--outcomes", peer.Outcomes, "--from", "end", "--count", $"{count}", "--skip",
                $"{skip}",
            ]);
        await meter.WaitForAsync(
            () => Task.FromResult(meter.Said.Contains("ready", StringComparison.Ordinal)), run.Options.Deadline,
            "a meter", cancellation).ConfigureAwait(false);
        return meter;
    }

    [GeneratedRegex(@"([\d,]+)/s after the first tenth")]
    private static partial Regex ThroughputLine();

    [GeneratedRegex(@"latency ms p50 ([\d.]+) p99 ([\d.]+) p99\.9 ([\d.]+)")]
    private static partial Regex LatencyLine();
}
