using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;

namespace Broker.Tests.Compression;

/// <summary>Compressed batches that are not what they claim: refused by name, and the broker goes on.</summary>
public sealed class HostileBatchTests
{
    private static readonly CompressionCodec[] Codecs =
        [CompressionCodec.Gzip, CompressionCodec.Snappy, CompressionCodec.Lz4, CompressionCodec.Zstd];

    private static readonly string[] Flaws =
    [
        "cut short", "only a claim", "empty", "count over", "count under", "offsets", "headers", "record size",
        "key over its record", "bomb",
    ];

    public static TheoryData<int, string> FlawsOfCodecs
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (var codec in Codecs)
            {
                foreach (var flaw in Flaws)
                {
                    data.Add((int)codec, flaw);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(FlawsOfCodecs))]
    public async Task Batch_that_is_not_what_it_claims_is_refused_and_the_next_is_taken(int codec, string flaw)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await broker.CreateTopicAsync("zstd", configs: new() { ["compression.type"] = "zstd" });
        await using var wire = await WireClient.ConnectAsync(broker);
        foreach (var topic in (string[])["t", "zstd"])
        {
            var refused = await wire.ProduceAsync(topic, Break((CompressionCodec)codec, flaw));
            var taken = await wire.ProduceAsync(
                topic, Batches.Compressed(Batches.Of(3), (CompressionCodec)codec));

            // snappy cannot swell so much: a bomb of it is too large as it comes.
            var expected = (flaw, (CompressionCodec)codec) == ("bomb", CompressionCodec.Snappy)
                ? ErrorCode.MessageTooLarge
                : ErrorCode.InvalidRecord;
            Assert.Equal((expected, -1L), refused);
            Assert.Equal((ErrorCode.None, 0L), taken);
        }
    }

    [Fact]
    public async Task Batch_over_the_topics_limit_is_refused_before_and_after_it_is_compressed_anew()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new()
        {
            ["max.message.bytes"] = "1000",
            ["compression.type"] = "uncompressed",
        });
        await using var wire = await WireClient.ConnectAsync(broker);

        var large = await wire.ProduceAsync("t", Batches.Of(1, valueSize: 2000));
        var swollen = await wire.ProduceAsync(
            "t", Batches.Compressed(Batches.Of(1, valueSize: 2000), CompressionCodec.Lz4));

        Assert.Equal(ErrorCode.MessageTooLarge, large.Error);
        Assert.Equal(ErrorCode.MessageTooLarge, swollen.Error);
        Assert.Equal((ErrorCode.None, 0L), await wire.ProduceAsync("t", Batches.Of(1, valueSize: 500)));
    }

    [Theory]
    [InlineData((int)CompressionCodec.None)]
    [InlineData((int)CompressionCodec.Lz4)]
    public async Task Highest_time_is_what_the_records_say_whatever_the_header_says(int codec)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);
        var batch = Batches.Compressed(Batches.Of(3, timestampMs: 5_000), (CompressionCodec)codec);
        new RecordBatch(batch).MaxTimestampMs = 9_000_000_000_000;
        new RecordBatch(batch).Seal();

        await wire.ProduceAsync("t", batch);

        var stored = new RecordBatch((await wire.FetchAsync("t", 0)).Records);
        Assert.Equal(5_000, stored.MaxTimestampMs);
        Assert.True(stored.HasValidChecksum);
    }

    [Theory]
    [InlineData(-100_000, ErrorCode.InvalidTimestamp)]
    [InlineData(-1_000, ErrorCode.None)]
    [InlineData(1_000, ErrorCode.None)]
    [InlineData(100_000, ErrorCode.InvalidTimestamp)]
    public async Task Times_outside_what_the_topic_takes_are_refused(long fromNowMs, object error)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new()
        {
            ["message.timestamp.before.max.ms"] = "60000",
            ["message.timestamp.after.max.ms"] = "60000",
        });
        await using var wire = await WireClient.ConnectAsync(broker);
        var timestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + fromNowMs;

        foreach (var codec in Codecs.Append(CompressionCodec.None))
        {
            var answer = await wire.ProduceAsync(
                "t", Batches.Compressed(Batches.Of(1, timestampMs: timestampMs), codec));

            Assert.Equal((ErrorCode)error, answer.Error);
        }
    }

    private static byte[] Break(CompressionCodec codec, string flaw)
    {
        var batch = Batches.Of(20, valueSize: 40);
        byte[] WithRecords(byte[] records)
        {
            using var writer = new KafkaWriter();
            RecordCompression.Compress(TargetCompression.Of(codec), records, writer);
            return Batches.WithPayload(batch, codec, writer.Written.ToArray());
        }

        byte[] Changed(int at, byte value)
        {
            var records = batch[RecordBatch.HeaderSize..];
            records[at] = value;
            return WithRecords(records);
        }

        var compressed = Batches.Compressed(batch, codec);
        return flaw switch
        {
            "cut short" => Batches.WithPayload(batch, codec, compressed[RecordBatch.HeaderSize..^9]),
            "only a claim" => Batches.WithPayload(batch, codec, batch[RecordBatch.HeaderSize..]),
            "empty" => Batches.WithPayload(batch, codec, []),
            "count over" => Batches.Changed(compressed, b => (b[60], b[26]) = (21, 20)),
            "count under" => Batches.Changed(compressed, b => (b[60], b[26]) = (19, 18)),

            // A record starts with its size, attributes, time and offset, a byte each here; its headers' count is last.
            "offsets" => Changed(3, 2),
            "headers" => Changed(batch[RecordBatch.HeaderSize] / 2, 8),
            "record size" => Changed(0, 0x7E),
            "key over its record" => Changed(4, 0x7E),
            "bomb" => WithRecords(new byte[80 << 20]),
            _ => throw new ArgumentOutOfRangeException(nameof(flaw)),
        };
    }
}
