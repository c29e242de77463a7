using System.Buffers.Binary;
using System.IO.Compression;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Compression;

/// <summary>gzip (RFC 1952), one member, as all clients write it; several in a row are refused as corrupt.</summary>
internal static class GzipFrames
{
    private const int SmallestMember = 18;
    private const int ChunkBytes = 32 << 10;
    private const int ZlibDefaultLevel = 6;

    /// <inheritdoc cref="RecordCompression.Decompress"/>
    public static unsafe Decompression Decompress(ReadOnlySpan<byte> compressed, int limit, KafkaWriter target)
    {
        if (compressed.Length < SmallestMember)
        {
            return Decompression.Corrupt;
        }
        fixed (byte* start = compressed)
        {
            try
            {
                using var source = new UnmanagedMemoryStream(start, compressed.Length);
                using var gzip = new GZipStream(source, CompressionMode.Decompress);
                while (true)
                {
                    var length = target.Length;
                    var count = gzip.Read(target.GetSpan(ChunkBytes));
                    target.Truncate(length + count);
                    if (target.Length > limit)
                    {
                        return Decompression.TooLarge;
                    }
                    if (count == 0)
                    {
                        // .NET takes a member that ends early for a whole one: the size at its end tells.
                        return BinaryPrimitives.ReadUInt32LittleEndian(compressed[^sizeof(uint)..])
                            == (uint)target.Length
                                ? Decompression.Ok
                                : Decompression.Corrupt;
                    }
                }
            }
            catch (InvalidDataException)
            {
                return Decompression.Corrupt;
            }
        }
    }

    /// <summary>Compresses at a level of 1 to 9; -1 takes zlib's own.</summary>
    public static void Compress(ReadOnlySpan<byte> records, int level, KafkaWriter target)
    {
        using var compressed = new MemoryStream();
        var options = new ZLibCompressionOptions
        {
            CompressionLevel = level == TargetCompression.DefaultGzipLevel ? ZlibDefaultLevel : level,
        };
        using (var gzip = new GZipStream(compressed, options, leaveOpen: true))
        {
            gzip.Write(records);
        }
        target.WriteRaw(compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
    }
}
