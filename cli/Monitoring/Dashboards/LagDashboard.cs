namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>Everybody who reads: how far behind, in records and in age, and what holds them up.</summary>
internal static class LagDashboard
{
    private const string Chosen = "{group=~\"$group\"}";
    private const string Partition = "{{group}} {{topic}}/{{partition}}";

    public static Dashboard Of(Thresholds thresholds)
    {
        var lag = thresholds["ConsumerLagHigh"];
        return new("alloc-lag", "Alloc: lag", "Who is behind on which topic, by how much, and why.")
        {
            Variables = [("group", "alloc_consumer_lag_records")],
            Rows =
            [
                ("Behind",
                [
                    Panel.Lines("Age of the oldest record not done", "s",
                        $"group_topic_partition:alloc_consumer_lag_seconds:max{Chosen}", Partition,
                        "How long whoever waits for an answer has waited.") with
                    { TicketAt = lag.SecondsNumber("ticketAge"), PageAt = lag.SecondsNumber("pageAge") },
                    Panel.Lines("Records not done", "short",
                        $"group_topic_partition:alloc_consumer_lag_records:max{Chosen}", Partition,
                        "Records between the committed offset and the end of the log."),
                    Panel.Lines("Records done", "cps",
                        $"sum by (group, topic) (rate(alloc_records_processed_total{Chosen}[$__rate_interval]))",
                        "{{group}} {{topic}}", "What Alloc's own applications process a second."),
                    Panel.Lines("Skew", "short", $"max by (group) (alloc_partition_skew_ratio{Chosen})", "{{group}}",
                        "The fullest partition's lag over the mean; 1 is even."),
                ]),
                ("Standing still",
                [
                    new(PanelKind.Table, "State of every group", "short",
                        new Query($"max by (group, topic, partition, status) (alloc_consumer_status{Chosen}) > 0",
                            "Is"))
                    {
                        Description = "ok, warn (falls behind), stop (commits nothing), stall (commits the same "
                            + "place), rewind (went back).",
                    },
                    Panel.Lines("Standing for", "s",
                        $"group_topic_partition:alloc_consumer_stalled_seconds:max{Chosen} > 0", Partition,
                        "How long nothing was done though records wait.") with
                    { PageAt = thresholds["ConsumerStalled"].SecondsNumber("above") },
                    Panel.Lines("Owned by nobody", "short",
                        $"max by (group, topic, partition) (alloc_partition_unowned{Chosen}) > 0", Partition,
                        "Partitions that no instance has.") with
                    { PageAt = 1 },
                    Panel.Lines("Open transactions", "s",
                        "max by (topic, partition) (alloc_partition_open_transaction_seconds) > 0",
                        "{{topic}}/{{partition}}",
                        "How long a transaction has kept readers of committed records waiting.") with
                    { TicketAt = thresholds["OpenTransaction"].SecondsNumber("above") },
                ]),
                ("Knowing the present",
                [
                    Panel.Lines("Watermarks behind the clock", "s",
                        $"max by (group, source, partition) (alloc_watermark_lag_seconds{Chosen})",
                        "{{group}} {{source}}/{{partition}}",
                        "Up to how long ago a source is known: nothing younger is called overdue or unmatched.") with
                    { TicketAt = thresholds["WatermarkHeld"].SecondsNumber("above") },
                    Panel.Lines("Late records", "cps",
                        $"sum by (group, source) (rate(alloc_late_records_total{Chosen}[$__rate_interval]))",
                        "{{group}} {{source}}", "Records that came after their window had closed."),
                    Panel.Lines("Searches behind", "s", "max by (instance, partition) (alloc_projection_lag_seconds)",
                        "{{instance}} {{partition}}", "Age of the oldest outcome that searches do not show yet.",
                        new Query("max by (instance) (alloc_projection_stopped)", "stopped: {{instance}}")),
                    Panel.Lines("Outcomes that searches do not show", "short",
                        "max by (instance, partition) (alloc_projection_lag_records)", "{{instance}} {{partition}}",
                        "The same in records."),
                    Panel.Lines("Groups", "short", "max by (state) (alloc_consumer_groups)", "{{state}}",
                        "How many are watched; of unknown ones nothing is told, and those beyond the bound are left "
                        + "out."),
                ]),
            ],
        };
    }
}
