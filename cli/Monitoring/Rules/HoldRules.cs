namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Holds and supply: promises that end, and promises that cannot be kept.</summary>
internal static class HoldRules
{
    public static IReadOnlyList<Rule> Of(Thresholds thresholds)
    {
        var stuck = thresholds["HoldExpiryStuck"];
        var rate = thresholds["HoldExpiryRateHigh"];
        var window = rate.Duration("window");
        var overcommitted = thresholds["Overcommitted"];
        return
        [
            new RecordingRule(
                $"job:alloc_holds_expired:ratio_increase{window}",
                $"""
                sum(increase(alloc_holds_expired_total[{window}]))
                / (sum(increase(alloc_holds_created_total[{window}])) > 0)
                """),
            new AlertRule(
                "HoldExpiryStuck", Severity.Page,
                $"max by (partition) (alloc_hold_oldest_overdue_seconds) > {stuck.Seconds("above")}")
            {
                Owner = "allocation",
                For = stuck.Duration("for"),
                Summary = "Holds of partition {{ $labels.partition }} do not expire",
                Description = "A hold of partition {{ $labels.partition }} ended {{ $value | humanizeDuration }} ago "
                    + "and still keeps its units: nobody else can have them.",
                Dashboard = "alloc-holds",
            },
            new AlertRule(
                "HoldExpiryRateHigh", Severity.Ticket,
                $"""
                job:alloc_holds_expired:ratio_increase{window} > {rate.Text("share")}
                and sum(increase(alloc_holds_created_total[{window}])) >= {rate.Text("leastCreated")}
                """)
            {
                Owner = "allocation",
                For = rate.Duration("for"),
                Summary = "Many holds expire instead of becoming orders",
                Description = $"In {window}, {{{{ $value | humanizePercentage }}}} as many holds expired as were made. "
                    + "Customers give up, or what comes after the hold is too slow.",
                Dashboard = "alloc-holds",
            },
            new AlertRule(
                "Overcommitted", Severity.Page,
                $"max by (partition) (alloc_pool_deficit_units) > {overcommitted.Text("above")}")
            {
                Owner = "allocation",
                For = overcommitted.Duration("for"),
                Summary = "More is promised than there is",
                Description = "Pools of partition {{ $labels.partition }} promised {{ $value }} units beyond their "
                    + "supply and what overbooking allows. Somebody will not get what was promised.",
                Dashboard = "alloc-holds",
            },
        ];
    }
}
