using System.Buffers.Binary;
using Alloc.Broker.Protocol;
using K4os.Compression.LZ4;
using K4os.Hash.xxHash;

namespace Alloc.Broker.Compression;

/// <summary>
/// lz4's frame format (LZ4 Frame Format Description 1.6), with everything that clients use of it: blocks of any size,
/// stored or compressed, alone or built on the ones before, content size, checksums of blocks and content.
/// </summary>
/// <remarks>
/// The header's checksum is the format's own. The wrong one of KAFKA-3160 stood in message formats 0 and 1 only, which
/// this broker does not take; in format 2 no consumer would read it. Written are independent blocks of 64 KiB without
/// checksums, the one shape that every client reads.
/// </remarks>
internal static class Lz4Frames
{
    private const uint Magic = 0x184D2204;
    private const int SmallestHeader = 7;
    private const int WrittenBlockBytes = 64 << 10;
    private const int DictionaryBytes = 64 << 10;
    private const uint StoredFlag = 0x8000_0000;

    /// <summary>Magic; version 1, independent blocks; blocks of 64 KiB; the checksum of these two bytes.</summary>
    private static ReadOnlySpan<byte> WrittenHeader => [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82];

    /// <inheritdoc cref="RecordCompression.Decompress"/>
    public static Decompression Decompress(ReadOnlySpan<byte> compressed, int limit, KafkaWriter target)
    {
        if (!Header.TryRead(ref compressed, out var header))
        {
            return Decompression.Corrupt;
        }
        if (header.ContentSize > (ulong)limit)
        {
            return Decompression.TooLarge;
        }
        while (true)
        {
            if (!TryReadUInt32(ref compressed, out var word))
            {
                return Decompression.Corrupt;
            }
            if (word == 0)
            {
                return End(compressed, header, target);
            }
            var size = word & ~StoredFlag;
            if (size > header.BlockBytes || size > compressed.Length)
            {
                return Decompression.Corrupt;
            }
            var block = compressed[..(int)size];
            compressed = compressed[(int)size..];
            if (header.HasBlockChecksums
                && (!TryReadUInt32(ref compressed, out var checksum) || checksum != XXH32.DigestOf(block)))
            {
                return Decompression.Corrupt;
            }
            var result = (word & StoredFlag) != 0
                ? Store(block, limit, target)
                : Decode(block, header, limit, target);
            if (result != Decompression.Ok)
            {
                return result;
            }
        }
    }

    /// <summary>Compresses at a level of 1 to 17; Kafka's 9 stands for the fast mode, the others for the slow
    /// one.</summary>
    public static void Compress(ReadOnlySpan<byte> records, int level, KafkaWriter target)
    {
        var lz4Level = level == TargetCompression.DefaultLz4Level
            ? LZ4Level.L00_FAST
            : (LZ4Level)Math.Clamp(level, (int)LZ4Level.L03_HC, (int)LZ4Level.L12_MAX);
        target.WriteRaw(WrittenHeader);
        while (!records.IsEmpty)
        {
            var block = records[..Math.Min(WrittenBlockBytes, records.Length)];
            records = records[block.Length..];
            var start = target.Length;
            var span = target.GetSpan(sizeof(uint) + LZ4Codec.MaximumOutputSize(block.Length));
            var count = LZ4Codec.Encode(block, span[sizeof(uint)..], lz4Level);
            if (count > 0 && count < block.Length)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)count);
            }
            else
            {
                count = block.Length;
                BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)count | StoredFlag);
                block.CopyTo(span[sizeof(uint)..]);
            }
            target.Truncate(start + sizeof(uint) + count);
        }
        target.WriteInt32(0);
    }

    private static Decompression Store(ReadOnlySpan<byte> block, int limit, KafkaWriter target)
    {
        if (block.Length > limit - target.Length)
        {
            return Decompression.TooLarge;
        }
        target.WriteRaw(block);
        return Decompression.Ok;
    }

    private static Decompression Decode(ReadOnlySpan<byte> block, in Header header, int limit, KafkaWriter target)
    {
        var length = target.Length;
        var room = Math.Min(header.BlockBytes, limit - length);
        var span = target.GetSpan(room);
        var dictionary = header.AreBlocksLinked
            ? target.WrittenSpan[Math.Max(0, length - DictionaryBytes)..length]
            : default;
        var count = dictionary.IsEmpty
            ? LZ4Codec.Decode(block, span)
            : LZ4Codec.Decode(block, span, dictionary);
        target.Truncate(length + Math.Max(0, count));
        return count >= 0 ? Decompression.Ok
            : room < header.BlockBytes ? Decompression.TooLarge
            : Decompression.Corrupt;
    }

    private static Decompression End(ReadOnlySpan<byte> rest, in Header header, KafkaWriter target)
    {
        if (header.HasContentChecksum
            && (!TryReadUInt32(ref rest, out var checksum) || checksum != XXH32.DigestOf(target.WrittenSpan)))
        {
            return Decompression.Corrupt;
        }
        return rest.IsEmpty && (header.ContentSize is null || header.ContentSize == (ulong)target.Length)
            ? Decompression.Ok
            : Decompression.Corrupt;
    }

    private static bool TryReadUInt32(ref ReadOnlySpan<byte> bytes, out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(bytes, out value))
        {
            return false;
        }
        bytes = bytes[sizeof(uint)..];
        return true;
    }

    /// <summary>A frame's descriptor.</summary>
    private readonly record struct Header(
        int BlockBytes, bool AreBlocksLinked, bool HasBlockChecksums, bool HasContentChecksum, ulong? ContentSize)
    {
        private const int VersionMask = 0xC0;
        private const int Version = 0x40;
        private const int IndependentFlag = 0x20;
        private const int BlockChecksumFlag = 0x10;
        private const int ContentSizeFlag = 0x08;
        private const int ContentChecksumFlag = 0x04;

        /// <summary>The reserved bit, and a dictionary that nobody here has.</summary>
        private const int RefusedFlags = 0x03;

        public static bool TryRead(ref ReadOnlySpan<byte> bytes, out Header header)
        {
            header = default;
            if (bytes.Length < SmallestHeader || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            {
                return false;
            }
            var (flags, blocks) = (bytes[4], bytes[5]);
            var sizeCode = (blocks >> 4) & 0x07;
            var hasContentSize = (flags & ContentSizeFlag) != 0;
            var end = SmallestHeader + (hasContentSize ? sizeof(ulong) : 0);
            if ((flags & VersionMask) != Version || (flags & RefusedFlags) != 0 || (blocks & 0x8F) != 0
                || sizeCode < 4 || bytes.Length < end
                || bytes[end - 1] != (byte)(XXH32.DigestOf(bytes[4..(end - 1)]) >> 8))
            {
                return false;
            }
            header = new Header(
                1 << (8 + (2 * sizeCode)), (flags & IndependentFlag) == 0, (flags & BlockChecksumFlag) != 0,
                (flags & ContentChecksumFlag) != 0,
                hasContentSize ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[6..]) : null);
            bytes = bytes[end..];
            return true;
        }
    }
}
