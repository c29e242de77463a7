using Alloc.Broker;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;
using Microsoft.Win32.SafeHandles;

namespace Broker.Tests;

/// <summary>A disk that is full, fails or belongs to somebody else; a port that is taken.</summary>
public sealed class DiskFailureTests
{
    [Fact]
    public async Task Full_disk_is_a_clear_error_and_nothing_is_lost()
    {
        var disk = new FaultyDisk();
        await using var broker = await TestBroker.StartAsync(o => o with { Disk = disk });
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);
        await wire.ProduceAsync("t", Batches.Of(3));

        disk.IsFull = true;
        var refused = await wire.ProduceAsync("t", Batches.Of(3));
        disk.IsFull = false;
        var accepted = await wire.ProduceAsync("t", Batches.Of(3));

        Assert.Equal(ErrorCode.KafkaStorageError, refused.Error);
        Assert.Equal((ErrorCode.None, 3L), accepted);
        Assert.Equal([0L, 3L], (await wire.FetchAsync("t", 0)).BaseOffsets);
        await broker.RestartAsync();
        await using var again = await WireClient.ConnectAsync(broker);
        Assert.Equal([0L, 3L], (await again.FetchAsync("t", 0)).BaseOffsets);
    }

    [Fact]
    public async Task Refused_batch_of_an_idempotent_producer_is_taken_when_it_is_sent_again()
    {
        var disk = new FaultyDisk();
        await using var broker = await TestBroker.StartAsync(o => o with { Disk = disk });
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);
        await wire.ProduceAsync("t", Batches.Of(1, producerId: 5, epoch: 0, sequence: 0));

        disk.IsFull = true;
        await wire.ProduceAsync("t", Batches.Of(1, producerId: 5, epoch: 0, sequence: 1));
        disk.IsFull = false;

        Assert.Equal(
            (ErrorCode.None, 1L), await wire.ProduceAsync("t", Batches.Of(1, producerId: 5, epoch: 0, sequence: 1)));
    }

    [Fact]
    public async Task Full_disk_makes_no_topic()
    {
        var disk = new FaultyDisk();
        await using var broker = await TestBroker.StartAsync(o => o with { Disk = disk });

        disk.IsFull = true;
        await Assert.ThrowsAsync<StorageException>(() => broker.CreateTopicAsync("t"));
        disk.IsFull = false;

        Assert.Null(broker.Broker.Core.Topics.Find("t"));
        await broker.CreateTopicAsync("t");
    }

    [Fact]
    public async Task Failed_fsync_stops_the_broker_and_answers_nothing()
    {
        var disk = new FaultyDisk();
        var fault = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var broker = await TestBroker.StartAsync(
            o => o with { Disk = disk, Durability = DurabilityMode.Commit, OnFault = fault.SetResult });
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        disk.FailsSync = true;
        await wire.SendAsync(ApiKey.Produce, 8, Batches.Produce("t", 0, Batches.Of(1)));
        var reason = await fault.Task.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Contains("fsync failed", reason.Message, StringComparison.Ordinal);
        Assert.Null(await wire.ReceiveFrameAsync());
    }

    [Fact]
    public async Task Host_may_stop_the_broker_from_within_the_fault()
    {
        var disk = new FaultyDisk();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestBroker? broker = null;
        broker = await TestBroker.StartAsync(o => o with
        {
            Disk = disk,
            Durability = DurabilityMode.Commit,
            OnFault = _ =>
            {
                broker!.Broker.StopAsync().GetAwaiter().GetResult();
                stopped.SetResult();
            },
        });
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);

        disk.FailsSync = true;
        await wire.SendAsync(ApiKey.Produce, 8, Batches.Produce("t", 0, Batches.Of(1)));

        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await broker.DisposeAsync();
    }

    [Theory]
    [InlineData(DurabilityMode.Os, -1, false)]
    [InlineData(DurabilityMode.Commit, 1, false)]
    [InlineData(DurabilityMode.Commit, -1, true)]
    [InlineData(DurabilityMode.Always, 1, true)]
    [InlineData(DurabilityMode.Always, -1, true)]
    public async Task Answer_waits_for_the_disk_as_the_mode_says(DurabilityMode mode, short acks, bool waits)
    {
        var disk = new FaultyDisk();
        await using var broker = await TestBroker.StartAsync(o => o with { Disk = disk, Durability = mode });
        await broker.CreateTopicAsync("t");
        await using var wire = await WireClient.ConnectAsync(broker);
        var before = disk.SyncCount;

        await wire.ProduceAsync("t", Batches.Of(1), acks: acks);

        Assert.Equal(waits, disk.SyncCount > before);
    }

    [Fact]
    public async Task Second_broker_on_a_directory_is_refused()
    {
        await using var broker = await TestBroker.StartAsync();

        var refusal = await Assert.ThrowsAsync<BrokerStartException>(
            () => TestBroker.StartAsync(o => o with { DataDirectory = broker.Options.DataDirectory }));

        Assert.Contains("in use by another process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_in_use_is_refused_with_a_remedy_and_the_directory_is_free_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var directory = TestBroker.NewDirectory();

        var refusal = await Assert.ThrowsAsync<BrokerStartException>(
            () => TestBroker.StartAsync(o => o with { DataDirectory = directory, Port = broker.Broker.Port }));

        Assert.Contains($"Port {broker.Broker.Port}", refusal.Message, StringComparison.Ordinal);
        await using (await TestBroker.StartAsync(o => o with { DataDirectory = directory }))
        {
        }
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("not an address")]
    public async Task Open_address_without_credentials_and_certificate_is_refused(string host)
    {
        var refusal = await Assert.ThrowsAsync<BrokerStartException>(
            () => TestBroker.StartAsync(o => o with { Host = host }));

        Assert.NotEmpty(refusal.Message);
    }

    private sealed class FaultyDisk : Disk
    {
        private int syncCount;

        public bool IsFull { get; set; }

        public bool FailsSync { get; set; }

        public int SyncCount => Volatile.Read(ref syncCount);

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
        {
            if (IsFull)
            {
                // A full disk takes a part.
                base.Write(file, bytes[..(bytes.Length / 2)], position);
                throw new IOException("No space left on device");
            }
            base.Write(file, bytes, position);
        }

        public override void Sync(SafeFileHandle file)
        {
            Interlocked.Increment(ref syncCount);
            if (FailsSync)
            {
                throw new IOException("Input/output error");
            }
            base.Sync(file);
        }
    }
}
