using System.Text;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Broker.Tests;

/// <summary>What compaction keeps, and that readers, producers and restarts do not notice it.</summary>
public sealed class CompactionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData((int)CompressionCodec.None)]
    [InlineData((int)CompressionCodec.Gzip)]
    [InlineData((int)CompressionCodec.Snappy)]
    [InlineData((int)CompressionCodec.Lz4)]
    [InlineData((int)CompressionCodec.Zstd)]
    public async Task Last_value_of_each_key_stays_at_its_offset(int codec)
    {
        await using var broker = await StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        for (var round = 0; round < 50; round++)
        {
            await wire.ProduceAsync(
                "t", Batches.Compressed(Batches.Of(10, timestampMs: round, valueSize: 20), (CompressionCodec)codec));
        }
        var before = await FoldAsync(wire, broker);

        await CompactAsync(broker);

        Assert.Equal(before, await FoldAsync(wire, broker));
        Assert.True(await CountAsync(wire, broker) < 200);
        await broker.RestartAsync();
        await using var again = await WireClient.ConnectAsync(broker);
        Assert.Equal(before, await FoldAsync(again, broker));
        Assert.Equal((ErrorCode.None, 500L), await again.ProduceAsync("t", Batches.Of(1)));
    }

    [Fact]
    public async Task Aborted_records_go_and_committed_ones_stay_readable_as_committed()
    {
        await using var broker = await StartAsync();
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        for (var round = 0; round < 30; round++)
        {
            await AppendAsync(broker, log, 1, round, "committed", isCommit: true);
            await AppendAsync(broker, log, 2, round, "aborted", isCommit: false);
        }
        await using var wire = await WireClient.ConnectAsync(broker);

        await CompactAsync(broker);

        var fetched = await wire.FetchAsync("t", 0, isReadCommitted: true, partitionMaxBytes: 10 << 20);
        Assert.DoesNotContain(fetched.Aborted, a => a.FirstOffset < log.CleanedUpTo);
        Assert.DoesNotContain("aborted", Keys(fetched.Records, below: log.CleanedUpTo));
        Assert.Contains("committed", (await FoldAsync(wire, broker)).Keys);
        await broker.RestartAsync();
        await using var again = await WireClient.ConnectAsync(broker);
        Assert.Equal(fetched.Aborted,
            (await again.FetchAsync("t", 0, isReadCommitted: true, partitionMaxBytes: 10 << 20)).Aborted);
    }

    [Fact]
    public async Task Sequences_of_producers_survive_even_without_a_checkpoint()
    {
        await using var broker = await StartAsync();
        await using (var wire = await WireClient.ConnectAsync(broker))
        {
            await wire.ProduceAsync("t", Batches.Of(1, producerId: 7, epoch: 0, sequence: 0, key: _ => "same"));
            for (var round = 0; round < 60; round++)
            {
                await wire.ProduceAsync("t", Batches.Of(1, key: _ => "same", valueSize: 100));
            }
        }

        await CompactAsync(broker);
        await broker.Broker.StopAsync();
        File.Delete(CheckpointFile.PathIn(broker.Broker.Core.Topics.Find("t", 0)?.Directory
            ?? Path.Combine(broker.Options.DataDirectory, "topics", "t", "0")));
        await broker.RestartAsync();

        await using var again = await WireClient.ConnectAsync(broker);
        Assert.Equal((ErrorCode.None, 0L), await again.ProduceAsync("t", Batches.Of(1, 7, 0, 0, key: _ => "same")));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await again.ProduceAsync("t", Batches.Of(1, 7, 0, 5))).Error);
    }

    [Fact]
    public async Task Old_tombstones_go_with_what_they_removed()
    {
        await using var broker = await StartAsync(new() { ["delete.retention.ms"] = "0" });
        await using var wire = await WireClient.ConnectAsync(broker);
        await wire.ProduceAsync("t", Batches.Of(1, key: _ => "gone"));
        await wire.ProduceAsync("t", Batches.Of([("gone", null)]));
        for (var round = 0; round < 60; round++)
        {
            await wire.ProduceAsync("t", Batches.Of(1, key: _ => "other", valueSize: 100));
        }

        await CompactAsync(broker);

        Assert.DoesNotContain(
            "gone", Keys((await wire.FetchAsync("t", 0, partitionMaxBytes: 10 << 20)).Records, long.MaxValue));
    }

    [Fact]
    public async Task Crash_between_the_decision_and_the_swap_ends_in_the_compacted_log()
    {
        await using var broker = await StartAsync();
        await using (var wire = await WireClient.ConnectAsync(broker))
        {
            for (var round = 0; round < 50; round++)
            {
                await wire.ProduceAsync("t", Batches.Of(10, valueSize: 20));
            }
        }
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        var task = await broker.OnLoopAsync(() => log.BeginCleaning(broker.Broker.Core.Loop.NowMs));
        using (var cleaner = new SegmentCleaner(new Disk(), task!))
        {
            cleaner.Run(CancellationToken.None);
        }

        await broker.RestartAsync();

        await using var again = await WireClient.ConnectAsync(broker);
        Assert.Equal(10, (await FoldAsync(again, broker)).Count);
        Assert.True(await CountAsync(again, broker) < 200);
    }

    [Fact]
    public async Task Full_segments_go_when_they_are_too_old_or_too_many()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync(
            "t", configs: new() { ["segment.bytes"] = "2000", ["retention.bytes"] = "4000", ["retention.ms"] = "-1" });
        await using var wire = await WireClient.ConnectAsync(broker);
        for (var number = 0; number < 30; number++)
        {
            await wire.ProduceAsync("t", Batches.Of(1, valueSize: 500));
        }
        var log = broker.Broker.Core.Topics.Find("t", 0)!;

        await TendAsync(broker);
        var afterSize = (log.StartOffset, log.SizeBytes);
        await broker.OnLoopAsync(
            () => log.Config = new TopicConfig(new Dictionary<string, string> { ["retention.ms"] = "1" }));
        await TendAsync(broker);

        Assert.InRange(afterSize.StartOffset, 15, 25);
        Assert.InRange(afterSize.SizeBytes, 4000, 8000);
        Assert.Equal((30L, 30L, 0L), (log.StartOffset, log.HighWatermark, log.SizeBytes));
        Assert.Equal((ErrorCode.None, 30L), await wire.ProduceAsync("t", Batches.Of(1)));
        Assert.Single(Directory.GetFiles(log.Directory, "*.log"));
    }

    private static async Task<TestBroker> StartAsync(Dictionary<string, string>? more = null)
    {
        var broker = await TestBroker.StartAsync(o => o with { HousekeepingInterval = TimeSpan.FromHours(1) });
        var configs = new Dictionary<string, string>
        {
            ["cleanup.policy"] = "compact",
            ["segment.bytes"] = "3000",
            ["min.cleanable.dirty.ratio"] = "0.01",
        };
        foreach (var (name, value) in more ?? [])
        {
            configs[name] = value;
        }
        await broker.CreateTopicAsync("t", configs: configs);
        return broker;
    }

    private static Task TendAsync(TestBroker broker) => broker.OnLoopAsync(() =>
    {
        broker.Broker.Core.Housekeeping.Round();
        return true;
    });

    private static async Task CompactAsync(TestBroker broker)
    {
        var log = broker.Broker.Core.Topics.Find("t", 0)!;
        var goal = await broker.OnLoopAsync(() => log.Segments[^1].BaseOffset);
        await TendAsync(broker);
        using var deadline = new CancellationTokenSource(Patience);
        while (await broker.OnLoopAsync(() => log.CleanedUpTo) < goal)
        {
            Assert.False(deadline.IsCancellationRequested, "compaction did not finish");
            await Task.Yield();
        }
    }

    private static async Task AppendAsync(
        TestBroker broker, PartitionLog log, long producer, int sequence, string key, bool isCommit) =>
        await broker.OnLoopAsync(() =>
        {
            log.AppendBatch(Batches.Of(1, producer, 0, sequence, isTransactional: true, key: _ => key, valueSize: 50));
            return log.AppendMarker(new ProducerIdentity(producer, 0), 0, isCommit);
        });

    private static async Task<int> CountAsync(WireClient wire, TestBroker broker)
    {
        var count = 0;
        await EachBatchAsync(wire, broker, batch => count += batch.RecordCount);
        return count;
    }

    /// <summary>Key to the offset and time of its last value.</summary>
    private static async Task<SortedDictionary<string, (long Offset, long TimestampMs)>> FoldAsync(
        WireClient wire, TestBroker broker)
    {
        var state = new SortedDictionary<string, (long, long)>(StringComparer.Ordinal);
        await EachBatchAsync(wire, broker, batch =>
        {
            Assert.True(batch.HasValidChecksum);
            var cursor = new RecordCursor(Batches.Opened(batch));
            while (!batch.IsControl && cursor.MoveNext())
            {
                state[Encoding.UTF8.GetString(cursor.Key)] = (batch.BaseOffset + cursor.OffsetDelta,
                    batch.BaseTimestampMs);
            }
        });
        return state;
    }

    private static async Task EachBatchAsync(WireClient wire, TestBroker broker, Action<RecordBatch> visit)
    {
        var end = broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark;
        for (long next = 0; next < end;)
        {
            var records = (await wire.FetchAsync("t", next, partitionMaxBytes: 10 << 20)).Records;
            Assert.NotEmpty(records);
            for (var position = 0; position < records.Length;)
            {
                var batch = new RecordBatch(records.AsSpan(position));
                visit(batch);
                next = batch.LastOffset + 1;
                position += batch.Size;
            }
        }
    }

    private static List<string> Keys(byte[] records, long below)
    {
        var keys = new List<string>();
        for (var position = 0; position < records.Length;)
        {
            var batch = new RecordBatch(records.AsSpan(position));
            var cursor = new RecordCursor(batch.Records);
            while (!batch.IsControl && batch.BaseOffset < below && cursor.MoveNext())
            {
                keys.Add(Encoding.UTF8.GetString(cursor.Key));
            }
            position += batch.Size;
        }
        return keys;
    }
}
