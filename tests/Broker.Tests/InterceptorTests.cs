using System.Diagnostics;
using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Broker.Tests;

/// <summary>The faults that tests of the engine put into the broker.</summary>
public sealed class InterceptorTests
{
    [Fact]
    public async Task Delayed_request_is_handled_later()
    {
        var (broker, wire) = await StartAsync(new Interception.Delay(TimeSpan.FromMilliseconds(300)));
        await using var _ = broker;
        await using var __ = wire;
        var watch = Stopwatch.StartNew();

        Assert.Equal(ErrorCode.None, (await wire.ProduceAsync("t", Batches.Of(1))).Error);

        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(290));
    }

    [Fact]
    public async Task Failed_request_answers_the_error_and_does_nothing()
    {
        var (broker, wire) = await StartAsync(new Interception.Fail(ErrorCode.NotLeaderOrFollower));
        await using var _ = broker;
        await using var __ = wire;

        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await wire.ProduceAsync("t", Batches.Of(1))).Error);
        Assert.Equal(0, broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Closed_connection_leaves_the_request_done_or_undone(bool isAfter, long records)
    {
        var (broker, wire) = await StartAsync(isAfter ? new Interception.CloseAfter() : new Interception.Close());
        await using var _ = broker;
        await using var __ = wire;

        await wire.SendAsync(ApiKey.Produce, 8, Batches.Produce("t", 0, Batches.Of(1)));

        Assert.Null(await wire.ReceiveFrameAsync());
        Assert.Equal(records, broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public async Task One_partition_can_fail_while_the_others_work()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Interceptor = new FirstPartitionFails() });
        await broker.CreateTopicAsync("t", partitions: 2);
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await wire.ProduceAsync("t", Batches.Of(1), partition: 0)).Error);
        Assert.Equal(ErrorCode.None, (await wire.ProduceAsync("t", Batches.Of(1), partition: 1)).Error);
    }

    private static async Task<(TestBroker Broker, WireClient Wire)> StartAsync(Interception interception)
    {
        var broker = await TestBroker.StartAsync(o => o with { Interceptor = new OnProduce(interception) });
        await broker.CreateTopicAsync("t");
        return (broker, await WireClient.ConnectAsync(broker));
    }

    private sealed class OnProduce(Interception interception) : IInterceptor
    {
        public Interception? OnRequest(ApiKey api, object request, string? clientId) =>
            api == ApiKey.Produce ? interception : null;
    }

    private sealed class FirstPartitionFails : IInterceptor
    {
        public Interception? OnRequest(ApiKey api, object request, string? clientId) => null;

        public ErrorCode OnPartition(ApiKey api, string topic, int partition) =>
            partition == 0 ? ErrorCode.NotLeaderOrFollower : ErrorCode.None;
    }
}
