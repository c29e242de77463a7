using System.Buffers;
using Alloc.Broker.Protocol;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Alloc.Broker.Compression;

/// <summary>zstd (RFC 8878), any number of frames.</summary>
internal static class ZstdFrames
{
    private const int ChunkBytes = 128 << 10;

    /// <summary>The two values from which on zstd's content size is none: unknown, and no frame.</summary>
    private const ulong NoContentSize = ulong.MaxValue - 1;

    /// <inheritdoc cref="RecordCompression.Decompress"/>
    public static Decompression Decompress(ReadOnlySpan<byte> compressed, int limit, KafkaWriter target)
    {
        if (ContentSize(compressed) is { } size && size > (ulong)limit)
        {
            return Decompression.TooLarge;
        }
        try
        {
            using var decompressor = new Decompressor();
            var isFrameOpen = true;
            while (isFrameOpen || !compressed.IsEmpty)
            {
                var length = target.Length;
                var status = decompressor.UnwrapStream(
                    compressed, target.GetSpan(ChunkBytes), out var consumed, out var written);
                target.Truncate(length + written);
                compressed = compressed[consumed..];
                if (target.Length > limit)
                {
                    return Decompression.TooLarge;
                }
                if (status == OperationStatus.InvalidData
                    || (status == OperationStatus.NeedMoreData && compressed.IsEmpty)
                    || (consumed == 0 && written == 0 && status != OperationStatus.Done))
                {
                    return Decompression.Corrupt;
                }
                isFrameOpen = status != OperationStatus.Done;
            }
            return Decompression.Ok;
        }
        catch (ZstdException)
        {
            return Decompression.Corrupt;
        }
    }

    /// <summary>Compresses to one frame that tells its content's size.</summary>
    public static void Compress(ReadOnlySpan<byte> records, int level, KafkaWriter target)
    {
        using var compressor = new Compressor(level);
        var start = target.Length;
        var count = compressor.Wrap(records, target.GetSpan(checked((int)Compressor.GetCompressBoundLong(
            (ulong)records.Length))));
        target.Truncate(start + count);
    }

    private static unsafe ulong? ContentSize(ReadOnlySpan<byte> compressed)
    {
        fixed (byte* start = compressed)
        {
            var size = Methods.ZSTD_getFrameContentSize(start, (nuint)compressed.Length);
            return size < NoContentSize ? size : null;
        }
    }
}
