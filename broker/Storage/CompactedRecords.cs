using System.Buffers.Binary;
using System.Security.Cryptography;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>How compaction looks into batches.</summary>
internal static class CompactedRecords
{
    /// <summary>The records of a batch, uncompressed; false where its codec cannot be read here.</summary>
    public static bool TryOpen(RecordBatch batch, out ReadOnlySpan<byte> records)
    {
        records = batch.Compression switch
        {
            CompressionCodec.None => batch.Records,
            CompressionCodec.Gzip => RecordTimes.Gunzip(batch.Records),
            _ => default,
        };
        return batch.RecordCount == 0 || !records.IsEmpty;
    }

    /// <summary>128 bits of SHA-256: keys that share them do not happen.</summary>
    public static UInt128 HashOf(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
