using Alloc.Processors.Notation;

namespace Alloc.Cli.Monitoring.Rules;

/// <summary>
/// How much counters grew within a window. A counter is not shown before it has counted, so that Prometheus' own
/// <c>increase</c> does not see what it begins with; and its absence may be the scrape's that failed.
/// </summary>
internal static class Growth
{
    /// <summary>Between the first scrape of a job's first instance and that of its last one, at most.</summary>
    private const long FirstScrapesMs = 5 * 60_000;

    /// <summary>An expression of the growth, by labels.</summary>
    /// <param name="thresholds">What names the job and the alert's window.</param>
    /// <param name="counter">The counter.</param>
    /// <param name="labels">What it is summed by.</param>
    /// <param name="alert">The alert whose window it is.</param>
    /// <remarks>
    /// Line by line: a counter that was begun anew grew by more than it shows. One that is there and was missing in a
    /// scrape that got through has counted all of it since. So has one that was never seen before the window, of a job
    /// that was: its process is younger than its first scrape. Else it is known from before, and grew by what it
    /// gained: also beside a Prometheus that has just started.
    /// </remarks>
    public static string Of(Thresholds thresholds, string counter, string labels, string alert)
    {
        var windowMs = thresholds[alert].Milliseconds("window");
        var (window, earlier) = (DurationText.Show(windowMs), DurationText.Show(windowMs + FirstScrapesMs));
        var job = thresholds["scrape"].Text("job");
        return $$"""
            sum by ({{labels}}) (
              increase({{counter}}[{{window}}]) > {{counter}}
              or (
                {{counter}}
                and count_over_time({{counter}}[{{window}}])
                  < on (job, instance) group_left ()
                  min by (job, instance) (sum_over_time(up{job="{{job}}"}[{{window}}]))
              )
              or (
                {{counter}} unless last_over_time({{counter}}[1d] offset {{window}})
                and on () max(max_over_time(up{job="{{job}}"}[1h] offset {{earlier}})) == 1
              )
              or increase({{counter}}[{{window}}])
            )
            """;
    }
}
