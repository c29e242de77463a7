using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Compression;

/// <summary>A client's batch that was looked into.</summary>
/// <param name="Verdict">Whether it can be appended.</param>
/// <param name="Bytes">What is to be appended: as it came, or brought into the topic's compression.</param>
internal readonly record struct TakenBatch(BatchVerdict Verdict, Memory<byte> Bytes);

/// <summary>
/// What happens to a batch between the socket and the log, as in Apache Kafka: its records are opened and checked, its
/// highest time is set right, and where the topic's <c>compression.type</c> wants another codec it is compressed anew.
/// Pure, so it runs on the connection's side.
/// </summary>
/// <remarks>
/// A batch that is stored as it came is never copied: opening it for the check takes a pooled buffer that goes back at
/// once. One that is compressed anew keeps everything else: offsets, times, producer, epoch, sequence, transaction.
/// </remarks>
internal static class BatchIntake
{
    private const int TypicalRatio = 4;
    private const int LargestFirstBuffer = 1 << 20;

    /// <summary>Looks into a batch whose frame and header are fine.</summary>
    /// <param name="bytes">The batch; its highest time may be set in place.</param>
    /// <param name="config">Settings of the topic.</param>
    /// <param name="nowMs">The broker's time, in milliseconds since 1970.</param>
    public static TakenBatch Take(Memory<byte> bytes, TopicConfig config, long nowMs)
    {
        if (bytes.Length > config.MaxMessageBytes)
        {
            return Refused(ErrorCode.MessageTooLarge, config.TooLarge(bytes.Length));
        }
        var batch = new RecordBatch(bytes.Span);
        var source = batch.Compression;
        var target = config.Compression is { } wanted && wanted.Codec != source ? wanted : (TargetCompression?)null;
        if (source == CompressionCodec.None)
        {
            return Take(bytes, batch.Records, target, config, nowMs);
        }
        var limit = RecordCompression.LimitFor(config.MaxMessageBytes);
        using var opened = new KafkaWriter(Math.Min(batch.Records.Length * TypicalRatio, LargestFirstBuffer));
        return RecordCompression.Decompress(source, batch.Records, limit, opened) switch
        {
            Decompression.Ok => Take(bytes, opened.WrittenSpan, target, config, nowMs),
            Decompression.TooLarge => Refused(ErrorCode.InvalidRecord,
                $"Opened, the batch has more than {limit} bytes, {RecordCompression.ExpansionFactor} times what the "
                + "topic takes compressed."),
            Decompression.UnknownCodec => Refused(
                ErrorCode.UnsupportedCompressionType, "The compression is not known."),
            _ => Refused(ErrorCode.InvalidRecord, $"The records are not what {source} writes."),
        };
    }

    private static TakenBatch Take(Memory<byte> bytes, ReadOnlySpan<byte> records, TargetCompression? target,
        TopicConfig config, long nowMs)
    {
        var batch = new RecordBatch(bytes.Span);
        var verdict = RecordBatchValidator.CheckRecords(
            batch, records, config.TimestampsTaken(nowMs), out var maxTimestampMs);
        if (verdict.Error != ErrorCode.None)
        {
            return new TakenBatch(verdict, default);
        }
        var isTimeWrong = batch.MaxTimestampMs != maxTimestampMs;
        if (isTimeWrong)
        {
            batch.MaxTimestampMs = maxTimestampMs;
        }
        if (target is { } compression)
        {
            return new TakenBatch(verdict, Rebuild(batch, records, compression));
        }
        if (isTimeWrong)
        {
            batch.Seal();
        }
        return new TakenBatch(verdict, bytes);
    }

    private static byte[] Rebuild(in RecordBatch original, ReadOnlySpan<byte> records, TargetCompression compression)
    {
        using var writer = new KafkaWriter(RecordBatch.HeaderSize + records.Length);
        writer.WriteRaw(original.Bytes[..RecordBatch.HeaderSize]);
        RecordCompression.Compress(compression, records, writer);
        var bytes = writer.WrittenSpan.ToArray();
        var batch = new RecordBatch(bytes);
        batch.Attributes = RecordBatch.WithCompression(batch.Attributes, compression.Codec);
        batch.SetSize(bytes.Length);
        batch.Seal();
        return bytes;
    }

    private static TakenBatch Refused(ErrorCode error, string message) =>
        new(new BatchVerdict(error, message), default);
}
