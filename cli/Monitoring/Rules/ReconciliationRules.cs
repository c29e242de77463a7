namespace Alloc.Cli.Monitoring.Rules;

/// <summary>
/// Records of one truth that disagree, whether anybody looks for them, and what nobody decides about.
/// </summary>
internal static class ReconciliationRules
{
    private const string Page = "MismatchOpen";
    private const string Dashboard = "alloc-reconciliation";
    private const string OfClass = Dashboard + "?var-class={{ $labels.class }}";

    public static IReadOnlyList<Rule> Of(Thresholds thresholds, IReadOnlyList<WatchedClass> classes) =>
    [
        .. Recorded(classes),
        .. Open(thresholds["MismatchOpen"], Runbook(classes, thresholds["links"].Text("runbooks"))),
        Stale(thresholds),
        Scans(thresholds["ScanStale"]),
        Overdue(thresholds["ExceptionQueueOverdue"]),
        Failing(thresholds["RepairsFailing"]),
    ];

    /// <summary>
    /// Whose a class is, by the catalogue; of a class that the rules do not know yet, nobody's. Repairs are counted in
    /// the state, which moves from instance to instance: the greatest of them is the count.
    /// </summary>
    private static IEnumerable<Rule> Recorded(IReadOnlyList<WatchedClass> classes)
    {
        foreach (var known in classes)
        {
            yield return new RecordingRule("class:alloc_reconciliation_owner:info", "vector(1)")
            {
                Labels = [("class", known.Id), ("owner", known.Owner)],
            };
        }
        yield return new RecordingRule(
            "class:alloc_reconciliation_owner:info",
            """
            group by (class) (alloc_reconciliation_mismatches)
            unless on (class) class:alloc_reconciliation_owner:info{owner!="unassigned"}
            """)
        {
            Labels = [("owner", "unassigned")],
        };
        yield return new RecordingRule(
            "action_result:alloc_reconciliation_repairs:max",
            "max by (action, result) (alloc_reconciliation_repairs_total)");
    }

    private static IEnumerable<Rule> Open(Limits limits, string runbook)
    {
        foreach (var (severity, label, field) in new[]
        {
            (Severity.Ticket, "ticket", "ticketFor"), (Severity.Page, "page", "pageFor"),
        })
        {
            yield return new AlertRule(
                "MismatchOpen", severity,
                $$"""
                (
                  max by (class) (alloc_reconciliation_mismatches{severity="{{label}}"}) > {{limits.Text("above")}}
                )
                * on (class) group_left (owner) class:alloc_reconciliation_owner:info
                """)
            {
                Owner = null,
                For = limits.Duration(field),
                Summary = "{{ $labels.class }}: records of one truth disagree",
                Description = "{{ $value }} mismatches of class {{ $labels.class }} are neither closed nor accepted, "
                    + $"some for {limits.Duration(field)}: what is sold, owed or shipped is not what somebody was "
                    + "told. `alloc reconcile list --class {{ $labels.class }}` names them.",
                Runbook = runbook,
                Dashboard = OfClass,
            };
        }
    }

    private static AlertRule Stale(Thresholds thresholds)
    {
        var limits = thresholds["ReconciliationStale"];
        return new AlertRule(
            "ReconciliationStale", Severity.Ticket,
            $$"""
            time() - max(alloc_reconciliation_last_success_timestamp_seconds) > {{limits.Seconds("above")}}
            or (
              absent(alloc_reconciliation_last_success_timestamp_seconds)
              and on () count(up{job="{{thresholds["scrape"].Text("job")}}"} == 1) > 0
            )
            """)
        {
            For = limits.Duration("for"),
            Summary = "Nobody keeps the mismatches",
            Description = "Reconciliation has finished no run for more than "
                + $"{limits.Duration("above")}, or runs nowhere: what disagrees is not listed, and no repair is sent.",
            Dashboard = Dashboard,
        };
    }

    private static AlertRule Scans(Limits limits) => new(
        "ScanStale", Severity.Ticket,
        $"max by (instance, partition) (alloc_projection_scan_overdue_seconds) > {limits.Seconds("above")}")
    {
        For = limits.Duration("for"),
        Summary = "{{ $labels.instance }}: searches of partition {{ $labels.partition }} are not compared with the "
            + "ledger",
        Description = "They should have been {{ $value | humanizeDuration }} ago, and no attempt came to a result: "
            + "whether searches show what is decided is not known. `alloc reconcile scan --partition "
            + "{{ $labels.partition }}` says why.",
        Dashboard = Dashboard,
    };

    private static AlertRule Overdue(Limits limits) => new(
        "ExceptionQueueOverdue", Severity.Ticket,
        $"max by (owner) (alloc_reconciliation_exception_overdue) > {limits.Text("above")}")
    {
        Owner = null,
        For = limits.Duration("for"),
        Summary = "{{ $labels.owner }}: mismatches wait for a decision beyond their time",
        Description = "{{ $value }} mismatches that no rule repairs should have been decided by {{ $labels.owner }} by "
            + "now. `alloc reconcile list --queue --owner {{ $labels.owner }}` names them.",
        Dashboard = Dashboard,
    };

    private static AlertRule Failing(Limits limits)
    {
        var window = limits.Duration("window");
        var failed = $$"""
            sum by (action) (
              increase(action_result:alloc_reconciliation_repairs:max{result=~"refused|unproven"}[{{window}}])
            )
            """;
        return new AlertRule(
            "RepairsFailing", Severity.Ticket,
            $$"""
            {{failed}}
            / on (action) (
              sum by (action) (
                increase(action_result:alloc_reconciliation_repairs:max{result="sent"}[{{window}}])
              ) > 0
            )
            > {{limits.Text("share")}}
            and on (action)
            {{failed}}
            >= {{limits.Text("leastFailed")}}
            """)
        {
            For = limits.Duration("for"),
            Summary = "Repairs by {{ $labels.action }} do not repair",
            Description = $"In {window}, {{{{ $value | humanizePercentage }}}} of the repairs by "
                + "{{ $labels.action }} were refused by the ledger, or done and the records disagreed all the same. "
                + "After three attempts a mismatch waits for a person.",
            Dashboard = Dashboard,
        };
    }

    /// <summary>
    /// The section about the class on the page of mismatches; where the catalogue names another place for a class, that
    /// one, chosen by the alert's label.
    /// </summary>
    private static string Runbook(IReadOnlyList<WatchedClass> classes, string pages)
    {
        const string usual = "#{{ $labels.class | toLower }}";
        var others = classes
            .Where(c => c.Runbook != $"docs/runbooks/{Page}.md#{c.Id.ToLowerInvariant()}")
            .Select(c => (c.Id, Address: WatchedCatalogue.AddressOf(pages, c.Runbook)))
            .ToList();
        return others.Count == 0
            ? $"{pages}/{Page}{usual}"
            : string.Concat(others.Select((c, i) =>
                "{{ " + (i == 0 ? "" : "else ") + $"if eq $labels.class \"{c.Id}\" " + "}}" + c.Address))
                + "{{ else }}" + $"{pages}/{Page}{usual}" + "{{ end }}";
    }
}
