namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Records that wait to be read: by Alloc's own applications, and by everybody else on its topics.</summary>
internal static class LagRules
{
    private const string Lag = "alloc-lag?var-group={{ $labels.group }}";
    private const string Where = "{{ $labels.topic }}/{{ $labels.partition }}";

    /// <summary>Keeps what is of Alloc's own applications, whatever their id.</summary>
    private const string Own = "and on (group) group:alloc_application:info";

    public static IReadOnlyList<Rule> Of(Thresholds thresholds)
    {
        var own = thresholds["ownGroups"];
        // A backslash in PromQL's quotes is written twice.
        var except = own.Text("exceptPattern").Replace("\\", "\\\\", StringComparison.Ordinal);
        return
        [
            // Only instances show how their applications hear of Kafka; the group is what they were told to be.
            new RecordingRule(
                "group:alloc_application:info",
                $$"""
                group by (group) (
                  last_over_time(alloc_broker_silent_seconds{group!~"{{except}}"}[{{own.Duration("remembered")}}])
                )
                """),
            new RecordingRule(
                "group_topic_partition:alloc_consumer_lag_seconds:max",
                "max by (group, topic, partition) (alloc_consumer_lag_seconds)"),
            new RecordingRule(
                "group_topic_partition:alloc_consumer_lag_records:max",
                "max by (group, topic, partition) (alloc_consumer_lag_records)"),
            new RecordingRule(
                "group_topic_partition:alloc_consumer_stalled_seconds:max",
                "max by (group, topic, partition) (alloc_consumer_stalled_seconds)"),
            .. LagHigh(thresholds["ConsumerLagHigh"]),
            .. Stalled(thresholds["ConsumerStalled"]),
            NotProgressing(thresholds["NotProgressing"]),
            .. Held(thresholds),
        ];
    }

    private static IEnumerable<Rule> LagHigh(Limits limits)
    {
        (Severity Severity, string Groups, string Limit)[] steps =
        [
            (Severity.Ticket, "", "ticketAge"), (Severity.Page, $"\n{Own}", "pageAge"),
        ];
        foreach (var (severity, groups, limit) in steps)
        {
            yield return new AlertRule(
                "ConsumerLagHigh", severity,
                $"group_topic_partition:alloc_consumer_lag_seconds:max > {limits.Seconds(limit)}{groups}")
            {
                For = limits.Duration("for"),
                KeepFiringFor = limits.Duration("keepFiringFor"),
                Summary = "{{ $labels.group }} is behind",
                Description = "The oldest record of " + Where + " that {{ $labels.group }} has not done is "
                    + $"{{{{ $value | humanizeDuration }}}} old; {limits.Duration(limit)} are agreed. Whoever waits "
                    + "for its answer waits at least as long.",
                Dashboard = Lag,
            };
        }
    }

    private static IEnumerable<Rule> Stalled(Limits limits)
    {
        yield return new AlertRule(
            "ConsumerStalled", Severity.Ticket,
            """max by (group, topic, partition, status) (alloc_consumer_status{status=~"stop|stall"}) > 0""")
        {
            For = limits.Duration("for"),
            KeepFiringFor = limits.Duration("keepFiringFor"),
            Summary = "{{ $labels.group }} stands ({{ $labels.status }})",
            Description = "{{ $labels.group }} does not move on in " + Where + " while records wait: "
                + "{{ $labels.status }} (stop: it commits nothing; stall: it commits the same place again).",
            Dashboard = Lag,
        };
        yield return new AlertRule(
            "ConsumerStalled", Severity.Page,
            $"""
            group_topic_partition:alloc_consumer_stalled_seconds:max > {limits.Seconds("above")}
            {Own}
            """)
        {
            For = limits.Duration("for"),
            KeepFiringFor = limits.Duration("keepFiringFor"),
            Summary = "{{ $labels.group }} stands in " + Where,
            Description = "{{ $labels.group }} has done nothing of " + Where + " for {{ $value | humanizeDuration }} "
                + "while records wait. Nobody who waits for them gets an answer.",
            Dashboard = Lag,
        };
    }

    /// <summary>
    /// A group none of whose waiting partitions moves on a topic, ours or somebody else's. A partition that was empty
    /// when the time began, and where nothing was done since, only begins to wait: it tells of no progress.
    /// </summary>
    private static AlertRule NotProgressing(Limits limits) => new(
        "NotProgressing", Severity.Page,
        $"""
        min by (group, topic) (
          group_topic_partition:alloc_consumer_stalled_seconds:max
          and on (group, topic, partition) group_topic_partition:alloc_consumer_lag_records:max > 0
          unless on (group, topic, partition) (
            group_topic_partition:alloc_consumer_lag_records:max offset {limits.Duration("above")} == 0
            and resets(group_topic_partition:alloc_consumer_stalled_seconds:max[{limits.Duration("above")}]) == 0
          )
        )
        >= {limits.Seconds("above")}
        """)
    {
        For = limits.Duration("for"),
        KeepFiringFor = limits.Duration("keepFiringFor"),
        Summary = "{{ $labels.group }} does nothing on {{ $labels.topic }}",
        Description = "Records of {{ $labels.topic }} wait for {{ $labels.group }}, and it has done none, in no "
            + "partition, for {{ $value | humanizeDuration }}.",
        Dashboard = Lag,
    };

    private static IEnumerable<Rule> Held(Thresholds thresholds)
    {
        var unowned = thresholds["PartitionUnowned"];
        yield return new AlertRule(
            "PartitionUnowned", Severity.Page,
            $"""
            max by (group, topic, partition) (alloc_partition_unowned) > 0
            {Own}
            """)
        {
            For = unowned.Duration("for"),
            Summary = "Nobody has " + Where,
            Description = "No instance of {{ $labels.group }} has " + Where + ": nothing of it is decided.",
            Dashboard = Lag,
        };
        var held = thresholds["WatermarkHeld"];
        yield return new AlertRule(
            "WatermarkHeld", Severity.Ticket,
            $"max by (group, source, partition) (alloc_watermark_lag_seconds) > {held.Seconds("above")}")
        {
            For = held.Duration("for"),
            Summary = "{{ $labels.group }} does not know the present of {{ $labels.source }}/{{ $labels.partition }}",
            Description = "What happened in {{ $labels.source }}/{{ $labels.partition }} is known to "
                + "{{ $labels.group }} only up to {{ $value | humanizeDuration }} ago, so it calls nothing overdue or "
                + "unmatched that is younger. What holds it, and since when: `alloc topology describe`, asked of the "
                + "instance that has the partition.",
            Dashboard = Lag,
        };
        var open = thresholds["OpenTransaction"];
        yield return new AlertRule(
            "OpenTransaction", Severity.Ticket,
            $"max by (topic, partition) (alloc_partition_open_transaction_seconds) > {open.Seconds("above")}")
        {
            For = open.Duration("for"),
            Summary = "A transaction stands open in " + Where,
            Description = "Somebody's transaction in " + Where + " has been open for {{ $value | humanizeDuration }}; "
                + "nobody who reads committed records sees what came after it began.",
            Dashboard = "alloc-lag",
        };
        var unwatched = thresholds["LagUnwatched"];
        yield return new AlertRule(
            "LagUnwatched", Severity.Ticket,
            $"min(alloc_lag_watch_age_seconds) > {unwatched.Seconds("above")}")
        {
            For = unwatched.Duration("for"),
            Summary = "Nobody sees who is behind",
            Description = "The last look at all consumer groups got through {{ $value | humanizeDuration }} ago: how "
                + "far others are behind on our topics is not known since.",
            Dashboard = "alloc-lag",
        };
        var projection = thresholds["ProjectionStopped"];
        yield return new AlertRule(
            "ProjectionStopped", Severity.Ticket, "max by (instance) (alloc_projection_stopped) > 0")
        {
            For = projection.Duration("for"),
            Summary = "Searches at {{ $labels.instance }} show the past",
            Description = "The search projection of {{ $labels.instance }} stopped by a fault. Decisions go on; "
                + "searches show what was true when it stopped.",
            Dashboard = "alloc-lag",
        };
    }
}
