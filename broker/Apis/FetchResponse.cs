using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Apis;

/// <summary>What one partition has for a fetch. The slice is leased.</summary>
internal sealed record FetchedPart(FetchPart Part, ErrorCode Error, long HighWatermark, long LastStableOffset,
    long StartOffset, LogSlice? Slice, AbortedTransaction[]? Aborted)
{
    /// <summary>A partition that gives nothing. As in Kafka no offsets stand beside the error, and the list of aborted
    /// transactions is empty, not absent, where there is no such partition.</summary>
    public static FetchedPart Refused(FetchPart part, ErrorCode error) =>
        new(part, error, -1, -1, -1, null, error == ErrorCode.UnknownTopicOrPartition ? [] : null);
}

/// <summary>
/// The answer to a fetch. Records are read from the segments while it is written, on the connection's side, straight
/// into the answer's buffer.
/// </summary>
internal sealed class FetchResponse(ErrorCode error, List<FetchedPart> parts, int maxBytes) : IResponse, IDisposable
{
    private int budget = maxBytes;
    private bool hasRecords;
    private int isDisposed;

    public void Write(KafkaWriter writer)
    {
        writer.WriteInt32(0);
        if (writer.Version >= 7)
        {
            writer.WriteError(error);
            writer.WriteInt32(0);
        }
        for (int first = 0, count = CountTopics(writer); count > 0; count--)
        {
            var next = first;
            while (next < parts.Count && parts[next].Part.Topic == parts[first].Part.Topic)
            {
                next++;
            }
            writer.WriteString(parts[first].Part.Topic);
            writer.WriteArrayLength(next - first);
            for (; first < next; first++)
            {
                Write(writer, parts[first]);
            }
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            parts.ForEach(part => part.Slice?.Segment.Release());
        }
    }

    private int CountTopics(KafkaWriter writer)
    {
        var count = 0;
        for (var index = 0; index < parts.Count; index++)
        {
            count += index == 0 || parts[index].Part.Topic != parts[index - 1].Part.Topic ? 1 : 0;
        }
        writer.WriteArrayLength(count);
        return count;
    }

    private void Write(KafkaWriter writer, FetchedPart part)
    {
        writer.WriteInt32(part.Part.Partition);
        writer.WriteError(part.Error);
        writer.WriteInt64(part.HighWatermark);
        writer.WriteInt64(part.LastStableOffset);
        if (writer.Version >= 5)
        {
            writer.WriteInt64(part.StartOffset);
        }
        if (part.Aborted is not { Length: > 0 } aborted)
        {
            writer.WriteArrayLength(part.Aborted is null ? -1 : 0);
            WritePreferredReplica(writer);
            WriteRecords(writer, part);
            return;
        }
        // The list stands before the records, but which transactions they touch is known after reading them.
        using var records = new KafkaWriter(4096);
        records.Begin(writer.Version, writer.IsFlexible);
        WritePreferredReplica(records);
        var endOffset = WriteRecords(records, part);
        WriteAborted(writer, aborted, endOffset);
        writer.WriteRaw(records.Written.Span);
    }

    private static void WriteAborted(KafkaWriter writer, AbortedTransaction[] aborted, long endOffset)
    {
        var count = 0;
        while (count < aborted.Length && aborted[count].FirstOffset < endOffset)
        {
            count++;
        }
        writer.WriteArrayLength(count);
        foreach (var entry in aborted.AsSpan(0, count))
        {
            writer.WriteInt64(entry.ProducerId);
            writer.WriteInt64(entry.FirstOffset);
        }
    }

    private static void WritePreferredReplica(KafkaWriter writer)
    {
        if (writer.Version >= 11)
        {
            writer.WriteInt32(-1);
        }
    }

    /// <summary>Writes whole batches; returns the offset after the last one.</summary>
    private long WriteRecords(KafkaWriter writer, FetchedPart part)
    {
        var lengthAt = writer.Length;
        writer.WriteInt32(0);
        if (part.Slice is not { } slice)
        {
            return 0;
        }
        var wanted = (int)Math.Min(slice.Size, Math.Min(Math.Max(0, part.Part.MaxBytes), Math.Max(0, budget)));
        if (wanted < RecordBatch.HeaderSize)
        {
            wanted = hasRecords ? 0 : (int)Math.Min(slice.Size, RecordBatch.HeaderSize);
        }
        if (wanted == 0)
        {
            return 0;
        }
        var start = writer.Length;
        var count = slice.Segment.Read(writer.GetSpan(wanted), slice.Position);
        var whole = WholeBatches(writer.WrittenSpan.Slice(start, count), out var endOffset);
        writer.Truncate(start + whole);
        if (whole == 0 && !hasRecords)
        {
            whole = ReadFirstBatch(writer, slice);
            _ = WholeBatches(writer.WrittenSpan.Slice(start, whole), out endOffset);
        }
        hasRecords |= whole > 0;
        budget -= whole;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(writer.WrittenSpan[lengthAt..], whole);
        return endOffset;
    }

    private static int ReadFirstBatch(KafkaWriter writer, LogSlice slice)
    {
        var start = writer.Length;
        if (slice.Segment.Read(writer.GetSpan(RecordBatch.HeaderSize), slice.Position) < RecordBatch.HeaderSize)
        {
            writer.Truncate(start);
            return 0;
        }
        var size = new RecordBatch(writer.WrittenSpan[start..]).Size;
        writer.Truncate(start);
        var count = slice.Segment.Read(writer.GetSpan(size), slice.Position);
        writer.Truncate(start + (count == size ? size : 0));
        return count == size ? size : 0;
    }

    private static int WholeBatches(Span<byte> bytes, out long endOffset)
    {
        var position = 0;
        endOffset = 0;
        while (bytes.Length - position >= RecordBatch.HeaderSize)
        {
            var batch = new RecordBatch(bytes[position..]);
            if (batch.Size > bytes.Length - position)
            {
                break;
            }
            endOffset = batch.LastOffset + 1;
            position += batch.Size;
        }
        return position;
    }
}
