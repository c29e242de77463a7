using Alloc.Engine.LogClient;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// Reads the broker's clock: appends an empty record to a topic whose records the broker stamps. One is under way at a
/// time. Used by one thread; told by the client's.
/// </summary>
internal sealed class ClockReader(ILogClient client, string clientId, string topic, BrokerTime time) : IDisposable
{
    private readonly object gate = new();
    private ILogAppender? appender;
    private bool isUnderWay;
    private bool isBroken;
    private string? problem;

    /// <summary>Why the clock was not read last, in words; null where it was.</summary>
    public string? Problem
    {
        get
        {
            lock (gate)
            {
                return problem;
            }
        }
    }

    /// <summary>
    /// Reads the clock, waiting so long for the answer; one that comes later still counts. Whatever is asked for next
    /// is asked for after <see cref="BrokerTime.LatestMs"/>.
    /// </summary>
    public void Read(TimeSpan patience)
    {
        ReplaceBroken();
        lock (gate)
        {
            if (!isUnderWay)
            {
                isUnderWay = true;
                Append();
            }
            if (isUnderWay)
            {
                Monitor.Wait(gate, patience);
            }
        }
    }

    public void Dispose() => appender?.Dispose();

    /// <summary>A producer with a fatal failure delivers nothing any more.</summary>
    private void ReplaceBroken()
    {
        lock (gate)
        {
            if (!isBroken)
            {
                return;
            }
            isBroken = false;
        }
        // Not with the gate held: the client's thread may be on its way to it.
        appender?.Dispose();
        appender = null;
    }

    private void Append()
    {
        try
        {
            appender ??= client.CreateAppender(clientId);
            appender.Append(new OutgoingRecord(new TopicPartition(topic, 0), null, [], -1, null), Answered);
        }
        catch (LogException error)
        {
            isUnderWay = false;
            isBroken = error.Failure == LogFailure.NewProducer;
            problem = error.Message;
        }
    }

    private void Answered(long offset, long timestampMs, LogException? failure)
    {
        lock (gate)
        {
            isUnderWay = false;
            isBroken = failure is { Failure: LogFailure.NewProducer };
            problem = failure is not null ? failure.Message
                : timestampMs <= 0 ? $"the broker does not say when it appended to {topic}"
                : null;
            if (problem is null)
            {
                time.Learn(timestampMs);
            }
            Monitor.PulseAll(gate);
        }
    }
}
