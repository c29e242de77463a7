using System.Diagnostics;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>Outcome of an append. Offsets and times are -1 where <paramref name="Error"/> is set.</summary>
/// <param name="Error">What the client is told.</param>
/// <param name="BaseOffset">Offset of the first record, of the original where the batch was an exact repeat.</param>
/// <param name="LogAppendTimeMs">Time stamped on the batch, -1 where the topic keeps the client's.</param>
/// <param name="Message">Explains the error.</param>
internal readonly record struct AppendResult(
    ErrorCode Error, long BaseOffset, long LogAppendTimeMs, string? Message = null)
{
    public static AppendResult Refused(ErrorCode error, string? message = null) => new(error, -1, -1, message);
}

/// <summary>Told, at most once per turn of the loop, that a log grew, that its last stable offset moved or that it was
/// deleted.</summary>
internal interface ILogWatcher
{
    /// <summary>Called on the loop.</summary>
    void LogChanged(PartitionLog log);
}

/// <summary>
/// One partition: its record batches in segment files, its producers, its aborted transactions. All members belong to
/// the loop.
/// </summary>
/// <remarks>
/// A batch is written to the operating system before <see cref="AppendBatch"/> returns, so what was answered survives
/// the process; what must survive the machine as well waits for <see cref="Durability"/>. This broker is alone, hence
/// the high watermark is the log's end.
/// <para>Seam for the coordinators: <see cref="AppendMarker"/>, <see cref="Producers"/>,
/// <see cref="Durability.After(Acknowledgement, IEnumerable{PartitionLog}, Action)"/>.</para>
/// </remarks>
internal sealed partial class PartitionLog : IDisposable
{
    /// <summary>Epoch of this broker's leadership; it never changes as there is no other broker.</summary>
    public const int LeaderEpoch = 0;

    private readonly StorageContext context;
    private readonly List<Segment> segments = [];
    private readonly List<ILogWatcher> watchers = [];
    private bool isSignalled;

    private PartitionLog(StorageContext context, TopicConfig config, string topic, int partition, string directory)
    {
        this.context = context;
        Config = config;
        Topic = topic;
        Partition = partition;
        Directory = directory;
    }

    public string Topic { get; }

    public int Partition { get; }

    public string Directory { get; }

    /// <summary>The topic's settings; replaced as a whole when they change.</summary>
    public TopicConfig Config { get; set; }

    /// <summary>Offset below which the log was compacted; 0 where it never was.</summary>
    public long CleanedUpTo { get; private set; }

    /// <summary>Offset below which no key has two values: <see cref="CleanedUpTo"/>, or the first batch that compaction
    /// could not read.</summary>
    public long UniqueUpTo { get; private set; }

    /// <summary>Lowest offset that can be read. Moves up with retention and DeleteRecords.</summary>
    public long StartOffset { get; private set; }

    /// <summary>Offset that the next record gets. Everything below can be read.</summary>
    public long HighWatermark { get; private set; }

    /// <summary>End of what read-committed readers see: the first open transaction, or the high watermark.</summary>
    public long LastStableOffset => Math.Max(StartOffset, Producers.FirstOpenOffset ?? HighWatermark);

    /// <summary>Producers with their sequences, open and aborted transactions.</summary>
    public ProducerStates Producers { get; private set; } = new();

    /// <summary>True once the topic was deleted.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Segments by rising base offset; the last one is written to.</summary>
    public IReadOnlyList<Segment> Segments => segments;

    private Segment Active => segments[^1];

    /// <summary>
    /// Appends a client's batch that <see cref="Compression.BatchIntake"/> accepted. Sets its base offset in place, and
    /// its time where the topic uses LogAppendTime.
    /// </summary>
    /// <exception cref="StorageException">The disk refused; nothing was appended.</exception>
    public AppendResult AppendBatch(Span<byte> bytes)
    {
        var batch = new RecordBatch(bytes);
        if (bytes.Length > Config.MaxMessageBytes)
        {
            return AppendResult.Refused(ErrorCode.MessageTooLarge, Config.TooLarge(bytes.Length));
        }
        var error = Producers.Check(batch, out var duplicate);
        if (error != ErrorCode.None)
        {
            return AppendResult.Refused(error);
        }
        var isLogAppendTime = Config.IsLogAppendTime;
        if (duplicate is { } original)
        {
            return new AppendResult(ErrorCode.None, original.BaseOffset, isLogAppendTime ? original.TimestampMs : -1);
        }
        var appendTimeMs = isLogAppendTime ? context.Loop.NowMs : -1;
        if (isLogAppendTime)
        {
            batch.StampLogAppendTime(appendTimeMs);
        }
        var baseOffset = Write(batch);
        Producers.Appended(batch, context.Loop.NowMs);
        Changed();
        return new AppendResult(ErrorCode.None, baseOffset, appendTimeMs);
    }

    /// <summary>
    /// Ends a producer's transaction in this partition by a control batch, which takes one offset. Its epoch becomes
    /// the producer's: batches of older epochs are refused from then on.
    /// </summary>
    /// <exception cref="StorageException">The disk refused; nothing was appended, the transaction is still
    /// open.</exception>
    public long AppendMarker(ProducerIdentity producer, int coordinatorEpoch, bool isCommit)
    {
        var nowMs = context.Loop.NowMs;
        RecordBatchBuilder.WriteMarker(context.Scratch, producer, coordinatorEpoch, isCommit, nowMs);
        var offset = Write(new RecordBatch(context.Scratch.WrittenSpan));
        Producers.AppendedMarker(producer.ProducerId, producer.Epoch, coordinatorEpoch, isCommit, offset, nowMs);
        Changed();
        return offset;
    }

    /// <summary>Tells <paramref name="watcher"/> of changes until <see cref="Unwatch"/>.</summary>
    public void Watch(ILogWatcher watcher) => watchers.Add(watcher);

    public void Unwatch(ILogWatcher watcher) => watchers.Remove(watcher);

    private long Write(RecordBatch batch)
    {
        if (IsDeleted)
        {
            throw new StorageException($"{Topic}-{Partition} was deleted");
        }
        Debug.Assert(context.Loop.IsCurrent || !context.IsServing, "logs belong to the loop");
        if (Active.Size > 0 && Active.Size + batch.Size > Config.SegmentBytes)
        {
            Roll();
        }
        var baseOffset = HighWatermark;
        batch.BaseOffset = baseOffset;
        batch.LeaderEpoch = LeaderEpoch;
        Active.Append(context.Disk, batch.Bytes[..batch.Size], baseOffset, batch.MaxTimestampMs, context.Loop.NowMs);
        HighWatermark = baseOffset + batch.LastOffsetDelta + 1;
        BytesSinceCheckpoint += batch.Size;
        HasChangedSinceCheckpoint = true;
        MarkUnsynced(Active);
        return baseOffset;
    }

    private void Roll()
    {
        try
        {
            segments.Add(Segment.Create(Directory, HighWatermark));
            hasUnsyncedDirectory = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"A segment of {Topic}-{Partition} could not be made: {exception.Message}", exception);
        }
    }

    private void Changed()
    {
        if (watchers.Count > 0 && !isSignalled)
        {
            isSignalled = true;
            context.Loop.AtEndOfTurn(Signal);
        }
    }

    private void Signal()
    {
        isSignalled = false;
        for (var index = watchers.Count - 1; index >= 0; index--)
        {
            if (index < watchers.Count)
            {
                watchers[index].LogChanged(this);
            }
        }
    }

    /// <summary>Closes the files; readers with a lease still finish.</summary>
    public void Dispose()
    {
        foreach (var segment in segments)
        {
            segment.Release();
        }
        segments.Clear();
        ReleaseUnsynced();
    }
}
