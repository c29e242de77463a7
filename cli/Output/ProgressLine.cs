using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Output;

/// <summary>
/// A progress bar on standard error with rate and time left; nothing at all where standard error is no terminal.
/// Redrawn at most eight times a second, so that it may be told of every record.
/// </summary>
internal sealed class ProgressLine(CliHost host, string unit)
{
    private const int BarWidth = 24;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(125);
    private readonly StatusLine? line = host.ErrorIsTerminal ? new StatusLine(host) : null;
    private readonly long startedAt = host.Time.GetTimestamp();
    private long shownAt;

    /// <summary>Shows how far it is.</summary>
    /// <param name="what">What is being done.</param>
    /// <param name="done">Units done.</param>
    /// <param name="total">Units in all; 0 when unknown.</param>
    /// <param name="from">Units that were done before this run and say nothing about its rate.</param>
    public void Show(string what, long done, long total, long from = 0)
    {
        if (line is null || (shownAt != 0 && host.Time.GetElapsedTime(shownAt) < Interval))
        {
            return;
        }
        shownAt = host.Time.GetTimestamp();
        var elapsed = host.Time.GetElapsedTime(startedAt);
        line.Show(Text(what, done, total, from, elapsed, unit));
    }

    /// <summary>Takes the bar away.</summary>
    public void Clear() => line?.Clear();

    /// <summary>The line as it is drawn.</summary>
    public static string Text(string what, long done, long total, long from, TimeSpan elapsed, string unit)
    {
        var rate = elapsed > TimeSpan.Zero ? (done - from) / elapsed.TotalSeconds : 0;
        if (total <= 0)
        {
            return $"{what}  {done:N0} {unit}  {rate:N0}/s";
        }
        var share = Math.Clamp((double)done / total, 0, 1);
        var filled = (int)(share * BarWidth);
        var left = rate > 0 ? Duration.Show(TimeSpan.FromSeconds((total - done) / rate)) : "?";
        return $"{what}  {new string('█', filled)}{new string('░', BarWidth - filled)} {share,4:P0}  "
            + $"{done:N0}/{total:N0} {unit}  {rate:N0}/s  {left} left";
    }
}
