namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>Each stage where work waits: how much, how old, how fast, what happens next.</summary>
internal static class StagesDashboard
{
    private const string Chosen = "{stage=~\"$stage\"}";

    public static Dashboard Of(Thresholds thresholds)
    {
        var breach = thresholds["StageSlaBreach"];
        var burn = thresholds["StageBurnRate"];
        var budget = 1 - burn.Number("objectiveShare");
        double Late(string factor) => Math.Round(burn.Number(factor) * budget, 9);
        return new("alloc-stages", "Alloc: stages",
            "What waits in each stage of an order, and whether it will be in time.")
        {
            Variables = [("stage", "alloc_stage_items")],
            Rows =
            [
                ("What waits",
                [
                    Panel.Lines("Waiting", "short", $"stage:alloc_stage_items:max{Chosen}", "{{stage}}",
                        "Items that entered the stage and have not left."),
                    Panel.Lines("Beyond the SLA", "percentunit", $"stage:alloc_stage_breached:ratio{Chosen}",
                        "{{stage}}",
                        "Share of what waits that is late.") with
                    { TicketAt = breach.Number("ticketShare"), PageAt = breach.Number("pageShare") },
                    Panel.Lines("Oldest and SLA", "s", $"stage:alloc_stage_oldest_age_seconds:max{Chosen}",
                        "{{stage}}", "Age of the oldest item beside the SLA.",
                        new Query($"max by (stage) (alloc_stage_sla_seconds{Chosen})", "SLA of {{stage}}")),
                    Panel.Lines("Time to drain", "s", $"max by (stage) (alloc_stage_drain_seconds{Chosen})",
                        "{{stage}}",
                        "When the stage would be empty at today's rates; a gap is never."),
                    Panel.Lines("Partitions not heard of", "short", "max(alloc_stage_missing_partitions)",
                        "missing", "What waits there is in no number of this page.") with
                    { TicketAt = thresholds["StagePartitionsMissing"].Number("above") + 1 },
                ]),
                ("What is at risk",
                [
                    Panel.Lines("Holds at risk", "short", $"max by (stage) (alloc_stage_holds_at_risk{Chosen})",
                        "{{stage}}", "Holds that end before their work is predicted to leave.") with
                    { TicketAt = thresholds["HoldsAtRisk"].Number("above") + 1 },
                    Panel.Lines("Late of what left, in an hour", "percentunit",
                        $"stage:alloc_stage_late:ratio_rate1h{Chosen}", "{{stage}}",
                        "How fast the error budget goes; over the dashed lines it is a ticket or a page.") with
                    { TicketAt = Late("ticketFactor"), PageAt = Late("pageFactor") },
                ]),
                ("What leaves",
                [
                    Panel.Lines("Completed", "cps",
                        $"sum by (stage) (rate(alloc_stage_completed_total{Chosen}[$__rate_interval]))", "{{stage}}",
                        "Items that left a second.",
                        new Query(
                            $"sum by (stage) (rate(alloc_stage_completed_late_total{Chosen}[$__rate_interval]))",
                            "late of {{stage}}")),
                    Panel.Lines("In manual review", "short",
                        $"max by (stage) (alloc_stage_manual_review_items{Chosen})", "{{stage}}",
                        "Items that wait for a person."),
                    Panel.Lines("Retries", "cps",
                        $"sum by (stage) (rate(alloc_stage_retries_total{Chosen}[$__rate_interval]))", "{{stage}}",
                        "Items that entered again."),
                    Panel.Lines("Compensations", "cps",
                        $"sum by (stage) (rate(alloc_stage_compensations_total{Chosen}[$__rate_interval]))",
                        "{{stage}}",
                        "Items that were undone."),
                ]),
            ],
        };
    }
}
