using System.Buffers.Binary;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>
/// What a partition knew at some position of its active segment, all of it on stable storage before the file was
/// written: recovery goes on from there instead of reading the whole log.
/// </summary>
internal sealed class CheckpointFile
{
    private const string FileName = "checkpoint";
    private const int Signature = 0x414C_4350;
    private const short FormatVersion = 1;

    /// <summary>Lowest readable offset.</summary>
    public required long StartOffset { get; init; }

    /// <summary>The log's end.</summary>
    public required long HighWatermark { get; init; }

    /// <summary>The active segment.</summary>
    public required long SegmentBaseOffset { get; init; }

    /// <summary>What the active segment held.</summary>
    public required SegmentContents Contents { get; init; }

    public required List<ProducerState> Producers { get; init; }

    public required List<AbortedTransaction> Aborted { get; init; }

    public static string PathIn(string directory) => Path.Combine(directory, FileName);

    /// <summary>Reads a partition's checkpoint; null if there is none or it cannot be trusted.</summary>
    public static CheckpointFile? Read(string directory)
    {
        var path = PathIn(directory);
        return File.Exists(path) && SealedBytes.TryOpen(File.ReadAllBytes(path), Signature, FormatVersion, out var body)
            ? Decode(body)
            : null;
    }

    /// <summary>The file's bytes for a log as it is now.</summary>
    public static byte[] Encode(PartitionLog log)
    {
        using var writer = new KafkaWriter(4096);
        SealedBytes.Begin(writer, Signature, FormatVersion);
        writer.WriteInt64(log.StartOffset);
        writer.WriteInt64(log.HighWatermark);
        writer.WriteInt64(log.Segments[^1].BaseOffset);
        log.Segments[^1].Contents.Write(writer);
        writer.WriteInt32(log.Producers.All.Count);
        foreach (var producer in log.Producers.All)
        {
            Write(writer, producer);
        }
        writer.WriteInt32(log.Producers.Aborted.All.Count);
        foreach (var entry in log.Producers.Aborted.All)
        {
            writer.WriteInt64(entry.ProducerId);
            writer.WriteInt64(entry.FirstOffset);
            writer.WriteInt64(entry.LastOffset);
        }
        return SealedBytes.End(writer);
    }

    private static CheckpointFile Decode(ReadOnlyMemory<byte> body)
    {
        var reader = new KafkaReader(body, 0, isFlexible: false);
        return new CheckpointFile
        {
            StartOffset = reader.ReadInt64(),
            HighWatermark = reader.ReadInt64(),
            SegmentBaseOffset = reader.ReadInt64(),
            Contents = SegmentContents.Read(ref reader),
            Producers = ReadProducers(ref reader),
            Aborted = ReadAborted(ref reader),
        };
    }

    private static void Write(KafkaWriter writer, ProducerState producer)
    {
        writer.WriteInt64(producer.ProducerId);
        writer.WriteInt16(producer.Epoch);
        writer.WriteInt32(producer.CoordinatorEpoch);
        writer.WriteInt64(producer.LastTimestampMs);
        writer.WriteInt64(producer.TransactionStartOffset);
        writer.WriteInt32(producer.LastSequence);
        writer.WriteInt32(producer.Batches.Count);
        foreach (var batch in producer.Batches)
        {
            writer.WriteInt32(batch.BaseSequence);
            writer.WriteInt32(batch.LastSequence);
            writer.WriteInt64(batch.BaseOffset);
            writer.WriteInt64(batch.TimestampMs);
        }
    }

    private static List<ProducerState> ReadProducers(ref KafkaReader reader)
    {
        var producers = new List<ProducerState>(reader.ReadArrayLength(38));
        for (var left = producers.Capacity; left > 0; left--)
        {
            var producer = new ProducerState(reader.ReadInt64())
            {
                Epoch = reader.ReadInt16(),
                CoordinatorEpoch = reader.ReadInt32(),
                LastTimestampMs = reader.ReadInt64(),
                TransactionStartOffset = reader.ReadInt64(),
                LastSequence = reader.ReadInt32(),
            };
            for (var batches = reader.ReadArrayLength(24); batches > 0; batches--)
            {
                producer.Batches.Enqueue(
                    new ProducedBatch(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64()));
            }
            producers.Add(producer);
        }
        return producers;
    }

    private static List<AbortedTransaction> ReadAborted(ref KafkaReader reader)
    {
        var aborted = new List<AbortedTransaction>(reader.ReadArrayLength(24));
        for (var left = aborted.Capacity; left > 0; left--)
        {
            aborted.Add(new AbortedTransaction(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()));
        }
        return aborted;
    }
}

/// <summary>Frames the small binary files: signature, format version, body, CRC-32C over all of it.</summary>
internal static class SealedBytes
{
    private const int HeaderSize = 6;
    private const int ChecksumSize = 4;

    public static void Begin(KafkaWriter writer, int signature, short formatVersion)
    {
        writer.WriteInt32(signature);
        writer.WriteInt16(formatVersion);
    }

    public static byte[] End(KafkaWriter writer)
    {
        writer.WriteInt32((int)Crc32C.Compute(writer.WrittenSpan));
        return writer.Written.ToArray();
    }

    /// <summary>False where the bytes are not whole, of another kind or of another format.</summary>
    public static bool TryOpen(byte[] bytes, int signature, short formatVersion, out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (bytes.Length < HeaderSize + ChecksumSize || BinaryPrimitives.ReadInt32BigEndian(bytes) != signature
            || BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(4)) != formatVersion
            || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(bytes.Length - ChecksumSize))
                != Crc32C.Compute(bytes.AsSpan(0, bytes.Length - ChecksumSize)))
        {
            return false;
        }
        body = bytes.AsMemory(HeaderSize, bytes.Length - HeaderSize - ChecksumSize);
        return true;
    }
}
