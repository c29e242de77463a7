using System.Buffers.Binary;
using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;
using K4os.Compression.LZ4;
using K4os.Compression.LZ4.Encoders;
using K4os.Hash.xxHash;

namespace Broker.Tests.Compression;

/// <summary>Every codec there and back, and whatever else the bytes may be.</summary>
public sealed class RecordCompressionTests
{
    private const int Limit = 1 << 20;

    public static TheoryData<int> Codecs =>
    [
        (int)CompressionCodec.Gzip, (int)CompressionCodec.Snappy, (int)CompressionCodec.Lz4, (int)CompressionCodec.Zstd,
    ];

    public static TheoryData<int, int> CodecsAndLevels => new()
    {
        { (int)CompressionCodec.Gzip, 1 },
        { (int)CompressionCodec.Gzip, 9 },
        { (int)CompressionCodec.Lz4, 1 },
        { (int)CompressionCodec.Lz4, 17 },
        { (int)CompressionCodec.Zstd, -5 },
        { (int)CompressionCodec.Zstd, 22 },
    };

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Bytes_of_any_size_and_kind_come_back(int codec)
    {
        foreach (var size in (int[])[1, 100, 32_767, 65_536, 65_537, 300_000])
        {
            foreach (var bytes in new[] { new byte[size], Noise(size), Mixed(size) })
            {
                Assert.Equal(bytes, Open((CompressionCodec)codec, Compress((CompressionCodec)codec, bytes)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(CodecsAndLevels))]
    public void Levels_change_the_size_and_not_the_content(int codec, int level)
    {
        using var writer = new KafkaWriter();
        var bytes = Mixed(200_000);

        RecordCompression.Compress(new((CompressionCodec)codec, level), bytes, writer);

        Assert.Equal(bytes, Open((CompressionCodec)codec, writer.Written.ToArray()));
        Assert.InRange(writer.Length, 1, bytes.Length);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void What_would_grow_over_the_limit_is_given_up(int codec)
    {
        var compressed = Compress((CompressionCodec)codec, new byte[Limit + 1]);
        using var target = new KafkaWriter();

        var result = RecordCompression.Decompress((CompressionCodec)codec, compressed, Limit, target);
        var exact = RecordCompression.Decompress((CompressionCodec)codec, compressed, Limit + 1, target);

        Assert.Equal((Decompression.TooLarge, Decompression.Ok), (result, exact));
        Assert.Equal(Limit + 1, target.Length);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Bomb_takes_no_memory(int codec)
    {
        var bomb = Compress((CompressionCodec)codec, new byte[100 << 20]);
        using var target = new KafkaWriter();
        var before = GC.GetAllocatedBytesForCurrentThread();

        var result = RecordCompression.Decompress((CompressionCodec)codec, bomb, Limit, target);

        Assert.Equal((Decompression.TooLarge, 0), (result, target.Length));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * Limit);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Cut_short_anywhere_it_is_corrupt_or_shorter(int codec)
    {
        var bytes = Mixed(3_000);
        var compressed = Compress((CompressionCodec)codec, bytes);
        using var target = new KafkaWriter();

        for (var size = 0; size < compressed.Length; size++)
        {
            var result = RecordCompression.Decompress(
                (CompressionCodec)codec, compressed.AsSpan(0, size), Limit, target);

            Assert.True(result is Decompression.Corrupt or Decompression.Ok, $"{result} at {size}");
            Assert.InRange(target.Length, 0, result == Decompression.Ok ? bytes.Length : 0);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Whatever_the_bytes_are_nothing_is_thrown_and_the_limit_holds(int codec)
    {
        var random = new Random(codec);
        using var target = new KafkaWriter();
        var good = Compress((CompressionCodec)codec, Mixed(20_000));
        for (var round = 0; round < 3_000; round++)
        {
            byte[] bytes = [.. good];
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                // The first bytes say how the rest is to be read.
                bytes[random.Next(random.Next(2) == 0 ? 24 : bytes.Length)] = (byte)random.Next(256);
            }

            var result = RecordCompression.Decompress(
                (CompressionCodec)codec, bytes.AsSpan(0, random.Next(bytes.Length + 1)), Limit, target);

            Assert.InRange(target.Length, 0, result == Decompression.Ok ? Limit : 0);
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Codec_that_does_not_exist_is_told_apart(int codec)
    {
        using var target = new KafkaWriter();

        Assert.Equal(Decompression.UnknownCodec,
            RecordCompression.Decompress((CompressionCodec)codec, new byte[10], Limit, target));
    }

    [Fact]
    public void Limit_is_a_multiple_of_the_topics_and_has_a_ceiling()
    {
        Assert.Equal(64 << 20, RecordCompression.LimitFor(1000));
        Assert.Equal(64 * 1_048_588, RecordCompression.LimitFor(1_048_588));
        Assert.Equal(256 << 20, RecordCompression.LimitFor(100 << 20));
        Assert.Equal(256 << 20, RecordCompression.LimitFor(int.MaxValue));
    }

    [Fact]
    public void Snappy_is_read_raw_and_as_several_streams()
    {
        var bytes = Mixed(50_000);
        byte[] streams = [.. Compress(CompressionCodec.Snappy, bytes), .. Compress(CompressionCodec.Snappy, bytes)];

        Assert.Equal(bytes, Open(CompressionCodec.Snappy, Snappier.Snappy.CompressToArray(bytes)));
        Assert.Equal([.. bytes, .. bytes], Open(CompressionCodec.Snappy, streams));
    }

    [Fact]
    public void Snappy_length_that_lies_allocates_nothing()
    {
        // The varint says 1 GiB, one literal of one byte follows.
        byte[] liar = [0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 0x41];
        using var target = new KafkaWriter();

        Assert.Equal(Decompression.Corrupt,
            RecordCompression.Decompress(CompressionCodec.Snappy, liar, int.MaxValue, target));
    }

    [Theory]
    [InlineData(0x60, 0x40)]
    [InlineData(0x60, 0x70)]
    [InlineData(0x68, 0x40)]
    [InlineData(0x70, 0x40)]
    [InlineData(0x64, 0x40)]
    [InlineData(0x7C, 0x50)]
    [InlineData(0x40, 0x40)]
    [InlineData(0x5C, 0x40)]
    public void Lz4_is_read_in_every_shape_that_clients_write(int flags, int blocks)
    {
        var bytes = Mixed(200_000);

        Assert.Equal(bytes, Open(CompressionCodec.Lz4, Lz4Frame((byte)flags, (byte)blocks, bytes)));
    }

    [Theory]
    [InlineData("magic")]
    [InlineData("version")]
    [InlineData("reserved flag")]
    [InlineData("dictionary")]
    [InlineData("block size")]
    [InlineData("header checksum")]
    [InlineData("content size")]
    [InlineData("block checksum")]
    [InlineData("content checksum")]
    [InlineData("no end mark")]
    [InlineData("more after the end")]
    [InlineData("block over its size")]
    public void Lz4_frame_that_is_wrong_is_corrupt(string flaw)
    {
        using var target = new KafkaWriter();

        Assert.Equal(Decompression.Corrupt,
            RecordCompression.Decompress(CompressionCodec.Lz4, Break(flaw), Limit, target));
    }

    private static byte[] Break(string flaw)
    {
        var bytes = Mixed(1_000);
        byte[] Changed(byte flags, Action<byte[]> change, bool seal = false)
        {
            var frame = Lz4Frame(flags, 0x40, bytes);
            change(frame);
            if (seal)
            {
                frame[6] = (byte)(XXH32.DigestOf(frame.AsSpan(4, 2)) >> 8);
            }
            return frame;
        }

        return flaw switch
        {
            "magic" => Changed(0x60, f => f[0] ^= 1),
            "version" => Changed(0x60, f => f[4] = 0xA0, seal: true),
            "reserved flag" => Changed(0x60, f => f[4] |= 2, seal: true),
            "dictionary" => Changed(0x60, f => f[4] |= 1, seal: true),
            "block size" => Changed(0x60, f => f[5] = 0x30, seal: true),
            "header checksum" => Changed(0x60, f => f[6] ^= 1),
            "content size" => Lz4Frame(0x68, 0x40, bytes, contentSize: bytes.Length - 1),
            "block checksum" => Changed(0x70, f => f[^5] ^= 1),
            "content checksum" => Changed(0x64, f => f[^1] ^= 1),
            "no end mark" => Changed(0x60, _ => { })[..^4],
            "more after the end" => [.. Changed(0x60, _ => { }), 0],
            "block over its size" => Changed(0x60, f => BinaryPrimitives.WriteUInt32LittleEndian(
                f.AsSpan(7), 0x8000_0000 | (65 << 10))),
            _ => throw new ArgumentOutOfRangeException(nameof(flaw)),
        };
    }

    /// <summary>A frame as the format describes it, with the parts that its flags name.</summary>
    private static byte[] Lz4Frame(byte flags, byte blocks, byte[] bytes, int? contentSize = null)
    {
        using var writer = new KafkaWriter();
        void Little(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(4), value);

        Little(0x184D2204);
        var start = writer.Length;
        writer.WriteRaw([flags, blocks]);
        if ((flags & 0x08) != 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), contentSize ?? bytes.Length);
        }
        writer.WriteRaw([(byte)(XXH32.DigestOf(writer.WrittenSpan[start..]) >> 8)]);
        var blockBytes = 1 << (8 + (2 * (blocks >> 4)));
        using var encoder = LZ4Encoder.Create(chaining: (flags & 0x20) == 0, LZ4Level.L00_FAST, blockBytes);
        for (var position = 0; position < bytes.Length; position += blockBytes)
        {
            var encoded = new byte[LZ4Codec.MaximumOutputSize(blockBytes)];
            encoder.Topup(bytes, position, Math.Min(blockBytes, bytes.Length - position));
            var count = encoder.Encode(encoded, 0, encoded.Length, allowCopy: true);
            var isStored = count < 0;
            var block = encoded.AsSpan(0, Math.Abs(count));
            Little((uint)block.Length | (isStored ? 0x8000_0000 : 0));
            writer.WriteRaw(block);
            if ((flags & 0x10) != 0)
            {
                Little(XXH32.DigestOf(block));
            }
        }
        Little(0);
        if ((flags & 0x04) != 0)
        {
            Little(XXH32.DigestOf(bytes));
        }
        return writer.Written.ToArray();
    }

    private static byte[] Compress(CompressionCodec codec, byte[] bytes)
    {
        using var writer = new KafkaWriter();
        RecordCompression.Compress(TargetCompression.Of(codec), bytes, writer);
        return writer.Written.ToArray();
    }

    private static byte[] Open(CompressionCodec codec, byte[] compressed)
    {
        using var target = new KafkaWriter();
        Assert.Equal(Decompression.Ok, RecordCompression.Decompress(codec, compressed, 64 << 20, target));
        return target.Written.ToArray();
    }

    private static byte[] Noise(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Noise and repetition in turns, as records are.</summary>
    private static byte[] Mixed(int size)
    {
        var bytes = Noise(size);
        for (var position = 0; position + 64 < size; position += 128)
        {
            bytes.AsSpan(position, 64).Fill((byte)(position / 128));
        }
        return bytes;
    }
}
