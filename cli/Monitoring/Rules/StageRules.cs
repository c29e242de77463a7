using System.Globalization;

namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Stages where work waits: promises that age.</summary>
internal static class StageRules
{
    private const string Stages = "alloc-stages?var-stage={{ $labels.stage }}";
    private static readonly string[] BurnWindows = ["5m", "30m", "1h", "6h"];

    public static IReadOnlyList<Rule> Of(Thresholds thresholds, IReadOnlyList<WatchedStage> stages) =>
        [.. Recorded(thresholds, stages), .. Alerts(thresholds, stages), .. Burning(thresholds["StageBurnRate"])];

    /// <summary>
    /// What the catalogue says of a stage, as series, so that an alert compares each stage with its own row. A stage
    /// that the rules do not know yet is nobody's, and compared with what is shipped.
    /// </summary>
    private static IEnumerable<Rule> Recorded(Thresholds thresholds, IReadOnlyList<WatchedStage> stages)
    {
        yield return new RecordingRule("stage:alloc_stage_items:max", "max by (stage) (alloc_stage_items)");
        yield return new RecordingRule(
            "stage:alloc_stage_oldest_age_seconds:max", "max by (stage) (alloc_stage_oldest_age_seconds)");
        yield return new RecordingRule(
            "stage:alloc_stage_breached:ratio",
            "max by (stage) (alloc_stage_breached_items) / (stage:alloc_stage_items:max > 0)");
        foreach (var stage in stages)
        {
            yield return new RecordingRule("stage:alloc_stage_owner:info", "vector(1)")
            {
                Labels = [("owner", stage.Owner), ("stage", stage.Id)],
            };
            yield return new RecordingRule("stage:alloc_stage_page_share:limit", $"vector({Number(stage.PageShare)})")
            {
                Labels = [("source", "catalogue"), ("stage", stage.Id)],
            };
        }
        yield return new RecordingRule(
            "stage:alloc_stage_owner:info",
            """
            group by (stage) (alloc_stage_items)
            unless on (stage) stage:alloc_stage_owner:info{owner!="unassigned"}
            """)
        {
            Labels = [("owner", "unassigned")],
        };
        yield return new RecordingRule(
            "stage:alloc_stage_page_share:limit",
            $$"""
            {{thresholds["StageSlaBreach"].Text("pageShare")}} * group by (stage) (alloc_stage_items)
            unless on (stage) stage:alloc_stage_page_share:limit{source="catalogue"}
            """)
        {
            Labels = [("source", "default")],
        };
        foreach (var window in BurnWindows)
        {
            yield return new RecordingRule(
                $"stage:alloc_stage_late:ratio_rate{window}",
                $"""
                sum by (stage) (rate(alloc_stage_completed_late_total[{window}]))
                / (sum by (stage) (rate(alloc_stage_completed_total[{window}])) > 0)
                """);
        }
    }

    private static IEnumerable<Rule> Alerts(Thresholds thresholds, IReadOnlyList<WatchedStage> stages)
    {
        var breach = thresholds["StageSlaBreach"];
        foreach (var (severity, limit) in new[]
        {
            (Severity.Ticket, breach.Text("ticketShare")),
            (Severity.Page, "on (stage) max by (stage) (stage:alloc_stage_page_share:limit)"),
        })
        {
            yield return new AlertRule("StageSlaBreach", severity, Owned(
                $"""
                (
                  stage:alloc_stage_breached:ratio > {limit}
                )
                and on (stage) stage:alloc_stage_items:max >= {breach.Text("leastItems")}
                """))
            {
                Owner = null,
                For = breach.Duration("for"),
                Summary = "{{ $labels.stage }}: promises to customers are late",
                Description = "{{ $value | humanizePercentage }} of what waits in {{ $labels.stage }} is beyond its "
                    + "SLA. Customers were told a time that has passed.",
                Runbook = RunbookOf(stages, thresholds["links"].Text("runbooks")),
                Dashboard = Stages,
            };
        }
        var draining = thresholds["StageNotDraining"];
        yield return new AlertRule("StageNotDraining", Severity.Ticket, Owned(
            $"""
            (
              max by (stage) (alloc_stage_drain_seconds)
              > on (stage) max by (stage) (alloc_stage_sla_seconds)
            )
            and on (stage) stage:alloc_stage_items:max >= {draining.Text("leastItems")}
            """))
        {
            Owner = null,
            For = draining.Duration("for"),
            Summary = "{{ $labels.stage }} does not drain",
            Description = "At today's rates {{ $labels.stage }} needs {{ $value | humanizeDuration }} to become empty "
                + "(+Inf: more comes than goes), longer than its SLA. What arrives now will be late.",
            Dashboard = Stages,
        };
        var risk = thresholds["HoldsAtRisk"];
        yield return new AlertRule("HoldsAtRisk", Severity.Ticket, Owned(
            $"""
            (
              max by (stage) (alloc_stage_holds_at_risk) > {risk.Text("above")}
            )
            """))
        {
            Owner = null,
            For = risk.Duration("for"),
            Summary = "{{ $labels.stage }}: holds will expire before their work is done",
            Description = "{{ $value }} holds of work in {{ $labels.stage }} end before it is predicted to leave. "
                + "Their units go to others and the orders fail, unless the holds are extended or the stage speeds up.",
            Dashboard = Stages,
        };
        yield return new AlertRule(
            "StagesUnmeasured", Severity.Ticket,
            $$"""
            absent(alloc_stage_items)
            and on () count(up{job="{{thresholds["scrape"].Text("job")}}"} == 1) > 0
            """)
        {
            For = thresholds["StagesUnmeasured"].Duration("for"),
            Summary = "No stage is measured",
            Description = "Instances answer and none reports a stage: the backlog application runs nowhere, or does "
                + "not work. Work may age unseen.",
            Dashboard = "alloc-stages",
        };
        var missing = thresholds["StagePartitionsMissing"];
        yield return new AlertRule(
            "StagePartitionsMissing", Severity.Ticket,
            $"max(alloc_stage_missing_partitions) > {missing.Text("above")}")
        {
            For = missing.Duration("for"),
            Summary = "What waits in some partitions is not counted",
            Description = "{{ $value }} partitions have not told for a while what waits in their stages: numbers of "
                + "all stages leave it out, and work there may age unseen.",
            Dashboard = "alloc-stages",
        };
        yield return new AlertRule("ModeActive", Severity.Ticket, "max by (mode) (alloc_degraded_mode_active) > 0")
        {
            Owner = "operations",
            For = thresholds["ModeActive"].Duration("for"),
            Summary = "The degraded mode {{ $labels.mode }} is on",
            Description = "The mode {{ $labels.mode }} is on: customers are served by other rules than agreed until it "
                + "is off again.",
            Dashboard = "alloc-overview",
        };
    }

    /// <summary>
    /// The error budget's burn over a long and a short window: the long one that it matters, the short one that it
    /// still goes on (The Site Reliability Workbook, chapter 5). Of the few that leave in a quiet night one is no rate.
    /// </summary>
    private static IEnumerable<Rule> Burning(Limits burn)
    {
        var budget = 1 - burn.Number("objectiveShare");
        var least = burn.Text("leastCompleted");
        (Severity Severity, string Factor, string Long, string Short)[] windows =
        [
            (Severity.Page, "pageFactor", "1h", "5m"), (Severity.Ticket, "ticketFactor", "6h", "30m"),
        ];
        foreach (var (severity, factor, longer, shorter) in windows)
        {
            var limit = Number(Math.Round(burn.Number(factor) * budget, 9));
            yield return new AlertRule("StageBurnRate", severity, Owned(
                $"""
                (
                  stage:alloc_stage_late:ratio_rate{longer} > {limit}
                )
                and on (stage) stage:alloc_stage_late:ratio_rate{shorter} > {limit}
                and on (stage) sum by (stage) (increase(alloc_stage_completed_total[{longer}])) >= {least}
                """))
            {
                Owner = null,
                Summary = "{{ $labels.stage }} uses up its error budget",
                Description = $"Over {longer}, {{{{ $value | humanizePercentage }}}} of what left "
                    + $"{{{{ $labels.stage }}}} left late; {burn.Percent("objectiveShare")} are to be in time. At this "
                    + $"rate the budget goes {burn.Text(factor)} times as fast as agreed.",
                Dashboard = Stages,
            };
        }
    }

    /// <summary>
    /// The page that the catalogue names for a stage, chosen by the alert's label; null where it is the alert's own for
    /// all of them.
    /// </summary>
    private static string? RunbookOf(IReadOnlyList<WatchedStage> stages, string pages)
    {
        const string own = "StageSlaBreach";
        var others = stages.Where(s => s.Runbook != $"docs/runbooks/{own}.md")
            .Select(s => (s.Id, Address: WatchedCatalogue.AddressOf(pages, s.Runbook)))
            .ToList();
        return others.Count == 0
            ? null
            : string.Concat(others.Select((s, i) =>
                "{{ " + (i == 0 ? "" : "else ") + $"if eq $labels.stage \"{s.Id}\" " + "}}" + s.Address))
                + "{{ else }}" + $"{pages}/{own}" + "{{ end }}";
    }

    /// <summary>Brings the stage's owner into the answer.</summary>
    private static string Owned(string condition) =>
        $"""
        (
        {string.Join('\n', condition.Split('\n').Select(line => $"  {line}"))}
        )
        * on (stage) group_left (owner) stage:alloc_stage_owner:info
        """;

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
