using System.Buffers.Binary;
using System.Text;
using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>Bytes that no client sends: each costs its sender the connection, and nobody else anything.</summary>
public sealed class HostileConnectionTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    [InlineData((100 << 20) + 1)]
    public async Task Frame_of_an_impossible_size_closes_the_connection(int size)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, size);

        await wire.SendRawAsync(bytes);

        Assert.Null(await wire.ReceiveFrameAsync());
        await AssertServesAsync(broker);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001")]
    public async Task Other_protocols_close_the_connection(string greeting)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.SendRawAsync(Encoding.Latin1.GetBytes(greeting));

        Assert.Null(await wire.ReceiveFrameAsync());
        await AssertServesAsync(broker);
    }

    [Theory]
    [InlineData((ApiKey)99, 0)]
    [InlineData((ApiKey)(-1), 0)]
    [InlineData((ApiKey)68, 0)]
    [InlineData(ApiKey.Metadata, 99)]
    [InlineData(ApiKey.Metadata, -1)]
    [InlineData(ApiKey.Fetch, 13)]
    public async Task Unknown_API_or_version_closes_the_connection(object key, short version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.SendAsync((ApiKey)key, version, _ => { });

        Assert.Null(await wire.ReceiveFrameAsync());
        await AssertServesAsync(broker);
    }

    [Fact]
    public async Task ApiVersions_of_an_unknown_version_answers_35_in_version_0_and_lists_itself()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.SendAsync(ApiKey.ApiVersions, 99, _ => { });
        var answer = (await wire.ReceiveFrameAsync())![4..];

        var reader = new KafkaReader(answer, 0, isFlexible: false);
        Assert.Equal(ErrorCode.UnsupportedVersion, (ErrorCode)reader.ReadInt16());
        Assert.Equal(1, reader.ReadArrayLength());
        Assert.Equal((18, 0, 4), (reader.ReadInt16(), reader.ReadInt16(), reader.ReadInt16()));
        Assert.Equal(0, reader.Remaining);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-2)]
    [InlineData(1_000)]
    public async Task Lying_array_count_closes_the_connection_and_allocates_nothing(int count)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        var before = GC.GetTotalAllocatedBytes();

        await wire.SendAsync(ApiKey.Metadata, 4, writer => writer.WriteInt32(count));

        Assert.Null(await wire.ReceiveFrameAsync());
        Assert.True(GC.GetTotalAllocatedBytes() - before < 50 << 20);
        await AssertServesAsync(broker);
    }

    [Fact]
    public async Task Overlong_varint_closes_the_connection()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        await wire.SendAsync(
            ApiKey.ApiVersions, 3, writer => writer.WriteRaw([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));

        Assert.Null(await wire.ReceiveFrameAsync());
        await AssertServesAsync(broker);
    }

    [Fact]
    public async Task Large_frame_followed_by_silence_holds_nobody_up()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        var bytes = new byte[100];
        BinaryPrimitives.WriteInt32BigEndian(bytes, 90 << 20);

        await wire.SendRawAsync(bytes);

        await AssertServesAsync(broker);
    }

    [Fact]
    public async Task Silent_connection_is_closed_after_the_idle_time()
    {
        await using var broker =
            await TestBroker.StartAsync(o => o with { ConnectionIdleTimeout = TimeSpan.FromMilliseconds(200) });
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Null(await wire.ReceiveFrameAsync());
    }

    [Fact]
    public async Task A_thousand_pipelined_requests_are_answered_in_order()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);
        var frames = Enumerable.Range(0, 1000)
            .SelectMany(n => wire.Frame(n % 2 == 0 ? ApiKey.Produce : ApiKey.Fetch, n % 2 == 0 ? (short)8 : (short)11,
                n % 2 == 0 ? Batches.Produce("t", 0, Batches.Of(1)) : Batches.Fetch("t", 0, n / 2, maxWaitMs: 1000)))
            .ToArray();

        var sending = wire.SendRawAsync(frames);

        for (var number = 0; number < 1000; number++)
        {
            var frame = await wire.ReceiveFrameAsync();
            Assert.Equal(number + 1, BinaryPrimitives.ReadInt32BigEndian(frame));
        }
        await sending;
    }

    [Fact]
    public async Task Reset_in_the_middle_of_a_request_disturbs_nobody()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        for (var round = 0; round < 20; round++)
        {
            await using var wire = await WireClient.ConnectAsync(broker);
            var frame = wire.Frame(ApiKey.Produce, 8, Batches.Produce("t", 0, Batches.Of(100)));
            await wire.SendRawAsync(frame.AsMemory(0, frame.Length * round / 20));
            wire.Reset();
        }

        await AssertServesAsync(broker);
        Assert.Equal(0, broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public async Task More_connections_than_the_limit_are_closed_at_once()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { MaxConnections = 2 });
        await using var first = await WireClient.ConnectAsync(broker);
        await using var second = await WireClient.ConnectAsync(broker);
        await AssertServesAsync(first);
        await AssertServesAsync(second);

        await using var third = await WireClient.ConnectAsync(broker);

        Assert.Null(await third.ReceiveFrameAsync());
        await AssertServesAsync(first);
    }

    private static async Task AssertServesAsync(TestBroker broker)
    {
        await using var wire = await WireClient.ConnectAsync(broker);
        await AssertServesAsync(wire);
    }

    private static async Task AssertServesAsync(WireClient wire)
    {
        var answer = await wire.AskAsync(ApiKey.ApiVersions, 0, _ => { });
        Assert.Equal(0, BinaryPrimitives.ReadInt16BigEndian(answer));
    }
}
