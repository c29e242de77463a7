using Alloc.Engine.State;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Processing;

/// <summary>What nodes ask of the task that runs them.</summary>
internal interface ITaskHost : IStores
{
    TaskId TaskId { get; }

    RecordMetadata? Metadata { get; }

    long StreamTimeMs { get; }

    long WallClockMs { get; }

    long ClockMs { get; }

    /// <summary>The partition count of an output topic.</summary>
    int PartitionCount(string topic);

    /// <summary>Takes an output of the record at hand.</summary>
    void Emit(in OutputRecord output);

    /// <summary>Makes a byte writer for serializers; one at a time.</summary>
    ByteBuffer Buffer { get; }

    IDisposable Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator);

    void ScheduleTick(long dueAtMs);

    long WatermarkMs(string topic);

    IWatermarkTimer CreateWatermarkTimer(IReadOnlyCollection<string> topics, Action<long> onPassed);

    void ReportLate(string topic);

    void ReportUnusual(UnusualRecord kind);

    /// <summary>
    /// Calls back when a commit is acknowledged: input topic, and the offset after the last record in it.
    /// </summary>
    void WhenCommitted(Action<string, long> observer);
}

/// <summary>A record on its way out, as bytes.</summary>
internal readonly record struct OutputRecord(
    string Topic, int Partition, byte[]? Key, byte[]? Value, long TimestampMs, RecordHeaders? Headers,
    bool IsChangelog = false)
{
    /// <summary>At most what offset, timestamp and lengths take beside the bytes themselves.</summary>
    private const int Overhead = 100;

    /// <summary>Bytes that it takes in the log, or a few less.</summary>
    public long Size
    {
        get
        {
            var size = (long)Overhead + (Key?.Length ?? 0) + (Value?.Length ?? 0);
            return Headers is null ? size : size + Headers.Size;
        }
    }
}
