namespace Alloc.Broker.Protocol;

/// <summary>What a batch turned out to be.</summary>
/// <param name="Error">None if it can be appended.</param>
/// <param name="Message">Explains the error.</param>
/// <param name="HasNullKey">Whether a record without a key was seen; compressed records are not looked into.</param>
internal readonly record struct BatchVerdict(ErrorCode Error, string? Message, bool HasNullKey);

/// <summary>
/// Checks a client's batch before it comes near a log: length, magic, checksum, counts, offsets, attributes. Pure, so
/// it runs on the connection's side.
/// </summary>
internal static class RecordBatchValidator
{
    /// <summary>Judges the records of one partition in a Produce request: exactly one batch of format 2.</summary>
    public static BatchVerdict Check(Span<byte> bytes)
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
        return CheckHeader(batch) ?? CheckRecords(batch);
    }

    private static BatchVerdict? CheckHeader(in RecordBatch batch)
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
            return new BatchVerdict(ErrorCode.InvalidTimestamp, "Clients cannot set LogAppendTime.", false);
        }
        if (batch.Compression > CompressionCodec.Zstd)
        {
            return new BatchVerdict(ErrorCode.UnsupportedCompressionType, "The compression is not known.", false);
        }
        if (batch.ProducerId < 0)
        {
            return batch.IsTransactional ? Invalid("A transactional batch has no producer id.") : null;
        }
        return batch.ProducerEpoch < 0 || batch.BaseSequence < 0
            ? Invalid("A producer's batch has no epoch or no sequence.")
            : null;
    }

    private static BatchVerdict CheckRecords(in RecordBatch batch)
    {
        if (batch.Compression != CompressionCodec.None)
        {
            return default;
        }
        var cursor = new RecordCursor(batch.Records);
        var count = 0;
        var hasNullKey = false;
        while (cursor.MoveNext())
        {
            if (cursor.OffsetDelta != count)
            {
                return Invalid($"Record {count} has offset delta {cursor.OffsetDelta}.");
            }
            hasNullKey |= cursor.IsKeyNull;
            count++;
        }
        return cursor.IsCorrupt || count != batch.RecordCount
            ? Invalid($"The batch claims {batch.RecordCount} records, {count} were found.")
            : new BatchVerdict(ErrorCode.None, null, hasNullKey);
    }

    private static BatchVerdict OldFormat(byte magic) => new(ErrorCode.UnsupportedForMessageFormat,
        $"Record format {magic} is not taken: use a client that writes format 2 (Kafka 0.11 and later).", false);

    private static BatchVerdict Corrupt(string message) => new(ErrorCode.CorruptMessage, message, false);

    private static BatchVerdict Invalid(string message) => new(ErrorCode.InvalidRecord, message, false);
}
