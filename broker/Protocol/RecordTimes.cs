using Alloc.Broker.Compression;

namespace Alloc.Broker.Protocol;

/// <summary>Finds records by time inside one batch.</summary>
internal static class RecordTimes
{
    /// <summary>
    /// First record with an offset from <paramref name="startOffset"/> on and a time from
    /// <paramref name="timestampMs"/> on. The batch's first offset where it cannot be read; null where no record
    /// matches.
    /// </summary>
    public static (long Offset, long TimestampMs)? First(in RecordBatch batch, long timestampMs, long startOffset)
    {
        if (batch.HasLogAppendTime)
        {
            return (Math.Max(batch.BaseOffset, startOffset), batch.MaxTimestampMs);
        }
        if (batch.Compression == CompressionCodec.None)
        {
            return First(batch, batch.Records, timestampMs, startOffset);
        }
        using var opened = new KafkaWriter(batch.Size);
        return RecordCompression.Decompress(batch.Compression, batch.Records, RecordCompression.Ceiling, opened)
            == Decompression.Ok
            ? First(batch, opened.WrittenSpan, timestampMs, startOffset)
            : (Math.Max(batch.BaseOffset, startOffset), batch.MaxTimestampMs);
    }

    private static (long Offset, long TimestampMs)? First(
        in RecordBatch batch, ReadOnlySpan<byte> records, long timestampMs, long startOffset)
    {
        var cursor = new RecordCursor(records);
        while (cursor.MoveNext())
        {
            var time = batch.BaseTimestampMs + cursor.TimestampDelta;
            if (time >= timestampMs && batch.BaseOffset + cursor.OffsetDelta >= startOffset)
            {
                return (batch.BaseOffset + cursor.OffsetDelta, time);
            }
        }
        return null;
    }
}
