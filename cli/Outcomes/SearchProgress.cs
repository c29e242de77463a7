using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Outcomes;

/// <summary>
/// How far a search of the journal is; shown on a terminal, and only when it takes longer than a moment.
/// </summary>
internal sealed class SearchProgress(CliHost host) : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private readonly ProgressLine line = new(host, "outcomes");
    private readonly long startedAt = host.Time.GetTimestamp();

    /// <summary>Tells of the next record.</summary>
    public void Show(long looked, long total)
    {
        if (host.Time.GetElapsedTime(startedAt) > Moment)
        {
            line.Show("searching the journal", looked, total);
        }
    }

    /// <summary>Takes the line away before the answer is written.</summary>
    public void Dispose() => line.Clear();
}
