namespace Alloc.Broker.Protocol;

/// <summary>What a batch turned out to be.</summary>
/// <param name="Error">None if it can be appended.</param>
/// <param name="Message">Explains the error.</param>
/// <param name="HasNullKey">Whether a record without a key was seen.</param>
internal readonly record struct BatchVerdict(ErrorCode Error, string? Message, bool HasNullKey = false);

/// <summary>Times that a topic takes from clients, in milliseconds since 1970, both included.</summary>
internal readonly record struct TimestampRange(long Earliest, long Latest)
{
    /// <summary>Any time.</summary>
    public static TimestampRange Any { get; } = new(long.MinValue, long.MaxValue);

    /// <summary>Whether a record may have a time; -1 stands for none and is always taken.</summary>
    public bool Contains(long timestampMs) =>
        (timestampMs >= Earliest && timestampMs <= Latest) || timestampMs == NoTimestamp;

    /// <summary>Time of a record that has none.</summary>
    public const long NoTimestamp = -1;
}

/// <summary>
/// Checks a client's batch before it comes near a log: length, magic, checksum, counts, offsets, attributes, and each
/// of its records. Pure, so it runs on the connection's side.
/// </summary>
internal static class RecordBatchValidator
{
    /// <summary>Judges the frame and the header of what a Produce request holds for one partition: exactly one batch of
    /// format 2. <see cref="CheckRecords"/> judges the rest.</summary>
    public static BatchVerdict CheckHeader(Span<byte> bytes)
    {
        if (bytes.Length < RecordBatch.HeaderSize)
        {
            return bytes.Length >= RecordBatch.MagicEnd && bytes[16] < 2
                ? OldFormat(bytes[16])
                : Corrupt("The records are shorter than a batch's header.");
        }
        var batch = new RecordBatch(bytes);
        if (batch.Magic != 2)
        {
            return batch.Magic < 2 ? OldFormat(batch.Magic) : Corrupt($"Magic {batch.Magic} is not known.");
        }
        if (batch.Size < RecordBatch.HeaderSize || batch.Size > bytes.Length)
        {
            return Corrupt($"The batch claims {batch.Size} bytes where {bytes.Length} came.");
        }
        if (batch.Size < bytes.Length)
        {
            return Invalid("A produce request holds exactly one batch per partition.");
        }
        if (!batch.HasValidChecksum)
        {
            return Corrupt("The batch's CRC-32C is wrong.");
        }
        return JudgeHeader(batch) ?? default;
    }

    /// <summary>Judges the records of a batch whose header is fine.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="records">Its records, opened.</param>
    /// <param name="times">Times that the topic takes.</param>
    /// <param name="maxTimestampMs">Highest time of a record; -1 where none has one.</param>
    public static BatchVerdict CheckRecords(
        in RecordBatch batch, ReadOnlySpan<byte> records, TimestampRange times, out long maxTimestampMs)
    {
        var cursor = new RecordCursor(records);
        var count = 0;
        var hasNullKey = false;
        maxTimestampMs = TimestampRange.NoTimestamp;
        while (cursor.MoveNext())
        {
            var timestampMs = batch.BaseTimestampMs + cursor.TimestampDelta;
            if (cursor.OffsetDelta != count)
            {
                return Invalid($"Record {count} has offset delta {cursor.OffsetDelta}.");
            }
            if (!cursor.HasWholeHeaders())
            {
                return Invalid($"The headers of record {count} are damaged.");
            }
            if (!times.Contains(timestampMs))
            {
                return new BatchVerdict(ErrorCode.InvalidTimestamp, $"Record {count} has timestamp {timestampMs}; the "
                    + $"topic takes {times.Earliest} to {times.Latest}.");
            }
            maxTimestampMs = Math.Max(maxTimestampMs, timestampMs);
            hasNullKey |= cursor.IsKeyNull;
            count++;
        }
        return cursor.IsCorrupt || count != batch.RecordCount
            ? Invalid($"The batch claims {batch.RecordCount} records, {count} were found.")
            : new BatchVerdict(ErrorCode.None, null, hasNullKey);
    }

    private static BatchVerdict? JudgeHeader(in RecordBatch batch)
    {
        if (batch.BaseOffset != 0)
        {
            return Invalid($"The base offset is {batch.BaseOffset}; producers send 0.");
        }
        if (batch.RecordCount <= 0 || batch.LastOffsetDelta != batch.RecordCount - 1)
        {
            return Invalid($"{batch.RecordCount} records do not end at offset delta {batch.LastOffsetDelta}.");
        }
        if (batch.IsControl)
        {
            return Invalid("Clients cannot write control batches.");
        }
        if (batch.HasLogAppendTime)
        {
            return new BatchVerdict(ErrorCode.InvalidTimestamp, "Clients cannot set LogAppendTime.");
        }
        if (batch.Compression > CompressionCodec.Zstd)
        {
            return new BatchVerdict(ErrorCode.UnsupportedCompressionType, "The compression is not known.");
        }
        if (batch.ProducerId < 0)
        {
            return batch.IsTransactional ? Invalid("A transactional batch has no producer id.") : null;
        }
        return batch.ProducerEpoch < 0 || batch.BaseSequence < 0
            ? Invalid("A producer's batch has no epoch or no sequence.")
            : null;
    }

    private static BatchVerdict OldFormat(byte magic) => new(ErrorCode.UnsupportedForMessageFormat,
        $"Record format {magic} is not taken: use a client that writes format 2 (Kafka 0.11 and later).");

    private static BatchVerdict Corrupt(string message) => new(ErrorCode.CorruptMessage, message);

    private static BatchVerdict Invalid(string message) => new(ErrorCode.InvalidRecord, message);
}
