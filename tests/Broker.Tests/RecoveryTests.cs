using Alloc.Broker;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Broker.Tests;

/// <summary>
/// Starts on what a crash left: the data directory is copied while the broker runs, as a kill would leave it, and the
/// copy is changed as the test wants.
/// </summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly string copy = TestBroker.NewDirectory();

    public void Dispose() => Directory.Delete(copy, recursive: true);

    [Fact]
    public async Task All_that_was_answered_is_there_after_a_kill()
    {
        await using (var broker = await WriteAsync(batchCount: 50))
        {
            Copy(broker);
        }

        await using var recovered = await StartCopyAsync();

        Assert.Equal(500, recovered.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
        Assert.Equal(50, (await ReadAllAsync(recovered)).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(61)]
    [InlineData(100)]
    public async Task Torn_tail_is_cut_and_the_log_goes_on(int missingBytes)
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            Copy(broker);
        }
        Change(file => file.SetLength(file.Length - missingBytes));

        await using var recovered = await StartCopyAsync();
        await using var wire = await WireClient.ConnectAsync(recovered);

        Assert.Equal((ErrorCode.None, 40L), await wire.ProduceAsync("t", Batches.Of(1)));
        Assert.Equal([0L, 10L, 20L, 30L, 40L], await ReadAllAsync(recovered));
    }

    [Fact]
    public async Task Garbage_after_the_last_batch_is_cut()
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            Copy(broker);
        }
        Change(file =>
        {
            file.Position = file.Length;
            file.Write(new byte[5000]);
        });

        await using var recovered = await StartCopyAsync();

        Assert.Equal(50, recovered.Broker.Core.Topics.Find("t", 0)!.HighWatermark);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(80)]
    public async Task Damage_before_good_records_refuses_to_start_and_names_the_file(int position)
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            Copy(broker);
        }
        Change(file => Flip(file, position));

        var refusal = await Assert.ThrowsAsync<BrokerStartException>(StartCopyAsync);

        Assert.Contains("00000000000000000000.log is damaged at byte 0", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("backup", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damage_before_a_checkpoint_refuses_to_start()
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            await broker.Broker.StopAsync();
            Copy(broker);
        }
        Change(file => Flip(file, 200));

        await Assert.ThrowsAsync<BrokerStartException>(StartCopyAsync);
    }

    [Fact]
    public async Task Segment_shorter_than_its_checkpoint_refuses_to_start()
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            await broker.Broker.StopAsync();
            Copy(broker);
        }
        Change(file => file.SetLength(file.Length - 10));

        await Assert.ThrowsAsync<BrokerStartException>(StartCopyAsync);
    }

    [Fact]
    public async Task Hole_in_what_was_not_synced_is_cut_after_the_machine_restarted()
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            Copy(broker);
        }
        var size = new FileInfo(SegmentFile).Length;
        Change(file =>
        {
            file.Position = size / 5 * 2;
            file.Write(new byte[50]);
        });
        var identity = Path.Combine(copy, "broker.json");
        await File.WriteAllTextAsync(identity, (await File.ReadAllTextAsync(identity)).Replace(
            (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id")).Trim(), "another-boot",
            StringComparison.Ordinal));

        await using var recovered = await StartCopyAsync();

        Assert.Equal(RecoveryMode.NewBoot, recovered.Broker.Core.RecoveryMode);
        Assert.Equal([0L, 10L], await ReadAllAsync(recovered));
    }

    [Fact]
    public async Task Damaged_checkpoint_only_costs_time()
    {
        await using (var broker = await WriteAsync(batchCount: 5))
        {
            await broker.Broker.StopAsync();
            Copy(broker);
        }
        var checkpoint = Path.Combine(copy, "topics", "t", "0", "checkpoint");
        var bytes = await File.ReadAllBytesAsync(checkpoint);
        bytes[20] ^= 1;
        await File.WriteAllBytesAsync(checkpoint, bytes);

        await using var recovered = await StartCopyAsync();

        Assert.Equal(5, (await ReadAllAsync(recovered)).Count);
    }

    [Fact]
    public async Task Topic_that_was_half_made_is_not_there()
    {
        Directory.CreateDirectory(Path.Combine(copy, "topics", "half", "0"));

        await using var broker = await StartCopyAsync();

        Assert.Empty(broker.Broker.Core.Topics.All);
        await broker.CreateTopicAsync("half");
    }

    [Fact]
    public async Task Producers_and_segments_come_back_from_a_checkpoint_and_what_follows_it()
    {
        await using (var broker = await TestBroker.StartAsync())
        {
            await broker.CreateTopicAsync("t", configs: new() { ["segment.bytes"] = "3000" });
            await using var wire = await WireClient.ConnectAsync(broker);
            for (var number = 0; number < 40; number++)
            {
                if (number == 30)
                {
                    await CheckpointAsync(broker);
                }
                await wire.ProduceAsync("t", Batches.Of(1, producerId: 9, epoch: 3, sequence: number, valueSize: 300));
            }
            Copy(broker);
        }

        await using var recovered = await StartCopyAsync();
        await using var client = await WireClient.ConnectAsync(recovered);

        Assert.Equal((ErrorCode.None, 39L), await client.ProduceAsync("t", Batches.Of(1, 9, 3, 39, valueSize: 300)));
        Assert.Equal((ErrorCode.None, 40L), await client.ProduceAsync("t", Batches.Of(1, 9, 3, 40, valueSize: 300)));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await client.ProduceAsync("t", Batches.Of(1, 9, 2, 41))).Error);
        Assert.Equal(41, (await ReadAllAsync(recovered)).Count);
    }

    private static async Task CheckpointAsync(TestBroker broker)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await broker.OnLoopAsync(() =>
        {
            broker.Broker.Core.Housekeeping.CheckpointAll(done.SetResult);
            return true;
        });
        await done.Task;
    }

    private string SegmentFile => Path.Combine(copy, "topics", "t", "0", Segment.NameOf(0));

    private static async Task<TestBroker> WriteAsync(int batchCount)
    {
        var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);
        for (var number = 0; number < batchCount; number++)
        {
            await wire.ProduceAsync("t", Batches.Of(10));
        }
        return broker;
    }

    private static async Task<List<long>> ReadAllAsync(TestBroker broker)
    {
        await using var wire = await WireClient.ConnectAsync(broker);
        var offsets = new List<long>();
        var end = broker.Broker.Core.Topics.Find("t", 0)!.HighWatermark;
        for (long next = 0; next < end;)
        {
            var fetched = await wire.FetchAsync("t", next);
            offsets.AddRange(fetched.BaseOffsets);
            next = fetched.BaseOffsets[^1] + new RecordBatch(
                fetched.Records.AsSpan(LastBatch(fetched.Records))).LastOffsetDelta + 1;
        }
        return offsets;
    }

    private static int LastBatch(byte[] records)
    {
        var position = 0;
        while (position + new RecordBatch(records.AsSpan(position)).Size < records.Length)
        {
            position += new RecordBatch(records.AsSpan(position)).Size;
        }
        return position;
    }

    private static void Flip(FileStream file, int position)
    {
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 0x10));
    }

    private Task<TestBroker> StartCopyAsync() => TestBroker.StartAsync(o => o with { DataDirectory = copy });

    private void Change(Action<FileStream> change)
    {
        using var file = new FileStream(SegmentFile, FileMode.Open, FileAccess.ReadWrite);
        change(file);
    }

    private void Copy(TestBroker broker)
    {
        foreach (var file in Directory.GetFiles(broker.Options.DataDirectory, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) == "lock")
            {
                continue;
            }
            var target = Path.Combine(copy, Path.GetRelativePath(broker.Options.DataDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var source = new FileStream(
                file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var sink = File.Create(target);
            source.CopyTo(sink);
        }
    }
}
