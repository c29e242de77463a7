using System.Globalization;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Makes dead letters: key and value as received where they fit, the record's own headers, and why and where from under
/// the header names of Kafka Streams' dead-letter queue (KIP-1034).
/// </summary>
internal static class DeadLetters
{
    /// <summary>
    /// What is wrong, in the word that metrics count it under; only where the record was declared bad.
    /// </summary>
    public const string Kind = "__alloc.errors.kind";

    /// <summary>
    /// How many bytes of a record were left out of its dead letter, for there is no room; its origin has them.
    /// </summary>
    public const string OmittedBytes = "__alloc.errors.omitted.bytes";

    public static OutputRecord Of(
        string topic, int partition, in QueuedRecord record, RecordMetadata metadata, Exception error, int byteLimit)
    {
        var headers = new RecordHeaders();
        foreach (var (key, value) in record.Headers ?? [])
        {
            headers.Add(key, value);
        }
        AddOrigin(headers, metadata, error);
        var letter = new OutputRecord(topic, partition, record.Key, record.Value, metadata.TimestampMs, headers);
        return letter.Size <= byteLimit ? letter : WithoutContent(in letter, metadata, error, byteLimit);
    }

    /// <summary>Only why and where from, and the key where it is of a sensible size.</summary>
    private static OutputRecord WithoutContent(
        in OutputRecord letter, RecordMetadata metadata, Exception error, int byteLimit)
    {
        var key = letter.Key?.Length < byteLimit / 10 ? letter.Key : null;
        var omitted = letter.Size - (key?.Length ?? 0);
        var headers = new RecordHeaders();
        AddOrigin(headers, metadata, error);
        headers.Add(OmittedBytes, omitted.ToString(CultureInfo.InvariantCulture));
        return letter with { Key = key, Value = null, Headers = headers };
    }

    private static void AddOrigin(RecordHeaders headers, RecordMetadata metadata, Exception error)
    {
        headers.Add(DeadLetterHeaders.Exception, error.GetType().FullName ?? error.GetType().Name)
            .Add(DeadLetterHeaders.Message, Faults.Reason(error))
            .Add(DeadLetterHeaders.Topic, metadata.Topic)
            .Add(DeadLetterHeaders.Partition, metadata.Partition.ToString(CultureInfo.InvariantCulture))
            .Add(DeadLetterHeaders.Offset, metadata.Offset.ToString(CultureInfo.InvariantCulture))
            .Add(DeadLetterHeaders.Timestamp, metadata.TimestampMs.ToString(CultureInfo.InvariantCulture));
        if (error is BadRecordException bad)
        {
            headers.Add(Kind, BadRecordWords.Of(bad.Kind));
        }
    }
}
