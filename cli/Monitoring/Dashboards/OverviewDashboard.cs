namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>Promises at risk: what the business asks first.</summary>
internal static class OverviewDashboard
{
    public static Dashboard Of(Thresholds thresholds)
    {
        var breach = thresholds["StageSlaBreach"];
        return new("alloc-overview", "Alloc: promises at risk",
            "What was promised to customers, and what of it is late.")
        {
            Rows =
            [
                ("Now",
                [
                    Panel.Number("Holds at risk", "short", "sum(max by (stage) (alloc_stage_holds_at_risk))",
                        "Holds that end before their work is predicted to be done.") with
                    { TicketAt = thresholds["HoldsAtRisk"].Number("above") + 1 },
                    Panel.Number("Late items", "short", "sum(max by (stage) (alloc_stage_breached_items))",
                        "Work beyond its stage's SLA.") with
                    { TicketAt = 1 },
                    Panel.Number("Oldest work", "s", "max(stage:alloc_stage_oldest_age_seconds:max)",
                        "Age of what has waited longest in any stage."),
                    Panel.Number("Promised beyond supply", "short",
                        "sum(max by (partition) (alloc_pool_deficit_units))",
                        "Units promised beyond supply and overbooking.") with
                    { PageAt = 1 },
                    Panel.Number("Pages", "short",
                        "count(ALERTS{alertname!=\"Watchdog\", alertstate=\"firing\", severity=\"page\"}) or vector(0)",
                        "Alerts that somebody must act on now.") with
                    { PageAt = 1 },
                    Panel.Number("Degraded modes", "short",
                        "sum(max by (mode) (alloc_degraded_mode_active)) or vector(0)",
                        "Modes that are on: customers are served by other rules than agreed.") with
                    { TicketAt = 1 },
                ]),
                ("Where records disagree",
                [
                    Panel.Number("Mismatches", "short",
                        "sum(max by (class, severity) (alloc_reconciliation_mismatches))",
                        "Records of one truth that disagree, neither closed nor accepted.") with
                    { Leads = ReconciliationDashboard.Uid, TicketAt = thresholds["MismatchOpen"].Number("above") + 1 },
                    Panel.Number("That page", "short",
                        "sum(max by (class) (alloc_reconciliation_mismatches{severity=\"page\"}))",
                        "Those of classes that wake somebody.") with
                    { Leads = ReconciliationDashboard.Uid, PageAt = thresholds["MismatchOpen"].Number("above") + 1 },
                    Panel.Number("Wait for a person", "short",
                        "sum(max by (owner) (alloc_reconciliation_exception_queue)) or vector(0)",
                        "Mismatches that no rule repairs.") with
                    { Leads = ReconciliationDashboard.Uid, TicketAt = 1 },
                ]),
                ("What fires",
                [
                    new(PanelKind.Table, "Alerts", "short",
                        new Query("ALERTS{alertname!=\"Watchdog\", alertstate=\"firing\"}", "Firing"))
                    {
                        Description = "Every alert has a runbook: its link is in the message.",
                        Width = 24,
                    },
                ]),
                ("Stages",
                [
                    new(PanelKind.Table, "Stages", "short",
                        new("stage:alloc_stage_items:max", "Waiting"),
                        new("stage:alloc_stage_breached:ratio", "Share late"),
                        new("stage:alloc_stage_oldest_age_seconds:max", "Oldest (s)"),
                        new("max by (stage) (alloc_stage_sla_seconds)", "SLA (s)"),
                        new("max by (stage) (alloc_stage_drain_seconds)", "To drain (s)"),
                        new("max by (stage) (alloc_stage_holds_at_risk)", "Holds at risk"))
                    {
                        Description = "Where work waits, as customers would ask about it.",
                        Width = 24,
                    },
                    Panel.Lines("Share late", "percentunit", "stage:alloc_stage_breached:ratio", "{{stage}}",
                        "Part of what waits that is beyond the SLA.") with
                    { TicketAt = breach.Number("ticketShare"), PageAt = breach.Number("pageShare") },
                    Panel.Lines("Holds made and expired", "cps",
                        "sum(rate(alloc_holds_created_total[$__rate_interval]))",
                        "made", "Promises that begin, and those that ended without an order.",
                        new Query("sum(rate(alloc_holds_expired_total[$__rate_interval]))", "expired")),
                ]),
                ("Decisions",
                [
                    Panel.Lines("Commands by outcome", "cps",
                        "sum by (outcome) (rate(alloc_commands_total[$__rate_interval]))", "{{outcome}}",
                        "Commands answered a second."),
                    Panel.Lines("Rejections by reason", "cps",
                        "sum by (reason) (rate(alloc_commands_total{reason!=\"\"}[$__rate_interval]))", "{{reason}}",
                        "Why commands were refused, by the first reason."),
                    Panel.Lines("From append to committed outcome", "s",
                        "histogram_quantile(0.5, sum by (le) (rate(alloc_command_duration_seconds_bucket"
                        + "[$__rate_interval])))", "half",
                        "How long a sender waits.", new Query("job:alloc_command_duration_seconds:p99",
                            "99 of 100")) with
                    { TicketAt = thresholds["DecisionSlow"].SecondsNumber("above") },
                    Panel.Lines("Repeats", "cps",
                        "sum by (kind) (rate(alloc_duplicate_commands_total[$__rate_interval]))", "{{kind}}",
                        "Commands that were sent again; the first answer was given."),
                ]),
            ],
        };
    }
}
