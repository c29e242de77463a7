namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Whether anything is seen at all.</summary>
internal static class PresenceRules
{
    public static IReadOnlyList<Rule> Of(Thresholds thresholds)
    {
        var job = thresholds["scrape"].Text("job");
        return
        [
            new AlertRule("Down", Severity.Page, $$"""up{job="{{job}}"} == 0 or absent(up{job="{{job}}"})""")
            {
                For = thresholds["Down"].Duration("for"),
                Summary = "{{ if $labels.instance }}{{ $labels.instance }} does not answer"
                    + "{{ else }}Prometheus knows no instance of Alloc{{ end }}",
                Description = "{{ if $labels.instance }}{{ $labels.instance }} has not answered Prometheus. What it "
                    + "decided is kept; other instances take its partitions over where there are any."
                    + "{{ else }}No target of the job {{ $labels.job }} is scraped: nobody decides, or nobody watches."
                    + "{{ end }}",
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
