using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Broker.Tests;

/// <summary>What readers get, when, and what stays hidden from them.</summary>
public sealed class FetchTests
{
    [Fact]
    public async Task Fetch_at_the_end_waits_for_the_next_record()
    {
        await using var broker = await StartAsync();
        await using var reader = await WireClient.ConnectAsync(broker);
        await using var writer = await WireClient.ConnectAsync(broker);

        var fetching = reader.FetchAsync("t", 0, maxWaitMs: 20_000);
        await writer.ProduceAsync("t", Batches.Of(2));

        Assert.Equal([0L], (await fetching).BaseOffsets);
    }

    [Fact]
    public async Task Fetch_returns_empty_when_its_time_is_over()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        var fetched = await wire.FetchAsync("t", 0, maxWaitMs: 50);

        Assert.Equal((ErrorCode.None, 0), (fetched.Error, fetched.Records.Length));
    }

    [Fact]
    public async Task Fetch_waits_until_min_bytes_are_there()
    {
        await using var broker = await StartAsync();
        await using var reader = await WireClient.ConnectAsync(broker);
        await using var writer = await WireClient.ConnectAsync(broker);
        var batch = Batches.Of(1, valueSize: 1000);

        var fetching = reader.FetchAsync("t", 0, maxWaitMs: 20_000, minBytes: batch.Length * 3);
        for (var number = 0; number < 3; number++)
        {
            Assert.False(fetching.IsCompleted);
            await writer.ProduceAsync("t", Batches.Of(1, valueSize: 1000));
        }

        Assert.Equal([0L, 1L, 2L], (await fetching).BaseOffsets);
    }

    [Fact]
    public async Task First_batch_comes_whole_however_small_the_limit()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        var batch = Batches.Of(1, valueSize: 50_000);
        await wire.ProduceAsync("t", Batches.Of(1, valueSize: 50_000));
        await wire.ProduceAsync("t", Batches.Of(1, valueSize: 50_000));

        var fetched = await wire.FetchAsync("t", 0, maxBytes: 100, partitionMaxBytes: 100);

        Assert.Equal(batch.Length, fetched.Records.Length);
    }

    [Fact]
    public async Task Only_whole_batches_come()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        var size = Batches.Of(1, valueSize: 1000).Length;
        for (var number = 0; number < 10; number++)
        {
            await wire.ProduceAsync("t", Batches.Of(1, valueSize: 1000));
        }

        var fetched = await wire.FetchAsync("t", 3, partitionMaxBytes: (size * 2) + 500);

        Assert.Equal([3L, 4L], fetched.BaseOffsets);
    }

    [Fact]
    public async Task Offset_inside_a_batch_brings_that_batch()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        await wire.ProduceAsync("t", Batches.Of(10));
        await wire.ProduceAsync("t", Batches.Of(10));

        Assert.Equal([10L], (await wire.FetchAsync("t", 15)).BaseOffsets);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(11)]
    [InlineData(long.MaxValue)]
    public async Task Offset_outside_the_log_is_refused(long offset)
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        await wire.ProduceAsync("t", Batches.Of(10));

        Assert.Equal(ErrorCode.OffsetOutOfRange, (await wire.FetchAsync("t", offset, maxWaitMs: 10_000)).Error);
    }

    [Fact]
    public async Task Every_offset_of_many_small_segments_is_found()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["segment.bytes"] = "2000" });
        await using var wire = await WireClient.ConnectAsync(broker);
        for (var number = 0; number < 100; number++)
        {
            await wire.ProduceAsync("t", Batches.Of(3, valueSize: 100));
        }

        await broker.RestartAsync();

        await using var reader = await WireClient.ConnectAsync(broker);
        for (var offset = 0; offset < 300; offset++)
        {
            Assert.Equal(offset / 3 * 3, (await reader.FetchAsync("t", offset)).BaseOffsets[0]);
        }
    }

    [Fact]
    public async Task Deleted_topic_ends_a_waiting_fetch_with_an_error()
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        var fetching = wire.FetchAsync("t", 0, maxWaitMs: 20_000);
        await broker.OnLoopAsync(() =>
        {
            broker.Broker.Core.Topics.Delete(broker.Broker.Core.Topics.Find("t")!);
            return true;
        });

        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await fetching).Error);
    }

    [Fact]
    public async Task Open_transaction_hides_what_follows_it_from_committed_readers()
    {
        await using var broker = await StartAsync();
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        await using var wire = await WireClient.ConnectAsync(broker);
        await wire.ProduceAsync("t", Batches.Of(2));
        await AppendAsync(broker, log, producerId: 1, sequence: 0, count: 3);
        await wire.ProduceAsync("t", Batches.Of(2));

        var committed = await wire.FetchAsync("t", 0, isReadCommitted: true);
        var all = await wire.FetchAsync("t", 0);

        Assert.Equal([0L], committed.BaseOffsets);
        Assert.Equal((2L, 7L), (committed.LastStableOffset, committed.HighWatermark));
        Assert.Equal([0L, 2L, 5L], all.BaseOffsets);
    }

    [Fact]
    public async Task Marker_wakes_a_committed_reader_that_waits()
    {
        await using var broker = await StartAsync();
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        await using var wire = await WireClient.ConnectAsync(broker);
        await AppendAsync(broker, log, producerId: 1, sequence: 0, count: 3);

        var fetching = wire.FetchAsync("t", 0, isReadCommitted: true, maxWaitMs: 20_000);
        await EndAsync(broker, log, producerId: 1, isCommit: true);

        Assert.Equal([0L, 3L], (await fetching).BaseOffsets);
    }

    [Fact]
    public async Task Aborted_list_holds_exactly_the_transactions_that_the_records_touch()
    {
        await using var broker = await StartAsync();
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        for (var round = 0; round < 3; round++)
        {
            // Offsets 0–1 aborted, 2–3 committed, 4–5 aborted, and so on; each marker takes the second offset.
            await AppendAsync(broker, log, producerId: 1, sequence: round * 2, count: 1);
            await EndAsync(broker, log, producerId: 1, isCommit: false);
            await AppendAsync(broker, log, producerId: 1, sequence: (round * 2) + 1, count: 1);
            await EndAsync(broker, log, producerId: 1, isCommit: true);
        }
        await using var wire = await WireClient.ConnectAsync(broker);

        async Task<List<(long, long)>> AbortedAsync(long offset, int maxBytes = 1 << 20) =>
            (await wire.FetchAsync("t", offset, isReadCommitted: true, partitionMaxBytes: maxBytes)).Aborted;

        Assert.Equal([(1, 0), (1, 4), (1, 8)], await AbortedAsync(0));
        Assert.Equal([(1, 0), (1, 4), (1, 8)], await AbortedAsync(1));
        Assert.Equal([(1, 4), (1, 8)], await AbortedAsync(2));
        Assert.Equal([], await AbortedAsync(10));
        Assert.Equal([(1, 0)], await AbortedAsync(0, maxBytes: 1));
        Assert.Equal([], await AbortedAsync(2, maxBytes: 1));
    }

    [Fact]
    public async Task Aborted_transactions_and_open_ones_are_known_after_a_restart()
    {
        await using var broker = await StartAsync();
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        await AppendAsync(broker, log, producerId: 1, sequence: 0, count: 2);
        await AppendAsync(broker, log, producerId: 2, sequence: 0, count: 2);
        await EndAsync(broker, log, producerId: 2, isCommit: false);
        await AppendAsync(broker, log, producerId: 2, sequence: 2, count: 1);
        await EndAsync(broker, log, producerId: 2, isCommit: true);
        await EndAsync(broker, log, producerId: 1, isCommit: false);

        await broker.RestartAsync();

        await using var wire = await WireClient.ConnectAsync(broker);
        var fetched = await wire.FetchAsync("t", 0, isReadCommitted: true);
        Assert.Equal([(1, 0), (2, 2)], fetched.Aborted);
        Assert.Equal(8, fetched.LastStableOffset);
    }

    private static async Task<TestBroker> StartAsync()
    {
        var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        return broker;
    }

    private static Task AppendAsync(TestBroker broker, PartitionLog log, long producerId, int sequence, int count) =>
        broker.OnLoopAsync(() => log.AppendBatch(Batches.Of(count, producerId, 0, sequence, isTransactional: true)));

    private static Task EndAsync(TestBroker broker, PartitionLog log, long producerId, bool isCommit) =>
        broker.OnLoopAsync(() => log.AppendMarker(new ProducerIdentity(producerId, 0), 0, isCommit));
}
