using Microsoft.Extensions.Logging;

namespace Alloc.Broker;

/// <summary>Every message that the broker logs.</summary>
internal static partial class Log
{
    [LoggerMessage(
        1, LogLevel.Information, "Broker listens on {Host}:{Port}; data in {Directory}, durability {Durability}")]
    public static partial void Listening(
        ILogger logger, string host, int port, string directory, DurabilityMode durability);

    [LoggerMessage(2, LogLevel.Information, "Broker stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3, LogLevel.Critical, "Broker stops: {Reason}")]
    public static partial void Faulted(ILogger logger, string reason, Exception exception);

    [LoggerMessage(
        4, LogLevel.Information, "Recovered {TopicCount} topics with {PartitionCount} partitions in {ElapsedMs} ms")]
    public static partial void Recovered(ILogger logger, int topicCount, int partitionCount, long elapsedMs);

    [LoggerMessage(
        5, LogLevel.Warning, "{Path}: cut at byte {Position}, {Count} bytes of an unfinished write dropped ({Damage})")]
    public static partial void TornTailCut(ILogger logger, string path, long position, long count, string damage);

    [LoggerMessage(6, LogLevel.Warning, "{Path} could not be removed and is left behind")]
    public static partial void LeftBehind(ILogger logger, string path, Exception exception);

    [LoggerMessage(7, LogLevel.Debug, "Connection from {Client} closed: {Reason}")]
    public static partial void ConnectionRefused(ILogger logger, string client, string reason);

    [LoggerMessage(8, LogLevel.Error, "{Api} from {Client} failed; its connection is closed")]
    public static partial void RequestFailed(ILogger logger, string api, string client, Exception exception);

    [LoggerMessage(9, LogLevel.Error, "The disk refused a write: {Reason} ({More} more since this was said last)")]
    public static partial void StorageRefused(ILogger logger, string reason, long more);

    [LoggerMessage(10, LogLevel.Information, "Topic {Topic} made with {PartitionCount} partitions")]
    public static partial void TopicCreated(ILogger logger, string topic, int partitionCount);

    [LoggerMessage(11, LogLevel.Information, "Topic {Topic} deleted")]
    public static partial void TopicDeleted(ILogger logger, string topic);

    [LoggerMessage(12, LogLevel.Warning,
        "{Topic}-{Partition}: {Count} batches from offset {Offset} on cannot be read (damaged or of an unknown "
        + "codec); they stay as they are, and tombstones after them stay too")]
    public static partial void NotCompacted(ILogger logger, string topic, int partition, int count, long offset);

    [LoggerMessage(13, LogLevel.Warning, "{Topic}-{Partition}: compaction given up, nothing was changed: {Reason}")]
    public static partial void CleaningStopped(ILogger logger, string topic, int partition, string reason);

    [LoggerMessage(50, LogLevel.Information, "Schema registry listens on {Host}:{Port}; {SubjectCount} subjects")]
    public static partial void RegistryListening(ILogger logger, string host, int port, int subjectCount);

    [LoggerMessage(51, LogLevel.Error, "The schema registry could not store a change: {Reason}")]
    public static partial void RegistryStoreRefused(ILogger logger, string reason);
}
