namespace Alloc.Bench;

/// <summary>What the scenarios of one run share.</summary>
internal sealed record BenchRun(BenchOptions Options, BenchReport Report, TimeProvider Time, Action<string> Say);

/// <summary>Something to measure, by the name that it is asked for with.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">What it measures.</param>
/// <param name="RunAsync">Measures it and adds the figures to the report.</param>
internal sealed record BenchScenario(
    string Name, string Description, Func<BenchRun, CancellationToken, Task> RunAsync)
{
    /// <summary>Every scenario; the first runs all that the machine allows.</summary>
    public static IReadOnlyList<BenchScenario> All { get; } =
    [
        new("all", "Every scenario that the machine allows", AllAsync),
        new("codec", "Avro alone: write and read one record", (run, _) =>
        {
            CodecScenario.Run(run.Report, (int)Math.Min(run.Options.Count, 2_000_000), run.Time);
            return Task.CompletedTask;
        }),
        new("scrape", "A scrape of two thousand series while they move",
            (run, c) => ScrapeScenario.RunAsync(run.Report, run.Options, run.Time, c)),
        new("fold", "The ledger alone, in memory", (run, c) =>
        {
            FoldScenario.Run(run.Report, run.Options, run.Time, c);
            return Task.CompletedTask;
        }),
        new("growth", "One pool as its open holds and waiters grow, in memory and over RocksDB", (run, c) =>
        {
            GrowthScenario.Run(run.Report, run.Options, run.Time, c);
            return Task.CompletedTask;
        }),
        new("topology", "The whole topology against the bare loop",
            (run, c) => OnClusterAsync(run, TopologyScenario.RunAsync, c)),
        new("join", "The windowed left join, against Kafka Streams and Streamiz; its cost as more records wait",
            (run, c) => OnClusterAsync(run, JoinScenario.RunAsync, c)),
        new("search", "The topology with and without the search projection; pages of a large customer",
            (run, c) => OnClusterAsync(run, SearchScenario.RunAsync, c)),
        new("latency", "From a command's due time to its committed outcome, at light, half and full load",
            (run, c) => OnClusterAsync(run, LatencyScenario.RunAsync, c)),
        new("restart", "Kill -9 with a large state; a move with and without a checkpoint",
            (run, c) => OnClusterAsync(run, RestartScenario.RunAsync, c)),
        new("backlog", "What waits: its cost beside the decisions, what it takes of a core, answers and the way back",
            (run, c) => OnClusterAsync(run, BacklogScenario.RunAsync, c)),
        new("supply", "The supply bridge: commands made of the facts of warehouses",
            (run, c) => OnClusterAsync(run, SupplyScenario.RunAsync, c)),
        new("reconcile", "Reconciliation: what it compares a second; lists of a hundred thousand mismatches",
            (run, c) => OnClusterAsync(run, ReconcileScenario.RunAsync, c)),
        new("scan", "Searches of many reservations compared with the ledger: how long, and what it costs the decisions",
            (run, c) => OnClusterAsync(run, ScanScenario.RunAsync, c)),
        new("broker", "The embedded broker against Apache Kafka, same client", BrokersAsync),
        new("peer", "The topology, Kafka Streams and Streamiz on one Apache Kafka", PeerAsync),
    ];

    private static async Task AllAsync(BenchRun run, CancellationToken cancellation)
    {
        CodecScenario.Run(run.Report, (int)Math.Min(run.Options.Count, 2_000_000), run.Time);
        await ScrapeScenario.RunAsync(run.Report, run.Options, run.Time, cancellation).ConfigureAwait(false);
        FoldScenario.Run(run.Report, run.Options, run.Time, cancellation);
        GrowthScenario.Run(run.Report, run.Options, run.Time, cancellation);
        await BrokersAsync(run, cancellation).ConfigureAwait(false);
        if (run.Options.KafkaHome is not null)
        {
            await PeerAsync(run, cancellation).ConfigureAwait(false);
        }
        await using var cluster = await BenchCluster.StartAsync(run.Options, apache: false, run.Time,
            cancellation).ConfigureAwait(false);
        await TopologyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await LatencyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await RestartScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await BacklogScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await SupplyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await ReconcileScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await ScanScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static async Task BrokersAsync(BenchRun run, CancellationToken cancellation)
    {
        foreach (var apache in run.Options.KafkaHome is null ? [false] : new[] { false, true })
        {
            await using var cluster = await BenchCluster.StartAsync(run.Options, apache, run.Time,
                cancellation).ConfigureAwait(false);
            await BrokerScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        }
        foreach (var what in new[] { BrokerScenario.Produce, BrokerScenario.Consume, BrokerScenario.Loop })
        {
            run.Report.AddRatio($"embedded broker to Apache Kafka, {what}",
                f => f.What == what && f.Settings.StartsWith("embedded", StringComparison.Ordinal),
                f => f.What == what && f.Settings.StartsWith("Apache", StringComparison.Ordinal));
        }
    }

    private static async Task PeerAsync(BenchRun run, CancellationToken cancellation)
    {
        await using var cluster = await BenchCluster.StartAsync(run.Options, apache: true, run.Time,
            cancellation).ConfigureAwait(false);
        await TopologyScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
        await LatencyScenario.RunAsync(run, cluster, isLightOnly: true, cancellation).ConfigureAwait(false);
        await PeerScenario.RunAsync(run, cluster, cancellation).ConfigureAwait(false);
    }

    private static async Task OnClusterAsync(
        BenchRun run, Func<BenchRun, BenchCluster, CancellationToken, Task> scenario, CancellationToken cancellation)
    {
        await using var cluster = await BenchCluster.StartAsync(
            run.Options, apache: run.Options.KafkaHome is not null, run.Time, cancellation).ConfigureAwait(false);
        await scenario(run, cluster, cancellation).ConfigureAwait(false);
    }
}
