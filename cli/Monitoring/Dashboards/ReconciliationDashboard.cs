namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>Where records of one truth disagree, what is done about it, and whether anybody looks.</summary>
internal static class ReconciliationDashboard
{
    /// <summary>What links name.</summary>
    public const string Uid = "alloc-reconciliation";

    private const string Chosen = "{class=~\"$class\"}";

    public static Dashboard Of(Thresholds thresholds) =>
        new(Uid, "Alloc: reconciliation", "Records of one truth that disagree, and what becomes of them.")
        {
            Variables = [("class", "alloc_reconciliation_mismatches")],
            Rows =
            [
                ("Now", Now(thresholds)), ("What disagrees", Disagreeing(thresholds)),
                ("What is done about it", Repairs(thresholds)), ("Whether it is seen", Seen(thresholds)),
            ],
        };

    private static IReadOnlyList<Panel> Now(Thresholds thresholds) =>
    [
        Panel.Number("Mismatches", "short", "sum(max by (class, severity) (alloc_reconciliation_mismatches))",
            "Neither closed nor accepted.") with
        { TicketAt = thresholds["MismatchOpen"].Number("above") + 1 },
        Panel.Number("That page", "short",
            "sum(max by (class) (alloc_reconciliation_mismatches{severity=\"page\"}))",
            "Those of classes that wake somebody.") with
        { PageAt = thresholds["MismatchOpen"].Number("above") + 1 },
        Panel.Number("Oldest", "s", "max(alloc_reconciliation_oldest_mismatch_age_seconds)",
            "Age of the oldest that is open."),
        Panel.Number("Wait for a person", "short",
            "sum(max by (owner) (alloc_reconciliation_exception_queue)) or vector(0)",
            "The exception queue: what no rule repairs.") with
        { TicketAt = 1 },
        Panel.Number("Accepted", "short", "sum(max by (class) (alloc_reconciliation_accepted)) or vector(0)",
            "Stand, and a person said that they are meant."),
        Panel.Number("Last run", "s", "time() - max(alloc_reconciliation_last_success_timestamp_seconds)",
            "Since the last automatic run of repairs was finished; one begins every minute.") with
        { TicketAt = thresholds["ReconciliationStale"].SecondsNumber("above") },
    ];

    private static IReadOnlyList<Panel> Disagreeing(Thresholds thresholds) =>
    [
        Panel.Lines("Open by class", "short",
            $"max by (class, severity) (alloc_reconciliation_mismatches{Chosen}) > 0", "{{class}} ({{severity}})",
            "Mismatches that are neither closed nor accepted; the runbook has a section for each class.") with
        { TicketAt = thresholds["MismatchOpen"].Number("above") + 1 },
        Panel.Lines("Oldest by class", "s",
            $"max by (class) (alloc_reconciliation_oldest_mismatch_age_seconds{Chosen}) > 0", "{{class}}",
            "How long the oldest of a class has been open."),
        Panel.Lines("Over within their tolerance", "cps",
            $"sum by (class) (rate(alloc_reconciliation_timing_lag_total{Chosen}[$__rate_interval]))", "{{class}}",
            "Differences that were lag and opened nothing; much of it is a side that is slow."),
        Panel.Lines("Accepted by class", "short", $"max by (class) (alloc_reconciliation_accepted{Chosen})",
            "{{class}}", "Stand, and a person said that they are meant."),
    ];

    private static IReadOnlyList<Panel> Repairs(Thresholds thresholds)
    {
        var failing = thresholds["RepairsFailing"];
        var window = failing.Duration("window");
        const string repairs = "action_result:alloc_reconciliation_repairs:max";
        return
        [
            Panel.Lines("Repairs", "short", $"increase({repairs}[$__rate_interval])", "{{action}}: {{result}}",
                "Sent, then repaired (the comparison agrees), refused (by the ledger) or unproven (done, and it still "
                + "disagrees)."),
            Panel.Lines($"Failed of sent, in {window}", "percentunit",
                $"sum by (action) (increase({repairs}{{result=~\"refused|unproven\"}}[{window}])) / on (action) "
                + $"(sum by (action) (increase({repairs}{{result=\"sent\"}}[{window}])) > 0)", "{{action}}",
                "Repairs that the ledger refused or that did not help.") with
            { TicketAt = failing.Number("share") },
            Panel.Lines("Exception queue", "short", "max by (owner) (alloc_reconciliation_exception_queue)",
                "{{owner}}", "What no rule repairs, by who decides.",
                new Query("max by (owner) (alloc_reconciliation_exception_overdue)", "overdue: {{owner}}")) with
            { TicketAt = thresholds["ExceptionQueueOverdue"].Number("above") + 1 },
            Panel.Lines("Decisions refused", "short",
                "sum(increase(alloc_reconciliation_refused_decisions_total[$__rate_interval]))", "refused",
                "What people decided and did not count; `alloc reconcile show` says why."),
        ];
    }

    private static IReadOnlyList<Panel> Seen(Thresholds thresholds) =>
    [
        Panel.Lines("Since the last run", "s", "time() - max(alloc_reconciliation_last_success_timestamp_seconds)",
            "seconds", "A run begins every minute; a gap is an instance that keeps no mismatches.") with
        { TicketAt = thresholds["ReconciliationStale"].SecondsNumber("above") },
        Panel.Lines("Not usable", "cps",
            "sum by (topic, reason) (rate(alloc_reconciliation_ignored_total[$__rate_interval]))",
            "{{topic}}: {{reason}}",
            "Records of others that no comparison could use: old versions, unknown states, receipts for nothing."),
        Panel.Lines("Dead letters", "cps",
            "sum by (topic, reason) (rate(alloc_dead_letters_total{group=~\".*-reconciliation\"}[$__rate_interval]))",
            "{{topic}}: {{reason}}", "Records of others that are none."),
        Panel.Lines("Searches compared with the ledger", "s",
            "time() - max by (partition) (alloc_projection_scan_last_success_timestamp_seconds)", "{{partition}}",
            "Since the search was last compared with the ledger, and for how long that should have been done.",
            new Query(
                "max by (partition) (alloc_projection_scan_overdue_seconds) > 0", "overdue: {{partition}}")),
        Panel.Lines("Entries compared, and those that differ", "short",
            "max by (partition) (alloc_projection_scan_entries)", "{{partition}}",
            "Pools and reservations of the search when it was last compared with the ledger.",
            new Query("max by (partition) (alloc_projection_scan_differing) > 0", "differ: {{partition}}"),
            new Query("sum by (result) (increase(alloc_projection_scans_total[$__rate_interval]))", "{{result}}")),
        Panel.Lines("Known up to", "s",
            "max by (source) (alloc_watermark_lag_seconds{group=~\".*-reconciliation\"})", "{{source}}",
            "Up to how long ago a source is known: nothing younger is called missing.") with
        { TicketAt = thresholds["WatermarkHeld"].SecondsNumber("above") },
    ];
}
