using System.Globalization;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Makes dead letters: key and value as received, the record's own headers, and why and where from under the header names of
/// Kafka Streams' dead-letter queue (KIP-1034).
/// </summary>
internal static class DeadLetters
{
    public const string Exception = "__streams.errors.exception";
    public const string Message = "__streams.errors.message";
    public const string Topic = "__streams.errors.topic";
    public const string Partition = "__streams.errors.partition";
    public const string Offset = "__streams.errors.offset";
    public const string Timestamp = "__streams.errors.timestamp";

    public static OutputRecord Of(
        string topic, int partition, in QueuedRecord record, RecordMetadata metadata, Exception error)
    {
        var headers = new RecordHeaders();
        foreach (var (key, value) in record.Headers ?? [])
        {
            headers.Add(key, value);
        }
        headers.Add(Exception, error.GetType().FullName ?? error.GetType().Name)
            .Add(Message, Reason(error))
            .Add(Topic, metadata.Topic)
            .Add(Partition, metadata.Partition.ToString(CultureInfo.InvariantCulture))
            .Add(Offset, metadata.Offset.ToString(CultureInfo.InvariantCulture))
            .Add(Timestamp, metadata.TimestampMs.ToString(CultureInfo.InvariantCulture));
        return new OutputRecord(topic, partition, record.Key, record.Value, metadata.TimestampMs, headers);
    }

    /// <summary>A bad record's own words; for any other failure its kind too.</summary>
    public static string Reason(Exception error) =>
        error is BadRecordException ? error.Message : $"{error.GetType().Name}: {error.Message}";

    /// <summary>Failures of what the engine stands on are never the record's fault.</summary>
    public static bool IsRecordAtFault(Exception error) => error is not
        (StreamsException or DependencyUnavailableException or IOException or UnauthorizedAccessException
        or OutOfMemoryException or ObjectDisposedException or OperationCanceledException);
}
