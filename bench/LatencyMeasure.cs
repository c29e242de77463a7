using Alloc.Client;
using Alloc.Replay;
using HdrHistogram;

namespace Alloc.Bench;

/// <summary>
/// What has been asked and not answered yet, and how long the answered ones took from the moment they were due. Told of
/// by two threads: who sends and who reads the outcomes.
/// </summary>
internal sealed class LatencyMeasure(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, long> dueAt = [];
    private readonly LongHistogram histogram = Latencies.Create();
    private long firstDueAt;
    private long lastDueAt;
    private long lastAnswerAt;

    /// <summary>A command is about to be sent.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="due">The time stamp at which it was due.</param>
    public void Asked(long number, long due)
    {
        lock (gate)
        {
            firstDueAt = dueAt.Count + histogram.TotalCount == 0 ? due : firstDueAt;
            lastDueAt = due;
            dueAt.Add(number, due);
        }
    }

    /// <summary>A command's outcome is held; others than those that were asked do not count.</summary>
    public void Answered(long number)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            if (dueAt.Remove(number, out var due))
            {
                histogram.Record(time.GetElapsedTime(due, now));
                lastAnswerAt = now;
            }
        }
    }

    /// <summary>How long after the last command was due the last outcome came: what had piled up by then.</summary>
    public TimeSpan Backlog => time.GetElapsedTime(lastDueAt, lastAnswerAt);

    /// <summary>Commands answered a second, from the first that was due to the last outcome.</summary>
    public double AnsweredPerSecond =>
        histogram.TotalCount / time.GetElapsedTime(firstDueAt, lastAnswerAt).TotalSeconds;

    /// <summary>All durations, when every command has been answered.</summary>
    /// <exception cref="AllocException">Some have no outcome: the figures would leave out the worst.</exception>
    public LongHistogram Finish()
    {
        lock (gate)
        {
            return dueAt.Count == 0
                ? histogram
                : throw AllocException.Failed(
                    $"{dueAt.Count:N0} of {histogram.TotalCount + dueAt.Count:N0} measured commands have no outcome.");
        }
    }
}
