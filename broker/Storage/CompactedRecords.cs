using System.Buffers.Binary;
using System.Security.Cryptography;
using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>How compaction looks into batches.</summary>
internal static class CompactedRecords
{
    /// <summary>
    /// The records of a batch, opened; false where not all of them can be read: an unknown codec, damage, more than
    /// <see cref="RecordCompression.Ceiling"/>. A batch that reads in part counts as one that does not.
    /// </summary>
    /// <param name="batch">A stored batch.</param>
    /// <param name="scratch">Holds the records of a compressed batch until it is used again.</param>
    /// <param name="records">As many whole records as the batch claims.</param>
    public static bool TryOpen(RecordBatch batch, KafkaWriter scratch, out ReadOnlySpan<byte> records)
    {
        records = batch.Records;
        if (batch.RecordCount == 0)
        {
            records = default;
            return true;
        }
        if (batch.Compression != CompressionCodec.None)
        {
            if (RecordCompression.Decompress(batch.Compression, batch.Records, RecordCompression.Ceiling, scratch)
                != Decompression.Ok)
            {
                return false;
            }
            records = scratch.WrittenSpan;
        }
        var cursor = new RecordCursor(records);
        var count = 0;
        while (cursor.MoveNext())
        {
            count++;
        }
        return !cursor.IsCorrupt && count == batch.RecordCount;
    }

    /// <summary>128 bits of SHA-256: keys that share them do not happen.</summary>
    public static UInt128 HashOf(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
