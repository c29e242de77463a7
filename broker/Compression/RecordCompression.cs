using Alloc.Broker.Protocol;

namespace Alloc.Broker.Compression;

/// <summary>How an attempt to open compressed records ended.</summary>
internal enum Decompression
{
    /// <summary>All of it is there.</summary>
    Ok,

    /// <summary>The bytes are not what the codec writes.</summary>
    Corrupt,

    /// <summary>More would come out than was allowed.</summary>
    TooLarge,

    /// <summary>No codec has this number.</summary>
    UnknownCodec,
}

/// <summary>
/// The one place that opens and closes compressed records: gzip, snappy (raw and framed as Java clients do), lz4
/// frames, zstd. Whatever the bytes are, nothing is thrown, and no more is allocated than a limit allows.
/// </summary>
internal static class RecordCompression
{
    /// <summary>How many times <c>max.message.bytes</c> a batch may be once it is opened.</summary>
    public const int ExpansionFactor = 64;

    /// <summary>What no opened batch exceeds, whatever the topic allows: 256 MiB.</summary>
    public const int Ceiling = 256 << 20;

    private const int SmallestMessageLimit = 1 << 20;

    /// <summary>
    /// Bytes that a batch may have once it is opened: <see cref="ExpansionFactor"/> times
    /// <paramref name="maxMessageBytes"/> (counted as 1 MiB where it is less), at most <see cref="Ceiling"/>.
    /// </summary>
    public static int LimitFor(int maxMessageBytes) =>
        (int)Math.Min((long)Math.Max(maxMessageBytes, SmallestMessageLimit) * ExpansionFactor, Ceiling);

    /// <summary>Opens compressed records into <paramref name="target"/>, which is emptied before. After anything but
    /// <see cref="Decompression.Ok"/> it is empty again.</summary>
    /// <param name="codec">How the bytes are compressed; for none they are copied.</param>
    /// <param name="compressed">The bytes; trusted in nothing.</param>
    /// <param name="limit">Bytes that may come out.</param>
    /// <param name="target">Takes what comes out.</param>
    public static Decompression Decompress(
        CompressionCodec codec, ReadOnlySpan<byte> compressed, int limit, KafkaWriter target)
    {
        target.Clear();
        var result = codec switch
        {
            CompressionCodec.None => Copy(compressed, limit, target),
            CompressionCodec.Gzip => GzipFrames.Decompress(compressed, limit, target),
            CompressionCodec.Snappy => SnappyFrames.Decompress(compressed, limit, target),
            CompressionCodec.Lz4 => Lz4Frames.Decompress(compressed, limit, target),
            CompressionCodec.Zstd => ZstdFrames.Decompress(compressed, limit, target),
            _ => Decompression.UnknownCodec,
        };
        if (result != Decompression.Ok)
        {
            target.Clear();
        }
        return result;
    }

    /// <summary>Appends <paramref name="records"/> to <paramref name="target"/>, compressed.</summary>
    public static void Compress(TargetCompression compression, ReadOnlySpan<byte> records, KafkaWriter target)
    {
        switch (compression.Codec)
        {
            case CompressionCodec.None:
                target.WriteRaw(records);
                break;
            case CompressionCodec.Gzip:
                GzipFrames.Compress(records, compression.Level, target);
                break;
            case CompressionCodec.Snappy:
                SnappyFrames.Compress(records, target);
                break;
            case CompressionCodec.Lz4:
                Lz4Frames.Compress(records, compression.Level, target);
                break;
            case CompressionCodec.Zstd:
                ZstdFrames.Compress(records, compression.Level, target);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(compression), compression.Codec, "no such codec");
        }
    }

    private static Decompression Copy(ReadOnlySpan<byte> bytes, int limit, KafkaWriter target)
    {
        if (bytes.Length > limit)
        {
            return Decompression.TooLarge;
        }
        target.WriteRaw(bytes);
        return Decompression.Ok;
    }
}

/// <summary>A codec to compress with, and how hard it tries (ranges as in Kafka's
/// <c>compression.gzip|lz4|zstd.level</c>).</summary>
internal readonly record struct TargetCompression(CompressionCodec Codec, int Level)
{
    /// <summary>Level at which gzip chooses itself.</summary>
    public const int DefaultGzipLevel = -1;

    /// <summary>Level that stands for lz4's fast mode, as in Kafka.</summary>
    public const int DefaultLz4Level = 9;

    /// <summary>zstd's usual level.</summary>
    public const int DefaultZstdLevel = 3;

    /// <summary>A codec at its default level.</summary>
    public static TargetCompression Of(CompressionCodec codec) => new(codec, codec switch
    {
        CompressionCodec.Gzip => DefaultGzipLevel,
        CompressionCodec.Lz4 => DefaultLz4Level,
        CompressionCodec.Zstd => DefaultZstdLevel,
        _ => 0,
    });
}
