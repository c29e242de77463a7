namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>The instances: do they work, on what, how hard.</summary>
internal static class EngineDashboard
{
    private const string Chosen = "{group=~\"$group\"}";

    public static Dashboard Of(Thresholds thresholds) =>
        new("alloc-engine", "Alloc: engine", "Instances, transactions, state, and what they stand on.")
        {
            Variables = [("group", "alloc_stream_threads")],
            Rows =
            [
                ("Instances", Instances(thresholds)), ("Faults", Faults(thresholds)), ("Work", Work()),
                ("State", State()),
            ],
        };

    private static IReadOnlyList<Panel> Instances(Thresholds thresholds) =>
    [
        new(PanelKind.Table, "Instances", "short",
            new Query($"up{{job=\"{thresholds["scrape"].Text("job")}\"}}", "Answers"),
            new Query("max by (instance, version, revision, runtime) (alloc_build_info)", "Runs"))
        {
            Description = "Who answers Prometheus, and which version.",
        },
        Panel.Lines("Threads by state", "short", $"sum by (group, state) (alloc_stream_threads{Chosen})",
            "{{group}} {{state}}", "Stream threads; anything but Running for long is worth a look."),
        Panel.Lines("Kafka silent", "s", $"max by (instance, group) (alloc_broker_silent_seconds{Chosen})",
            "{{instance}} {{group}}", "How long an instance has heard nothing of Kafka.") with
        { PageAt = thresholds["BrokerSilent"].SecondsNumber("above") },
        Panel.Lines("Waiting for something outside", "s",
            $"max by (instance, group, task) (alloc_task_wait_seconds{Chosen})", "{{instance}} {{group}} {{task}}",
            "How long a task, or the start, has waited, such as for the schema registry.",
            new Query("max by (instance) (alloc_startup_wait_seconds)", "start of {{instance}}")) with
        { PageAt = thresholds["RegistryAway"].SecondsNumber("above") },
    ];

    private static IReadOnlyList<Panel> Faults(Thresholds thresholds) =>
    [
        Panel.Lines("Stopped tasks", "short", $"max by (group, task) (alloc_task_stopped{Chosen}) > 0",
            "{{group}} {{task}}", "Tasks that a fault of the program stopped.") with
        { PageAt = 1 },
        Panel.Lines("Failures in a row", "short", $"max by (instance, group) (alloc_consecutive_failures{Chosen})",
            "{{instance}} {{group}}", "Without progress in between; after 30 the instance ends.") with
        { PageAt = thresholds["RepeatedFailures"].Number("above") },
        Panel.Lines("Recoveries", "short",
            $"sum by (group, reason) (increase(alloc_recoveries_total{Chosen}[$__rate_interval]))",
            "{{group}} {{reason}}", "Times a thread dropped uncommitted work and began again.",
            new Query(
                $"sum by (group, task) (increase(alloc_state_wipes_total{Chosen}[$__rate_interval]))",
                "state of {{group}} {{task}} wiped")),
        Panel.Lines("Dead letters", "short",
            $"sum by (group, topic, reason) (increase(alloc_dead_letters_total{Chosen}[$__rate_interval]))",
            "{{group}} {{topic}}: {{reason}}", "Records that could not be taken, by what is wrong with them.") with
        { TicketAt = 1 },
    ];

    private static IReadOnlyList<Panel> Work() =>
    [
        Panel.Lines("Transactions", "cps",
            $"sum by (group, result) (rate(alloc_transactions_total{Chosen}[$__rate_interval]))",
            "{{group}} {{result}}",
            "Commits a second, by how they ended."),
        Panel.Lines("How long a transaction takes", "s",
            "histogram_quantile(0.99, sum by (group, le) (rate(alloc_transaction_duration_seconds_bucket"
            + $"{Chosen}[$__rate_interval])))", "{{group}}, 99 of 100",
            "From its first record to its acknowledged end."),
        Panel.Lines("Records of a transaction", "short",
            "histogram_quantile(0.5, sum by (group, le) (rate(alloc_transaction_size_records_bucket"
            + $"{Chosen}[$__rate_interval])))", "{{group}}, half",
            "More at once means more load, and is cheaper each."),
        Panel.Lines("Ticks", "cps", $"sum by (group) (rate(alloc_ticks_total{Chosen}[$__rate_interval]))", "{{group}}",
            "Records that move an idle partition's time on."),
        Panel.Lines("Standing back for decisions", "percentunit",
            $"sum by (instance, group) (rate(alloc_rested_seconds_total{Chosen}[$__rate_interval]))",
            "{{instance}} {{group}}",
            "The share of the time that threads rest because commands of their instance wait for processor time."),
    ];

    private static IReadOnlyList<Panel> State() =>
    [
        Panel.Lines("Still to restore", "short",
            $"max by (instance, group) (alloc_restore_remaining_records{Chosen})", "{{instance}} {{group}}",
            "Changelog records until the partitions of an instance are decided again."),
        Panel.Lines("Memory of the databases", "bytes",
            $"max by (instance, group) (alloc_store_memory_bytes{Chosen})", "{{instance}} {{group}}",
            "What RocksDB takes, which the runtime does not count."),
        Panel.Lines("Entries not written yet", "short",
            $"max by (instance, group) (alloc_store_unwritten_entries{Chosen})", "{{instance}} {{group}}",
            "Committed in Kafka, and not in the database yet."),
    ];
}
