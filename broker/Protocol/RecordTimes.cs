using System.IO.Compression;

namespace Alloc.Broker.Protocol;

/// <summary>Finds records by time inside one batch.</summary>
internal static class RecordTimes
{
    private const int MaximumUncompressedBytes = 64 << 20;

    /// <summary>
    /// First record with an offset from <paramref name="startOffset"/> on and a time from
    /// <paramref name="timestampMs"/> on. The batch's first offset where its codec cannot be read here; null where no
    /// record matches.
    /// </summary>
    public static (long Offset, long TimestampMs)? First(in RecordBatch batch, long timestampMs, long startOffset)
    {
        if (batch.HasLogAppendTime)
        {
            return (Math.Max(batch.BaseOffset, startOffset), batch.MaxTimestampMs);
        }
        var records = batch.Compression switch
        {
            CompressionCodec.None => batch.Records,
            CompressionCodec.Gzip => Gunzip(batch.Records),
            _ => default,
        };
        if (records.IsEmpty)
        {
            return (Math.Max(batch.BaseOffset, startOffset), batch.MaxTimestampMs);
        }
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

    /// <summary>Decompresses gzip; empty where the bytes are no gzip or swell over 64 MiB.</summary>
    public static byte[] Gunzip(ReadOnlySpan<byte> compressed)
    {
        try
        {
            using var gzip = new GZipStream(new MemoryStream(compressed.ToArray()), CompressionMode.Decompress);
            using var target = new MemoryStream();
            var chunk = new byte[16 << 10];
            int count;
            while ((count = gzip.Read(chunk)) > 0)
            {
                if (target.Length + count > MaximumUncompressedBytes)
                {
                    return [];
                }
                target.Write(chunk, 0, count);
            }
            return target.ToArray();
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }
}
