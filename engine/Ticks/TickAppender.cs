using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Runtime;

namespace Alloc.Engine.Ticks;

/// <summary>
/// Appends ticks to tasks' own input partitions, through a producer outside any transaction. A lost or doubled tick is
/// harmless.
/// </summary>
internal sealed class TickAppender(
    ILogClient client, ThreadIdentity identity, TaskEnvironment environment, EngineMetrics metrics) : IDisposable
{
    private readonly BrokerClock clock = new();
    private ILogAppender? appender;

    /// <summary>How far the broker's clock is ahead of the host's, in milliseconds, as delivered ticks told.</summary>
    public long BrokerAheadMs => clock.AheadMs;

    /// <summary>
    /// Makes the producer, ahead of the first tick: connecting and being given a producer id take a second, and the
    /// first expiry would come that much late.
    /// </summary>
    public void Open() => appender ??= client.CreateAppender(identity.ClientId);

    /// <summary>
    /// Appends for every task whose time has come and whose input holds nothing that would do as well.
    /// </summary>
    public void Append(IReadOnlyList<StreamTask> tasks)
    {
        foreach (var task in tasks)
        {
            if (task.Tick.DueAtMs == long.MaxValue || task.Wait.IsStopped
                || Array.Find(task.Queues, q => q.Source.Definition.Options.Tick is not null) is not { } queue)
            {
                continue;
            }
            if (queue.Source.Definition.Options.RequireLogAppendTime && task.StreamTimeMs != long.MinValue)
            {
                clock.LearnFrom(task.StreamTimeMs, environment.ReadClockMs());
            }
            if (queue.Count == 0 && task.Tick.IsDue(environment.NowMs + BrokerAheadMs, environment.NowMs))
            {
                Append(task, queue);
            }
        }
    }

    public void Dispose() => appender?.Dispose();

    private void Append(StreamTask task, RecordQueue queue)
    {
        Open();
        var record = queue.Source.Definition.Options.Tick!(task.TaskId.Partition, task.Tick.DueAtMs);
        var sentAtMs = environment.NowMs;
        task.Tick.Sent(sentAtMs);
        try
        {
            appender!.Append(new OutgoingRecord(queue.Partition, record.Key, record.Value, -1, null),
                (offset, timestampMs, failure) => Delivered(task, sentAtMs, offset, timestampMs, failure));
            metrics.TickAppended();
        }
        catch (LogException error)
        {
            Fail(task, error);
        }
    }

    private void Delivered(StreamTask task, long sentAtMs, long offset, long timestampMs, LogException? failure)
    {
        if (failure is not null)
        {
            Fail(task, failure);
            return;
        }
        if (timestampMs > 0)
        {
            clock.Learn(sentAtMs, timestampMs, environment.ReadClockMs());
        }
        task.Tick.Delivered(offset);
    }

    private void Fail(StreamTask task, LogException error)
    {
        task.Tick.Failed();
        Log.TickFailed(environment.Logger, task.TaskId, error.Message);
    }
}
