using System.Buffers.Binary;

namespace Alloc.Broker.Protocol;

/// <summary>
/// A view on the header of one record batch of format 2 (KIP-98; Kafka documentation, "Record Batch"). It reads and
/// patches bytes in place and owns nothing.
/// </summary>
/// <remarks>
/// The checksum covers everything from the attributes on, so the base offset and the leader epoch are patched freely;
/// who changes timestamps or attributes calls <see cref="Seal"/>.
/// </remarks>
internal readonly ref struct RecordBatch(Span<byte> bytes)
{
    /// <summary>Bytes before the first record.</summary>
    public const int HeaderSize = 61;

    /// <summary>Bytes of base offset and length, which the length field does not count.</summary>
    public const int LengthOverhead = 12;

    /// <summary>Bytes of a batch up to and with its magic.</summary>
    public const int MagicEnd = 17;

    /// <summary>First byte that the checksum covers.</summary>
    public const int ChecksummedFrom = 21;

    private const short CompressionMask = 0x07;
    private const short LogAppendTimeFlag = 0x08;
    private const short TransactionalFlag = 0x10;
    private const short ControlFlag = 0x20;

    private readonly Span<byte> bytes = bytes;

    public Span<byte> Bytes => bytes;

    /// <summary>Size of the whole batch in bytes, as its length field says.</summary>
    public int Size => LengthOverhead + BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);

    public long BaseOffset
    {
        get => BinaryPrimitives.ReadInt64BigEndian(bytes);
        set => BinaryPrimitives.WriteInt64BigEndian(bytes, value);
    }

    public int LeaderEpoch
    {
        get => BinaryPrimitives.ReadInt32BigEndian(bytes[12..]);
        set => BinaryPrimitives.WriteInt32BigEndian(bytes[12..], value);
    }

    public byte Magic => bytes[16];

    public uint Checksum => BinaryPrimitives.ReadUInt32BigEndian(bytes[17..]);

    public short Attributes
    {
        get => BinaryPrimitives.ReadInt16BigEndian(bytes[21..]);
        set => BinaryPrimitives.WriteInt16BigEndian(bytes[21..], value);
    }

    public int LastOffsetDelta
    {
        get => BinaryPrimitives.ReadInt32BigEndian(bytes[23..]);
        set => BinaryPrimitives.WriteInt32BigEndian(bytes[23..], value);
    }

    public long BaseTimestampMs
    {
        get => BinaryPrimitives.ReadInt64BigEndian(bytes[27..]);
        set => BinaryPrimitives.WriteInt64BigEndian(bytes[27..], value);
    }

    public long MaxTimestampMs
    {
        get => BinaryPrimitives.ReadInt64BigEndian(bytes[35..]);
        set => BinaryPrimitives.WriteInt64BigEndian(bytes[35..], value);
    }

    public long ProducerId
    {
        get => BinaryPrimitives.ReadInt64BigEndian(bytes[43..]);
        set => BinaryPrimitives.WriteInt64BigEndian(bytes[43..], value);
    }

    public short ProducerEpoch
    {
        get => BinaryPrimitives.ReadInt16BigEndian(bytes[51..]);
        set => BinaryPrimitives.WriteInt16BigEndian(bytes[51..], value);
    }

    public int BaseSequence
    {
        get => BinaryPrimitives.ReadInt32BigEndian(bytes[53..]);
        set => BinaryPrimitives.WriteInt32BigEndian(bytes[53..], value);
    }

    public int RecordCount
    {
        get => BinaryPrimitives.ReadInt32BigEndian(bytes[57..]);
        set => BinaryPrimitives.WriteInt32BigEndian(bytes[57..], value);
    }

    public long LastOffset => BaseOffset + LastOffsetDelta;

    public CompressionCodec Compression => (CompressionCodec)(Attributes & CompressionMask);

    public bool IsTransactional => (Attributes & TransactionalFlag) != 0;

    public bool IsControl => (Attributes & ControlFlag) != 0;

    public bool HasLogAppendTime => (Attributes & LogAppendTimeFlag) != 0;

    /// <summary>The records, compressed as <see cref="Compression"/> says.</summary>
    public Span<byte> Records => bytes[HeaderSize..Size];

    public bool HasValidChecksum => Crc32C.Compute(bytes[ChecksummedFrom..Size]) == Checksum;

    /// <summary>Gives all records the time at which they are appended (KIP-32) and computes the checksum
    /// again.</summary>
    public void StampLogAppendTime(long timestampMs)
    {
        Attributes |= LogAppendTimeFlag;
        MaxTimestampMs = timestampMs;
        Seal();
    }

    /// <summary>Computes the checksum again.</summary>
    public void Seal() =>
        BinaryPrimitives.WriteUInt32BigEndian(bytes[17..], Crc32C.Compute(bytes[ChecksummedFrom..Size]));

    /// <summary>Sets the length field so that the whole batch has <paramref name="size"/> bytes.</summary>
    public void SetSize(int size) => BinaryPrimitives.WriteInt32BigEndian(bytes[8..], size - LengthOverhead);

    /// <summary>Attributes of a batch that is not part of a transaction.</summary>
    public static short WithoutTransaction(short attributes) => (short)(attributes & ~TransactionalFlag);

    /// <summary>Attributes of a batch that is compressed otherwise.</summary>
    public static short WithCompression(short attributes, CompressionCodec codec) =>
        (short)((attributes & ~CompressionMask) | (int)codec);

    /// <summary>Attributes of a batch.</summary>
    public static short AttributesOf(
        bool isTransactional, bool isControl, CompressionCodec compression = CompressionCodec.None) =>
        (short)((int)compression | (isTransactional ? (int)TransactionalFlag : 0) | (isControl ? (int)ControlFlag : 0));
}

/// <summary>Compression of a batch's records, by its number in the attributes.</summary>
internal enum CompressionCodec
{
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}
