using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>What Produce takes and what it refuses, and that a refusal leaves the log as it was.</summary>
public sealed class ProduceTests
{
    public static TheoryData<string, short> BrokenBatches => new()
    {
        { "crc", (short)ErrorCode.CorruptMessage },
        { "length too long", (short)ErrorCode.CorruptMessage },
        { "length too short", (short)ErrorCode.CorruptMessage },
        { "length negative", (short)ErrorCode.CorruptMessage },
        { "magic 1", (short)ErrorCode.UnsupportedForMessageFormat },
        { "magic 9", (short)ErrorCode.CorruptMessage },
        { "empty", (short)ErrorCode.CorruptMessage },
        { "two batches", (short)ErrorCode.InvalidRecord },
        { "base offset", (short)ErrorCode.InvalidRecord },
        { "count over", (short)ErrorCode.InvalidRecord },
        { "count zero", (short)ErrorCode.InvalidRecord },
        { "count huge", (short)ErrorCode.InvalidRecord },
        { "last delta", (short)ErrorCode.InvalidRecord },
        { "control", (short)ErrorCode.InvalidRecord },
        { "log append time", (short)ErrorCode.InvalidTimestamp },
        { "codec 5", (short)ErrorCode.UnsupportedCompressionType },
        { "codec 6", (short)ErrorCode.UnsupportedCompressionType },
        { "codec 7", (short)ErrorCode.UnsupportedCompressionType },
        { "transaction without producer", (short)ErrorCode.InvalidRecord },
        { "producer without sequence", (short)ErrorCode.InvalidRecord },
    };

    public static TheoryData<int> Codecs => [.. Enum.GetValues<CompressionCodec>().Select(codec => (int)codec)];

    [Theory]
    [MemberData(nameof(BrokenBatches))]
    public async Task Broken_batch_is_refused_and_nothing_is_stored(string flaw, short error)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        var refused = await wire.ProduceAsync("t", Break(flaw));
        var accepted = await wire.ProduceAsync("t", Batches.Of(3));

        Assert.Equal(((ErrorCode)error, -1L), refused);
        Assert.Equal((ErrorCode.None, 0L), accepted);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task Acks_that_do_not_exist_are_refused(short acks)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.InvalidRequiredAcks, (await wire.ProduceAsync("t", Batches.Of(1), acks: acks)).Error);
        Assert.Equal(0, broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
    }

    [Theory]
    [InlineData("t", -1)]
    [InlineData("t", 1)]
    [InlineData("other", 0)]
    [InlineData("../x", 0)]
    public async Task Partition_that_does_not_exist_is_refused(string topic, int partition)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(
            ErrorCode.UnknownTopicOrPartition, (await wire.ProduceAsync(topic, Batches.Of(1), partition)).Error);
    }

    [Fact]
    public async Task Batch_over_the_topics_limit_is_refused()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["max.message.bytes"] = "1000" });
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.MessageTooLarge, (await wire.ProduceAsync("t", Batches.Of(1, valueSize: 1000))).Error);
        Assert.Equal(ErrorCode.None, (await wire.ProduceAsync("t", Batches.Of(1, valueSize: 500))).Error);
    }

    [Fact]
    public async Task Without_acknowledgement_there_is_no_answer_and_an_error_closes_the_connection()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.SendAsync(ApiKey.Produce, 8, Batches.Produce("t", 0, Batches.Of(1), acks: 0));
        Assert.Equal((ErrorCode.None, 1L), await wire.ProduceAsync("t", Batches.Of(1)));
        await wire.SendAsync(ApiKey.Produce, 8, Batches.Produce("none", 0, Batches.Of(1), acks: 0));

        Assert.Null(await wire.ReceiveFrameAsync());
    }

    [Fact]
    public async Task Log_append_time_replaces_the_clients_time_and_the_checksum_fits()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["message.timestamp.type"] = "LogAppendTime" });
        await using var wire = await WireClient.ConnectAsync(broker);
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        await wire.ProduceAsync("t", Batches.Of(2, timestampMs: 1));

        var batch = new RecordBatch((await wire.FetchAsync("t", 0)).Records);
        Assert.True(batch.HasLogAppendTime);
        Assert.True(batch.MaxTimestampMs >= before);
        Assert.True(batch.HasValidChecksum);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public async Task Compacted_topic_takes_no_record_without_a_key(int codec)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["cleanup.policy"] = "compact" });
        await RoundTripTests.ProduceAsync(broker, "t", 1);

        var batch = Batches.Compressed(Batches.Of([("k", "v"), (null, "v")]), (CompressionCodec)codec);
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.InvalidRecord, (await wire.ProduceAsync("t", batch)).Error);
    }

    private static byte[] Break(string flaw)
    {
        var batch = Batches.Of(3);
        return flaw switch
        {
            "crc" => Batches.Changed(batch, b => b[^1] ^= 1, seal: false),
            "length too long" => Batches.Changed(batch, b => b[11]++, seal: false),
            "length too short" => Batches.Changed(batch, b => b[11] = 20, seal: false),
            "length negative" => Batches.Changed(batch, b => b[8] = 0xFF, seal: false),
            "magic 1" => Batches.Changed(batch, b => b[16] = 1),
            "magic 9" => Batches.Changed(batch, b => b[16] = 9),
            "empty" => [],
            "two batches" => [.. batch, .. Batches.Of(1)],
            "base offset" => Batches.Changed(batch, b => b[7] = 5),
            "count over" => Batches.Changed(batch, b => (b[60], b[26]) = (9, 8)),
            "count zero" => Batches.Changed(batch, b => b[60] = 0),
            "count huge" => Batches.Changed(batch, b => (b[57], b[23], b[58], b[24], b[59], b[25], b[60], b[26])
                = (0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE)),
            "last delta" => Batches.Changed(batch, b => b[26] = 7),
            "control" => Batches.Changed(batch, b => b[22] = 0x30),
            "log append time" => Batches.Changed(batch, b => b[22] = 0x08),
            "codec 5" => Batches.Changed(batch, b => b[22] = 0x05),
            "codec 6" => Batches.Changed(batch, b => b[22] = 0x06),
            "codec 7" => Batches.Changed(batch, b => b[22] = 0x07),
            "transaction without producer" => Batches.Changed(batch, b => b[22] = 0x10),
            "producer without sequence" => Batches.Of(3, producerId: 1),
            _ => throw new ArgumentOutOfRangeException(nameof(flaw)),
        };
    }
}
