namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Whether anything is seen at all.</summary>
internal static class PresenceRules
{
    public static IReadOnlyList<Rule> Of(Thresholds thresholds)
    {
        var job = thresholds["scrape"].Text("job");
        return
        [
            new AlertRule("Down", Severity.Page, $$"""up{job="{{job}}"} == 0""")
            {
                For = thresholds["Down"].Duration("for"),
                Summary = "An instance of Alloc does not answer",
                Description = "{{ $labels.instance }} has not answered Prometheus. What it decided is kept; other "
                    + "instances take its partitions over where there are any.",
                Dashboard = "alloc-engine",
            },
            new AlertRule("Down", Severity.Page, $$"""absent(up{job="{{job}}"})""")
            {
                For = thresholds["Down"].Duration("for"),
                Summary = "Prometheus knows no instance of Alloc",
                Description = $"No target of the job {job} is scraped: nobody decides, or nobody watches.",
                Dashboard = "alloc-engine",
            },
            new AlertRule("Watchdog", Severity.None, "vector(1)")
            {
                Summary = "Alerts are on their way",
                Description = "Always fires. Whoever receives it knows that Prometheus and Alertmanager work; its "
                    + "absence is worth a page.",
                Dashboard = "alloc-overview",
            },
        ];
    }
}
