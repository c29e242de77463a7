using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>A producer's sequence numbers (KIP-98), in one partition.</summary>
public sealed class IdempotenceTests
{
    private const long Producer = 4711;

    [Fact]
    public async Task Exact_repeat_answers_the_original_offset_and_stores_nothing()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        for (var batch = 0; batch < 5; batch++)
        {
            await SendAsync(wire, sequence: batch * 2, count: 2);
        }

        for (var batch = 0; batch < 5; batch++)
        {
            Assert.Equal((ErrorCode.None, batch * 2L), await SendAsync(wire, sequence: batch * 2, count: 2));
        }
        Assert.Equal(10, broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public async Task Repeat_is_recognised_after_a_restart()
    {
        await using var broker = await StartAsync();
        await using (var wire = await WireClient.ConnectAsync(broker))
        {
            await SendAsync(wire, sequence: 0, count: 3);
        }

        await broker.RestartAsync();

        await using var again = await WireClient.ConnectAsync(broker);
        Assert.Equal((ErrorCode.None, 0L), await SendAsync(again, sequence: 0, count: 3));
        Assert.Equal((ErrorCode.None, 3L), await SendAsync(again, sequence: 3, count: 1));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Sequence_that_does_not_follow_is_refused(int sequence)
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        await SendAsync(wire, sequence: 0, count: 3);

        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await SendAsync(wire, sequence, count: 2)).Error);
        Assert.Equal((ErrorCode.None, 3L), await SendAsync(wire, sequence: 3, count: 1));
    }

    [Fact]
    public async Task Sequence_wraps_from_the_largest_number_to_zero()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.None, (await SendAsync(wire, sequence: int.MaxValue - 1, count: 2)).Error);
        Assert.Equal(ErrorCode.None, (await SendAsync(wire, sequence: 0, count: 2)).Error);
        Assert.Equal(ErrorCode.None, (await SendAsync(wire, sequence: 2, count: 2)).Error);
    }

    [Fact]
    public async Task Batch_may_wrap_in_its_middle()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal((ErrorCode.None, 0L), await SendAsync(wire, sequence: int.MaxValue, count: 3));
        Assert.Equal((ErrorCode.None, 0L), await SendAsync(wire, sequence: int.MaxValue, count: 3));
        Assert.Equal((ErrorCode.None, 3L), await SendAsync(wire, sequence: 2, count: 1));
    }

    [Fact]
    public async Task Older_epoch_is_fenced_and_a_newer_one_starts_at_zero()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        await SendAsync(wire, sequence: 0, count: 1, epoch: 1);

        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await SendAsync(wire, sequence: 1, count: 1, epoch: 0)).Error);
        Assert.Equal(
            ErrorCode.OutOfOrderSequenceNumber, (await SendAsync(wire, sequence: 1, count: 1, epoch: 2)).Error);
        Assert.Equal(ErrorCode.None, (await SendAsync(wire, sequence: 0, count: 1, epoch: 2)).Error);
    }

    [Fact]
    public async Task Unknown_producer_may_start_anywhere()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal((ErrorCode.None, 0L), await SendAsync(wire, sequence: 77, count: 1));
    }

    private static async Task<TestBroker> StartAsync()
    {
        var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        return broker;
    }

    private static Task<(ErrorCode Error, long BaseOffset)> SendAsync(
        WireClient wire, int sequence, int count, short epoch = 0) =>
        wire.ProduceAsync("t", Batches.Of(count, Producer, epoch, sequence));
}
