using System.Buffers.Binary;
using Alloc.Broker.Protocol;
using Snappier;

namespace Alloc.Broker.Compression;

/// <summary>
/// snappy in both forms that clients write: one raw block (librdkafka), and snappy-java's stream, a header and blocks
/// with their lengths (Java clients, kafka-python, and this broker).
/// </summary>
internal static class SnappyFrames
{
    private const int StreamBlockBytes = 32 << 10;
    private const int VersionsSize = 8;
    private const int StreamVersion = 1;

    /// <summary>No element of snappy's format makes more than 64 bytes out of two: a length that claims more is a
    /// lie, and nothing is allocated for it.</summary>
    private const int LargestRatio = 64;

    private static ReadOnlySpan<byte> StreamMagic => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P',
        (byte)'Y', 0];

    /// <inheritdoc cref="RecordCompression.Decompress"/>
    public static Decompression Decompress(ReadOnlySpan<byte> compressed, int limit, KafkaWriter target)
    {
        try
        {
            return compressed.StartsWith(StreamMagic)
                ? DecompressStream(compressed, limit, target)
                : DecompressBlock(compressed, limit, target);
        }
        catch (InvalidDataException)
        {
            return Decompression.Corrupt;
        }
    }

    /// <summary>Compresses as snappy-java's stream, which every client reads.</summary>
    public static void Compress(ReadOnlySpan<byte> records, KafkaWriter target)
    {
        target.WriteRaw(StreamMagic);
        target.WriteInt32(StreamVersion);
        target.WriteInt32(StreamVersion);
        while (!records.IsEmpty)
        {
            var block = records[..Math.Min(StreamBlockBytes, records.Length)];
            records = records[block.Length..];
            var start = target.Length;
            target.WriteInt32(0);
            var count = Snappy.Compress(block, target.GetSpan(Snappy.GetMaxCompressedLength(block.Length)));
            target.Truncate(start + sizeof(int) + count);
            BinaryPrimitives.WriteInt32BigEndian(target.WrittenSpan[start..], count);
        }
    }

    private static Decompression DecompressStream(ReadOnlySpan<byte> compressed, int limit, KafkaWriter target)
    {
        var rest = compressed;
        while (!rest.IsEmpty)
        {
            // Streams that were written one after the other have a header each.
            if (rest.StartsWith(StreamMagic))
            {
                if (rest.Length < StreamMagic.Length + VersionsSize)
                {
                    return Decompression.Corrupt;
                }
                rest = rest[(StreamMagic.Length + VersionsSize)..];
                continue;
            }
            if (rest.Length < sizeof(int))
            {
                return Decompression.Corrupt;
            }
            var size = BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[sizeof(int)..];
            if (size <= 0 || size > rest.Length)
            {
                return Decompression.Corrupt;
            }
            var result = DecompressBlock(rest[..size], limit, target);
            if (result != Decompression.Ok)
            {
                return result;
            }
            rest = rest[size..];
        }
        return Decompression.Ok;
    }

    private static Decompression DecompressBlock(ReadOnlySpan<byte> block, int limit, KafkaWriter target)
    {
        var size = Snappy.GetUncompressedLength(block);
        if (size < 0 || size > (long)block.Length * LargestRatio)
        {
            return Decompression.Corrupt;
        }
        if (size > limit - target.Length)
        {
            return Decompression.TooLarge;
        }
        return Snappy.TryDecompress(block, target.GetSpan(size), out var written) && written == size
            ? Decompression.Ok
            : Decompression.Corrupt;
    }
}
