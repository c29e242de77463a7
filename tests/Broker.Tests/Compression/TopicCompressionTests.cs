using Alloc.Broker.Protocol;

namespace Broker.Tests.Compression;

/// <summary>A topic's <c>compression.type</c>, as Apache Kafka carries it out.</summary>
public sealed class TopicCompressionTests
{
    private static readonly (string Type, CompressionCodec? Codec)[] Types =
    [
        ("producer", null), ("uncompressed", CompressionCodec.None), ("gzip", CompressionCodec.Gzip),
        ("snappy", CompressionCodec.Snappy), ("lz4", CompressionCodec.Lz4), ("zstd", CompressionCodec.Zstd),
    ];

    public static TheoryData<string, int> TypesAndCodecs
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var (type, _) in Types)
            {
                foreach (var codec in Enum.GetValues<CompressionCodec>())
                {
                    data.Add(type, (int)codec);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndCodecs))]
    public async Task Batch_is_stored_in_the_topics_compression_with_all_else_as_it_was(string type, int codec)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["compression.type"] = type });
        await using var wire = await WireClient.ConnectAsync(broker);
        var plain = Batches.Of(50, producerId: 77, epoch: 3, sequence: 0, timestampMs: 123_456, valueSize: 100);
        var sent = Batches.Compressed(plain, (CompressionCodec)codec);
        var (_, expected) = Types.Single(t => t.Type == type);

        await wire.ProduceAsync("t", Batches.Of(1));
        var produced = await wire.ProduceAsync("t", [.. sent]);
        var repeated = await wire.ProduceAsync("t", [.. sent]);

        Assert.Equal((ErrorCode.None, 1L), produced);
        Assert.Equal((ErrorCode.None, 1L), repeated);
        var stored = Stored((await wire.FetchAsync("t", 1)).Records, out var size);
        Assert.Equal(expected ?? (CompressionCodec)codec, stored.Compression);
        Assert.Equal((1L, 50L, 77L, (short)3, 0, 123_456L, 50),
            (stored.BaseOffset, stored.LastOffset, stored.ProducerId, stored.ProducerEpoch, stored.BaseSequence,
                stored.MaxTimestampMs, stored.RecordCount));
        Assert.Equal(plain[RecordBatch.HeaderSize..], Batches.Opened(stored));
        if (stored.Compression == (CompressionCodec)codec)
        {
            Assert.Equal(
                sent[RecordBatch.ChecksummedFrom..], stored.Bytes[RecordBatch.ChecksummedFrom..size].ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndCodecs))]
    public async Task Transaction_stays_one_and_log_append_time_is_stamped(string type, int codec)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new()
        {
            ["compression.type"] = type,
            ["message.timestamp.type"] = "LogAppendTime",
        });
        var config = broker.Broker.Core.Topics.ConfigOf("t")!;
        var sent = Batches.Compressed(
            Batches.Of(5, producerId: 9, epoch: 0, sequence: 0, isTransactional: true), (CompressionCodec)codec);

        var taken = Alloc.Broker.Compression.BatchIntake.Take(sent, config, nowMs: 0);
        var appended = await broker.OnLoopAsync(
            () => broker.Broker.Core.Topics.Find("t", 0)!.AppendBatch(taken.Bytes.Span));

        Assert.Equal((ErrorCode.None, 0L), (appended.Error, appended.BaseOffset));
        await using var wire = await WireClient.ConnectAsync(broker);
        var stored = Stored((await wire.FetchAsync("t", 0)).Records, out _);
        Assert.True(stored.IsTransactional);
        Assert.True(stored.HasLogAppendTime);
        Assert.Equal(appended.LogAppendTimeMs, stored.MaxTimestampMs);
        Assert.Equal(0, (await wire.FetchAsync("t", 0, isReadCommitted: true)).LastStableOffset);
    }

    [Fact]
    public async Task Change_counts_for_batches_that_come_after_it_and_survives_a_restart()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using (var wire = await WireClient.ConnectAsync(broker))
        {
            await wire.ProduceAsync("t", Batches.Compressed(Batches.Of(10), CompressionCodec.Lz4));
            Assert.Equal(ErrorCode.None, await AlterAsync(wire, "compression.type", "gzip"));
            await wire.ProduceAsync("t", Batches.Compressed(Batches.Of(10), CompressionCodec.Lz4));
            Assert.Equal("gzip", await DescribeAsync(wire, "compression.type"));
        }

        await broker.RestartAsync();

        await using var again = await WireClient.ConnectAsync(broker);
        await again.ProduceAsync("t", Batches.Compressed(Batches.Of(10), CompressionCodec.Lz4));
        Assert.Equal("gzip", await DescribeAsync(again, "compression.type"));
        Assert.Equal(
            [CompressionCodec.Lz4, CompressionCodec.Gzip, CompressionCodec.Gzip], await CodecsAsync(again, 30));
    }

    [Theory]
    [InlineData("compression.type", "brotli")]
    [InlineData("compression.type", "none")]
    [InlineData("compression.type", "LZ4")]
    [InlineData("compression.type", "")]
    [InlineData("compression.gzip.level", "0")]
    [InlineData("compression.gzip.level", "10")]
    [InlineData("compression.gzip.level", "-2")]
    [InlineData("compression.lz4.level", "0")]
    [InlineData("compression.lz4.level", "18")]
    [InlineData("compression.zstd.level", "23")]
    public async Task Value_that_does_not_exist_is_refused_and_nothing_changes(string name, string value)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.InvalidConfig, await AlterAsync(wire, name, value));
        Assert.Equal(ErrorCode.InvalidConfig, await AlterAllAsync(wire, name, value));
        Assert.Equal("producer", await DescribeAsync(wire, "compression.type"));
        Assert.Equal(ErrorCode.None, (await wire.ProduceAsync("t", Batches.Of(1))).Error);
    }

    [Theory]
    [InlineData("gzip", "compression.gzip.level", "1", "9")]
    [InlineData("lz4", "compression.lz4.level", "9", "17")]
    [InlineData("zstd", "compression.zstd.level", "-50", "19")]
    public async Task Level_says_how_hard_the_broker_tries(string type, string name, string fast, string small)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["compression.type"] = type });
        await using var wire = await WireClient.ConnectAsync(broker);
        var words = Enumerable.Range(0, 400).Select(n => ((string?)$"key-{n % 37}", (string?)$"value {n * n % 101}"))
            .ToList();
        var sizes = new List<int>();
        foreach (var level in (string[])[fast, small])
        {
            Assert.Equal(ErrorCode.None, await AlterAsync(wire, name, level));
            var (_, offset) = await wire.ProduceAsync("t", Batches.Of(words));
            sizes.Add(Stored((await wire.FetchAsync("t", offset)).Records, out var size).Size);
            Assert.Equal(sizes[^1], size);
        }

        Assert.True(sizes[1] < sizes[0], $"{sizes[0]} to {sizes[1]} bytes");
    }

    private static RecordBatch Stored(byte[] records, out int size)
    {
        var batch = new RecordBatch(records);
        size = batch.Size;
        Assert.True(batch.HasValidChecksum);
        return batch;
    }

    private static async Task<List<CompressionCodec>> CodecsAsync(WireClient wire, long end)
    {
        var codecs = new List<CompressionCodec>();
        var records = (await wire.FetchAsync("t", 0)).Records;
        for (var position = 0; position < records.Length;)
        {
            var batch = new RecordBatch(records.AsSpan(position));
            codecs.Add(batch.Compression);
            position += batch.Size;
            Assert.True(batch.LastOffset < end);
        }
        return codecs;
    }

    private static async Task<ErrorCode> AlterAsync(WireClient wire, string name, string value)
    {
        var answer = await wire.AskAsync(ApiKey.IncrementalAlterConfigs, 0, writer =>
        {
            writer.WriteArrayLength(1);
            writer.WriteInt8(2);
            writer.WriteString("t");
            writer.WriteArrayLength(1);
            writer.WriteString(name);
            writer.WriteInt8(0);
            writer.WriteNullableString(value);
            writer.WriteBoolean(false);
        });
        return ErrorOf(answer);
    }

    private static async Task<ErrorCode> AlterAllAsync(WireClient wire, string name, string value)
    {
        var answer = await wire.AskAsync(ApiKey.AlterConfigs, 1, writer =>
        {
            writer.WriteArrayLength(1);
            writer.WriteInt8(2);
            writer.WriteString("t");
            writer.WriteArrayLength(1);
            writer.WriteString(name);
            writer.WriteNullableString(value);
            writer.WriteBoolean(false);
        });
        return ErrorOf(answer);
    }

    private static async Task<string?> DescribeAsync(WireClient wire, string name)
    {
        var answer = await wire.AskAsync(ApiKey.DescribeConfigs, 2, writer =>
        {
            writer.WriteArrayLength(1);
            writer.WriteInt8(2);
            writer.WriteString("t");
            writer.WriteStringArray([name]);
            writer.WriteBoolean(false);
        });
        var reader = new KafkaReader(answer.AsMemory(8), 2, isFlexible: false);
        reader.ReadInt16();
        reader.ReadNullableString();
        reader.ReadInt8();
        reader.ReadString();
        reader.ReadArrayLength();
        Assert.Equal(name, reader.ReadString());
        return reader.ReadNullableString();
    }

    private static ErrorCode ErrorOf(byte[] answer)
    {
        var reader = new KafkaReader(answer.AsMemory(8), 0, isFlexible: false);
        return (ErrorCode)reader.ReadInt16();
    }
}
