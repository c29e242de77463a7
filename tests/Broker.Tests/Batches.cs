using System.Text;
using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>Makes record batches as a client would.</summary>
internal static class Batches
{
    /// <summary>A batch of records k0=v0, k1=v1, …</summary>
    public static byte[] Of(
        int count, long producerId = -1, short epoch = -1, int sequence = -1, bool isTransactional = false,
        long timestampMs = 1_000, Func<int, string>? key = null, int valueSize = 0)
    {
        using var writer = new KafkaWriter();
        writer.GetSpan(RecordBatch.HeaderSize).Clear();
        for (var index = 0; index < count; index++)
        {
            var value = valueSize > 0 ? new byte[valueSize] : Encoding.UTF8.GetBytes($"v{index}");
            RecordBatchBuilder.WriteRecord(
                writer, index, 0, Encoding.UTF8.GetBytes(key?.Invoke(index) ?? $"k{index}"), false,
                value, false, []);
        }
        var batch = new RecordBatch(writer.WrittenSpan)
        {
            Attributes = RecordBatch.AttributesOf(isTransactional, isControl: false),
            LastOffsetDelta = count - 1,
            BaseTimestampMs = timestampMs,
            MaxTimestampMs = timestampMs,
            ProducerId = producerId,
            ProducerEpoch = epoch,
            BaseSequence = sequence,
            RecordCount = count,
        };
        batch.SetSize(writer.Length);
        writer.WrittenSpan[16] = 2;
        batch.Seal();
        return writer.Written.ToArray();
    }

    /// <summary>Changes a batch; seals it again unless told not to.</summary>
    public static byte[] Changed(byte[] bytes, Action<byte[]> change, bool seal = true)
    {
        change(bytes);
        if (seal)
        {
            new RecordBatch(bytes).Seal();
        }
        return bytes;
    }

    /// <summary>The batch with its records compressed; the rest stays.</summary>
    public static byte[] Compressed(byte[] batch, CompressionCodec codec)
    {
        using var writer = new KafkaWriter();
        RecordCompression.Compress(TargetCompression.Of(codec), batch.AsSpan(RecordBatch.HeaderSize), writer);
        return WithPayload(batch, codec, writer.Written.ToArray());
    }

    /// <summary>The batch with other bytes in the place of its records, said to be of a codec.</summary>
    public static byte[] WithPayload(byte[] batch, CompressionCodec codec, byte[] payload)
    {
        byte[] bytes = [.. batch.AsSpan(0, RecordBatch.HeaderSize), .. payload];
        var header = new RecordBatch(bytes);
        header.Attributes = RecordBatch.WithCompression(header.Attributes, codec);
        header.SetSize(bytes.Length);
        header.Seal();
        return bytes;
    }

    /// <summary>A batch of the given records.</summary>
    /// <param name="records">Key and value; a null value is a tombstone.</param>
    /// <param name="timestampMs">Time of all of them.</param>
    public static byte[] Of(IReadOnlyList<(string? Key, string? Value)> records, long timestampMs = 1_000)
    {
        using var writer = new KafkaWriter();
        writer.WriteRaw(Of(1, timestampMs: timestampMs).AsSpan(0, RecordBatch.HeaderSize));
        for (var index = 0; index < records.Count; index++)
        {
            var (key, value) = records[index];
            RecordBatchBuilder.WriteRecord(writer, index, 0, Encoding.UTF8.GetBytes(key ?? ""), key is null,
                Encoding.UTF8.GetBytes(value ?? ""), value is null, []);
        }
        var batch = new RecordBatch(writer.WrittenSpan)
        {
            RecordCount = records.Count,
            LastOffsetDelta = records.Count - 1,
        };
        batch.SetSize(writer.Length);
        batch.Seal();
        return writer.Written.ToArray();
    }

    /// <summary>The records of a stored batch, opened.</summary>
    public static byte[] Opened(RecordBatch batch)
    {
        using var writer = new KafkaWriter();
        Assert.Equal(Decompression.Ok, RecordCompression.Decompress(
            batch.Compression, batch.Records, RecordCompression.Ceiling, writer));
        return writer.Written.ToArray();
    }

    /// <summary>Body of a Produce request of version 8 for one partition.</summary>
    public static Action<KafkaWriter> Produce(string topic, int partition, byte[] records, short acks = -1) => writer =>
    {
        writer.WriteNullableString(null);
        writer.WriteInt16(acks);
        writer.WriteInt32(30_000);
        writer.WriteArrayLength(1);
        writer.WriteString(topic);
        writer.WriteArrayLength(1);
        writer.WriteInt32(partition);
        writer.WriteBytes(records);
    };

    /// <summary>Produces one batch and returns the partition's error and base offset.</summary>
    public static async Task<(ErrorCode Error, long BaseOffset)> ProduceAsync(
        this WireClient client, string topic, byte[] records, int partition = 0, short acks = -1)
    {
        var answer = await client.AskAsync(ApiKey.Produce, 8, Produce(topic, partition, records, acks));
        return ReadProduced(answer);
    }

    /// <summary>Reads the one partition of a Produce answer.</summary>
    public static (ErrorCode Error, long BaseOffset) ReadProduced(byte[] answer)
    {
        var reader = new KafkaReader(answer, 8, isFlexible: false);
        reader.ReadInt32();
        reader.ReadString();
        reader.ReadInt32();
        reader.ReadInt32();
        return ((ErrorCode)reader.ReadInt16(), reader.ReadInt64());
    }

    /// <summary>Body of a Fetch request of version 11 for one partition.</summary>
    public static Action<KafkaWriter> Fetch(string topic, int partition, long offset, bool isReadCommitted = false,
        int maxWaitMs = 0, int minBytes = 1, int maxBytes = 50 << 20, int partitionMaxBytes = 1 << 20) => writer =>
    {
        writer.WriteInt32(-1);
        writer.WriteInt32(maxWaitMs);
        writer.WriteInt32(minBytes);
        writer.WriteInt32(maxBytes);
        writer.WriteInt8(isReadCommitted ? (sbyte)1 : (sbyte)0);
        writer.WriteInt32(0);
        writer.WriteInt32(-1);
        writer.WriteArrayLength(1);
        writer.WriteString(topic);
        writer.WriteArrayLength(1);
        writer.WriteInt32(partition);
        writer.WriteInt32(-1);
        writer.WriteInt64(offset);
        writer.WriteInt64(-1);
        writer.WriteInt32(partitionMaxBytes);
        writer.WriteArrayLength(0);
        writer.WriteString("");
    };

    /// <summary>Fetches from one partition.</summary>
    public static async Task<Fetched> FetchAsync(
        this WireClient client, string topic, long offset, bool isReadCommitted = false,
        int maxWaitMs = 0, int minBytes = 1, int maxBytes = 50 << 20, int partitionMaxBytes = 1 << 20,
        int partition = 0) =>
        ReadFetched(await client.AskAsync(ApiKey.Fetch, 11,
            Fetch(topic, partition, offset, isReadCommitted, maxWaitMs, minBytes, maxBytes, partitionMaxBytes)));

    /// <summary>Reads the one partition of a Fetch answer.</summary>
    public static Fetched ReadFetched(byte[] answer)
    {
        var reader = new KafkaReader(answer, 11, isFlexible: false);
        reader.ReadInt32();
        reader.ReadInt16();
        reader.ReadInt32();
        reader.ReadInt32();
        reader.ReadString();
        reader.ReadInt32();
        reader.ReadInt32();
        var error = (ErrorCode)reader.ReadInt16();
        var highWatermark = reader.ReadInt64();
        var lastStableOffset = reader.ReadInt64();
        reader.ReadInt64();
        var aborted = new List<(long, long)>();
        for (var left = reader.ReadNullableArrayLength(); left > 0; left--)
        {
            aborted.Add((reader.ReadInt64(), reader.ReadInt64()));
        }
        reader.ReadInt32();
        var records = reader.ReadBytes().ToArray();
        var offsets = new List<long>();
        for (var position = 0; position < records.Length;)
        {
            var batch = new RecordBatch(records.AsSpan(position));
            offsets.Add(batch.BaseOffset);
            position += batch.Size;
        }
        return new Fetched(error, highWatermark, lastStableOffset, aborted, records, offsets);
    }

    /// <summary>What a fetch brought: the batches' base offsets beside their bytes.</summary>
    internal sealed record Fetched(ErrorCode Error, long HighWatermark, long LastStableOffset,
        List<(long ProducerId, long FirstOffset)> Aborted, byte[] Records, List<long> BaseOffsets);
}
