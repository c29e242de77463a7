namespace Alloc.Broker.Protocol;

/// <summary>Who writes a transactional batch or an end marker.</summary>
internal readonly record struct ProducerIdentity(long ProducerId, short Epoch)
{
    /// <summary>No producer: batches outside transactions and without sequence numbers.</summary>
    public static ProducerIdentity None { get; } = new(-1, -1);
}

/// <summary>Writes records and batches of format 2 that start in the broker: end markers, and what compaction
/// keeps.</summary>
internal static class RecordBatchBuilder
{
    private const short ControlRecordVersion = 0;
    private const int MarkerValueSize = 6;

    /// <summary>Writes a control batch that ends a transaction (KIP-98): key is version 0 and type 0 (abort) or 1
    /// (commit), value is version 0 and the coordinator's epoch.</summary>
    public static void WriteMarker(
        KafkaWriter writer, ProducerIdentity producer, int coordinatorEpoch, bool isCommit, long timestampMs)
    {
        Begin(writer, timestampMs, producer, 1, RecordBatch.AttributesOf(isTransactional: true, isControl: true));
        Span<byte> key = [0, 0, 0, isCommit ? (byte)1 : (byte)0];
        Span<byte> value = stackalloc byte[MarkerValueSize];
        System.Buffers.Binary.BinaryPrimitives.WriteInt16BigEndian(value, ControlRecordVersion);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(value[2..], coordinatorEpoch);
        WriteRecord(writer, 0, 0, key, isKeyNull: false, value, isValueNull: false, []);
        End(writer);
    }

    /// <summary>Writes one record. <paramref name="headers"/> is the headers' count and bytes as stored; empty means
    /// none.</summary>
    public static void WriteRecord(KafkaWriter writer, int offsetDelta, long timestampDelta, ReadOnlySpan<byte> key,
        bool isKeyNull, ReadOnlySpan<byte> value, bool isValueNull, ReadOnlySpan<byte> headers)
    {
        var headersSize = headers.IsEmpty ? 1 : headers.Length;
        writer.WriteVarint(1 + SizeOf(timestampDelta) + SizeOf(offsetDelta)
            + SizeOf(isKeyNull ? -1 : key.Length) + key.Length
            + SizeOf(isValueNull ? -1 : value.Length) + value.Length + headersSize);
        writer.WriteInt8(0);
        writer.WriteVarlong(timestampDelta);
        writer.WriteVarint(offsetDelta);
        writer.WriteVarint(isKeyNull ? -1 : key.Length);
        writer.WriteRaw(key);
        writer.WriteVarint(isValueNull ? -1 : value.Length);
        writer.WriteRaw(value);
        if (headers.IsEmpty)
        {
            writer.WriteVarint(0);
        }
        else
        {
            writer.WriteRaw(headers);
        }
    }

    private static void Begin(
        KafkaWriter writer, long timestampMs, ProducerIdentity producer, int count, short attributes)
    {
        writer.Clear();
        writer.GetSpan(RecordBatch.HeaderSize).Clear();
        _ = new RecordBatch(writer.WrittenSpan)
        {
            Attributes = attributes,
            LastOffsetDelta = count - 1,
            BaseTimestampMs = timestampMs,
            MaxTimestampMs = timestampMs,
            ProducerId = producer.ProducerId,
            ProducerEpoch = producer.Epoch,
            BaseSequence = -1,
            RecordCount = count,
        };
    }

    private static void End(KafkaWriter writer)
    {
        var bytes = writer.WrittenSpan;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(
            bytes[8..], bytes.Length - RecordBatch.LengthOverhead);
        bytes[16] = 2;
        new RecordBatch(bytes).Seal();
    }

    private static int SizeOf(long value)
    {
        var bits = (ulong)((value << 1) ^ (value >> 63));
        var size = 1;
        while (bits >= 0x80)
        {
            bits >>= 7;
            size++;
        }
        return size;
    }
}
