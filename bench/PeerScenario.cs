using System.Globalization;
using System.Text.RegularExpressions;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>
/// The same fold written with Kafka Streams, at the best settings found for it (two threads, cache off, a commit every
/// 500 ms), on the same Apache Kafka and in the same run: its throughput, its latency with a commit every 10 ms, and
/// its way back after kill -9.
/// </summary>
internal static partial class PeerScenario
{
    public const string Throughput = "commands decided a second by Kafka Streams";
    private static readonly TimeSpan SessionEnds = TimeSpan.FromSeconds(50);

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        var peer = Path.Combine(options.KafkaHome ?? throw AllocException.Usage("--kafka-home is needed for the peer."),
            "bin", "kafka-peer");
        string[] at = ["--bootstrap", cluster.Settings.Bootstrap];
        var count = options.Count.ToString(CultureInfo.InvariantCulture);
        var outcomes = (options.Count + options.PoolCount).ToString(CultureInfo.InvariantCulture);
        var place = $"{cluster.Name}; {options.Count:N0} commands, {options.MixText}, 2 threads, cache off, commit "
            + "every 500 ms";

        run.Say("Kafka Streams: topics and commands");
        await ChildProcess.RunAsync(peer, ["topics", .. at, "--partitions", $"{options.PartitionCount}"],
            cancellation).ConfigureAwait(false);
        await ChildProcess.RunAsync(
            peer, ["generate", .. at, "--count", count, "--pools", $"{options.PoolCount}", "--seed", $"{options.Seed}"],
                cancellation)
            .ConfigureAwait(false);

        run.Say("Kafka Streams: deciding them");
        var state = Path.Combine(options.WorkDirectory, "peer-state");
        string[] fold =
        [
            "run", .. at, "--app", "peer", "--state", state, "--threads", "2", "--cache", "0", "--commit", "500"
        ];
        await using (var streams = ChildProcess.Start(peer, fold))
        {
            var said = await ChildProcess.RunAsync(peer, ["measure", .. at, "--count", outcomes],
                cancellation).ConfigureAwait(false);
            run.Report.Add(new Figure("peer", Throughput, AfterTenth(said), "/s", place));
            await streams.KillAsync().ConfigureAwait(false);
        }
        run.Say("Kafka Streams: back to running after kill -9, once the dead member's session has ended");
        await Task.Delay(SessionEnds, run.Time, cancellation).ConfigureAwait(false);
        await using (var streams = ChildProcess.Start(peer, fold))
        {
            var startedAt = run.Time.GetTimestamp();
            await streams.WaitForAsync(
                () => Task.FromResult(streams.Said.Contains(" RUNNING", StringComparison.Ordinal)), options.Deadline,
                    "running", cancellation)
                .ConfigureAwait(false);
            run.Report.Add(new Figure(
                "peer", "from start to running after kill -9, Kafka Streams",
                    run.Time.GetElapsedTime(startedAt).TotalSeconds, "s", place));
        }
        await LatencyAsync(run, peer, at, place, cancellation).ConfigureAwait(false);
        run.Report.AddRatio($"topology to Kafka Streams, {cluster.Name}",
            f => f.What == TopologyScenario.Throughput && f.Settings.StartsWith(cluster.Name, StringComparison.Ordinal),
                f => f.What == Throughput);
    }

    private static async Task LatencyAsync(
        BenchRun run, string peer, string[] at, string place, CancellationToken cancellation)
    {
        var options = run.Options;
        run.Say($"Kafka Streams: latency at {options.LightRate:N0} commands a second");
        string[] fold =
        [
            "run", .. at, "--app", "peer", "--state", Path.Combine(options.WorkDirectory, "peer-state"), "--threads",
                "2", "--cache", "0",
            "--commit", "10", "--linger", "0",
        ];
        await Task.Delay(SessionEnds, run.Time, cancellation).ConfigureAwait(false);
        await using var streams = ChildProcess.Start(peer, fold);
        await streams.WaitForAsync(
            () => Task.FromResult(streams.Said.Contains(" RUNNING", StringComparison.Ordinal)), options.Deadline,
                "running", cancellation)
            .ConfigureAwait(false);
        var count = (long)(options.LightRate * options.LatencyTime.TotalSeconds);
        await using var meter = ChildProcess.Start(
            peer, ["measure", .. at, "--from", "end", "--count", $"{count}", "--skip", $"{count / 10}"]);
        await meter.WaitForAsync(
            () => Task.FromResult(meter.Said.Contains("ready", StringComparison.Ordinal)), options.Deadline, "a meter",
                cancellation)
            .ConfigureAwait(false);
        await ChildProcess.RunAsync(
            peer,
            [
                "generate", .. at, "--count", $"{count}", "--pools", $"{options.PoolCount}", "--seed",
                $"{options.Seed + 1}",
                "--rate", options.LightRate.ToString(CultureInfo.InvariantCulture), "--supply", "false",
            ],
            cancellation).ConfigureAwait(false);
        await meter.WaitForAsync(
            () => Task.FromResult(LatencyLine().IsMatch(meter.Said)), options.Deadline, "done measuring",
                cancellation).ConfigureAwait(false);
        var match = LatencyLine().Match(meter.Said);
        var settings = place.Replace("commit every 500 ms", "commit every 10 ms", StringComparison.Ordinal);
        foreach (var (label, group) in new[] { ("p50", 1), ("p99", 2), ("p99.9", 3) })
        {
            // Its generator stamps a command when it sends it, not when it was due.
            run.Report.Add(new Figure(
                "peer", $"sent (not due) to committed outcome, light load, Kafka Streams, {label}",
                double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture), "ms", settings));
        }
    }

    private static double AfterTenth(string said)
    {
        var match = ThroughputLine().Match(said);
        return match.Success
            ? double.Parse(match.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
            : throw AllocException.Failed($"The peer's meter said:\n{said}");
    }

    [GeneratedRegex(@"([\d,]+)/s after the first tenth")]
    private static partial Regex ThroughputLine();

    [GeneratedRegex(@"latency ms p50 ([\d.]+) p99 ([\d.]+) p99\.9 ([\d.]+)")]
    private static partial Regex LatencyLine();
}
