namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>Holds, supply and the rules in force.</summary>
internal static class HoldsDashboard
{
    public static Dashboard Of(Thresholds thresholds) =>
        new("alloc-holds", "Alloc: holds and supply", "Promises that begin and end, and whether they can be kept.")
        {
            Rows =
            [
                ("Holds", Holds(thresholds)), ("Scarcity", Scarcity(thresholds)),
                ("Supply and policy", Policy(thresholds)), ("Before a transfer", Shadow(thresholds)),
            ],
        };

    private static IReadOnlyList<Panel> Holds(Thresholds thresholds)
    {
        var window = thresholds["HoldExpiryRateHigh"].Duration("window");
        return
        [
            Panel.Lines("Made and expired", "cps", "sum(rate(alloc_holds_created_total[$__rate_interval]))", "made",
                "Promises that begin, and those that ended without an order.",
                new Query("sum(rate(alloc_holds_expired_total[$__rate_interval]))", "expired")),
            Panel.Lines($"Expired of made, in {window}", "percentunit",
                $"job:alloc_holds_expired:ratio_increase{window}", "expired",
                "Much means that customers give up, or that what comes after the hold is slow.") with
            { TicketAt = thresholds["HoldExpiryRateHigh"].Number("share") },
            Panel.Lines("Overdue", "s", "max by (partition) (alloc_hold_oldest_overdue_seconds)",
                "partition {{partition}}", "How long the hold that is due first has been due.") with
            { PageAt = thresholds["HoldExpiryStuck"].SecondsNumber("above") },
            Panel.Lines("Expired late by", "s",
                "histogram_quantile(0.99, sum by (le) (rate(alloc_expiry_lateness_seconds_bucket[$__rate_interval])))",
                "99 of 100", "From when a hold was due to when its units were free again."),
            Panel.Lines("Open holds", "short", "sum(max by (partition) (alloc_holds_active))", "holds",
                "Reservations that have held units; counted from time to time."),
            Panel.Lines("From grant to confirmation", "s",
                "histogram_quantile(0.5, sum by (channel, le) (rate(alloc_confirmation_duration_seconds_bucket"
                + "[$__rate_interval])))", "{{channel}}, half",
                "How long customers of a channel take; compare it with the life of holds.",
                new Query(
                    "histogram_quantile(0.95, sum by (channel, le) (rate(alloc_confirmation_duration_seconds_bucket"
                    + "[$__rate_interval])))", "{{channel}}, 95 of 100")),
        ];
    }

    private static IReadOnlyList<Panel> Scarcity(Thresholds thresholds) =>
    [
        Panel.Lines("Promised beyond supply", "short", "max by (partition) (alloc_pool_deficit_units)",
            "partition {{partition}}", "Units that somebody was promised and nobody has.") with
        { PageAt = thresholds["Overcommitted"].Number("above") + 1 },
        Panel.Lines("Waiting lists", "short", "max by (partition) (alloc_waitlist_entries)", "partition {{partition}}",
            "Reservations that wait for units."),
        Panel.Lines("Taken from others", "cps",
            "sum by (by, class) (rate(alloc_preemptions_total[$__rate_interval]))", "{{by}} from {{class}}",
            "Reservations that lost units to a higher class."),
        Panel.Lines("Granted from the waiting list", "cps",
            "sum by (class) (rate(alloc_promotions_total[$__rate_interval]))", "{{class}}",
            "Waiters that were granted units."),
        Panel.Lines("Units by bucket", "short", "sum by (bucket) (max by (bucket, partition) (alloc_pool_units))",
            "{{bucket}}", "Units of all pools, whatever their unit is; counted from time to time."),
        Panel.Lines("Fullest quota", "percentunit", "max by (scope_kind) (alloc_quota_used_ratio)", "{{scope_kind}}",
            "Use of the fullest quota of each kind; at 100% its requests are refused.") with
        { TicketAt = 1 },
    ];

    private static IReadOnlyList<Panel> Shadow(Thresholds thresholds)
    {
        var drift = thresholds["ShadowDrift"];
        var window = drift.Duration("window");
        return
        [
            Panel.Lines("Decisions of the shadow", "cps",
                "sum by (class, evidence) (rate(alloc_shadow_decisions_total[$__rate_interval]))",
                "{{evidence}}: {{class}}",
                "What the shadow decides, by what shows the other system's decision and the class of the difference."),
            Panel.Lines($"Differing of compared, in {window}", "percentunit",
                $"job:alloc_shadow_decisions_differing:ratio_increase{window}", "differing",
                "How much customers would notice if the slice were transferred now.") with
            { TicketAt = drift.Number("share") },
        ];
    }

    private static IReadOnlyList<Panel> Policy(Thresholds thresholds) =>
    [
        Panel.Lines("Supply that changed nothing", "cps",
            "sum by (reason) (rate(alloc_supply_ignored_total[$__rate_interval]))", "{{reason}}",
            "Facts about supply that were old, repeated or out of order."),
        Panel.Lines("Releases refused", "cps",
            "sum by (reason) (rate(alloc_release_failures_total[$__rate_interval]))", "{{reason}}",
            "Releases of what is not there to release."),
        Panel.Lines("Another system decides too", "short",
            "sum by (sign) (increase(alloc_second_writer_signs_total[$__rate_interval]))", "{{sign}}",
            "Each one may be a unit that was promised twice.") with
        { PageAt = 1 },
        Panel.Lines("Contradictions of the ledger", "short",
            "sum(increase(alloc_invariant_violations_total[$__rate_interval]))", "contradictions",
            "Decisions that were dropped because they contradicted the ledger; each stops its partition.") with
        { PageAt = 1 },
        Panel.Lines("Policy not taken for", "s", "max by (partition) (alloc_policy_untaken_seconds)",
            "partition {{partition}}", "Partitions that decide by the policy before.") with
        { PageAt = thresholds["PolicyUntaken"].SecondsNumber("above") },
        Panel.Lines("Policy in force", "short", "max by (partition) (alloc_policy_version)", "partition {{partition}}",
            "Its version; all partitions show the same.",
            new Query("sum by (reason) (increase(alloc_policies_refused_total[$__rate_interval]))",
                "refused: {{reason}}")),
    ];
}
