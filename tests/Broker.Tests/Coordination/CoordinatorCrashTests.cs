using Alloc.Broker;
using Alloc.Broker.Storage;
using Alloc.Broker.Transactions;
using Confluent.Kafka;
using Microsoft.Win32.SafeHandles;
using static Broker.Tests.Clients.ConfluentClients;

namespace Broker.Tests.Coordination;

/// <summary>What groups and transactions are after kill -9 at a chosen moment.</summary>
public sealed class CoordinatorCrashTests
{
    private const string Journal = "coordinators";
    private const string Segments = "topics";

    [Fact]
    public async Task Crash_between_decision_and_markers_commits_records_and_offsets()
    {
        var disk = new HeldDisk();
        await using var broker = await StartAsync(disk);
        using var producer = await BeginAsync(broker);
        var release = disk.Hold(Journal);
        var commit = Task.Run(() => producer.CommitTransaction(Patience), TestContext.Current.CancellationToken);
        await UntilAsync(broker, () =>
            broker.Broker.Core.Coordinators.Transactions.Find("tx")!.State == TransactionState.PrepareCommit);

        using var image = await CrashImage.TakeAsync(broker);
        release.SetResult();
        await commit;

        await using var recovered = await image.StartAsync();
        Assert.Equal(
            TransactionState.CompleteCommit, recovered.Broker.Core.Coordinators.Transactions.Find("tx")!.State);
        Assert.Equal(["record"], ReadAll(recovered, "out"));
        Assert.Equal(7, Committed(recovered, "g", "in"));
    }

    [Fact]
    public async Task Crash_before_the_decision_leaves_offsets_pending_until_the_successor_aborts()
    {
        var disk = new HeldDisk();
        await using var broker = await StartAsync(disk);
        using var producer = await BeginAsync(broker);
        var release = disk.Hold(Segments);
        var commit = Task.Run(() => producer.CommitTransaction(Patience), TestContext.Current.CancellationToken);
        Until(() => disk.IsHolding);

        using var image = await CrashImage.TakeAsync(broker);
        release.SetResult();
        await commit;

        await using var recovered = await image.StartAsync();
        var groups = recovered.Broker.Core.Coordinators.Groups;
        var partition = new Alloc.Broker.TopicPartition("in", 0);
        Assert.Equal(Alloc.Broker.Protocol.ErrorCode.UnstableOffsetCommit,
            groups.Fetch("g", [partition], requireStable: true)[0].Error);
        using (Transactional(recovered, "tx"))
        {
            Assert.Equal(-1, groups.Fetch("g", [partition], requireStable: true)[0].Offset);
        }

        Assert.Empty(ReadAll(recovered, "out"));
    }

    [Fact]
    public async Task Open_transaction_is_aborted_when_the_machine_restarted()
    {
        await using var broker = await StartAsync(new HeldDisk());
        using var producer = await BeginAsync(broker);
        using var image = await CrashImage.TakeAsync(broker);
        image.PretendNewBoot();

        await using var recovered = await image.StartAsync();

        Assert.Equal(TransactionState.CompleteAbort, recovered.Broker.Core.Coordinators.Transactions.Find("tx")!.State);
        Assert.Empty(ReadAll(recovered, "out"));
        Assert.Equal(-1, Committed(recovered, "g", "in"));
    }

    [Fact]
    public async Task Transaction_that_only_the_log_knows_of_is_aborted()
    {
        await using var broker = await StartAsync(new HeldDisk());
        using var producer = await BeginAsync(broker);
        using var image = await CrashImage.TakeAsync(broker);
        image.PretendNewBoot();
        Directory.Delete(Path.Combine(image.DataDirectory, Journal), recursive: true);

        await using var recovered = await image.StartAsync();

        Assert.Empty(ReadAll(recovered, "out"));
        using var successor = Transactional(recovered, "tx");
        var highest = await recovered.Broker.Core.Loop.RunAsync(
            () => recovered.Broker.Core.Topics.Find("out", 0)!.Producers.All.Max(p => p.ProducerId));
        Assert.True(recovered.Broker.Core.Coordinators.Transactions.Find("tx")!.ProducerId > highest);
    }

    [Fact]
    public async Task Damaged_journal_refuses_to_start_and_says_which_file()
    {
        await using var broker = await StartAsync(new HeldDisk());
        using var producer = await BeginAsync(broker);
        using var image = await CrashImage.TakeAsync(broker);
        var journal = Directory.GetFiles(Path.Combine(image.DataDirectory, Journal)).Single();
        var bytes = await File.ReadAllBytesAsync(journal, TestContext.Current.CancellationToken);
        bytes[60] ^= 1;
        await File.WriteAllBytesAsync(journal, bytes, TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<BrokerStartException>(image.StartAsync);

        Assert.Contains("state-", refused.Message, StringComparison.Ordinal);
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Committed_offset_equals_committed_records_at_any_moment(int seed)
    {
        await using var broker = await StartAsync(new HeldDisk());
        using var stop = new CancellationTokenSource();
        var work = Task.Run(() => WorkUntil(broker, stop.Token), TestContext.Current.CancellationToken);
        var random = new Random(seed);

        for (var moment = 0; moment < 6; moment++)
        {
            var log = broker.Broker.Core.Topics.Find("out", 0)!;
            var enough = log.HighWatermark + random.Next(1, 40);
            await UntilAsync(broker, () => log.HighWatermark >= enough);
            using var image = await CrashImage.TakeAsync(broker);
            await using var recovered = await image.StartAsync();
            using var successor = Transactional(recovered, "tx");

            var records = ReadAll(recovered, "out");
            Assert.Equal(Enumerable.Range(1, records.Count).Select(n => $"{n}"), records);
            Assert.Equal(records.Count, long.Max(0, Committed(recovered, "g", "in")));
        }

        await stop.CancelAsync();
        await work;
    }

    private static async Task<TestBroker> StartAsync(Disk disk)
    {
        var broker = await TestBroker.StartAsync(
            options => options with { Durability = DurabilityMode.Commit, Disk = disk });
        await CreateTopicAsync(broker, "in");
        await CreateTopicAsync(broker, "out");
        return broker;
    }

    /// <summary>A producer with a record and an offset in its open transaction.</summary>
    private static async Task<IProducer<string, string>> BeginAsync(TestBroker broker)
    {
        using var consumer = Consumer(broker, "g");
        var producer = Transactional(broker, "tx");
        producer.BeginTransaction();
        Send(producer, "out", 0, "record");
        await Task.Run(() => producer.Flush(Patience));
        producer.SendOffsetsToTransaction(
            [new TopicPartitionOffset("in", 0, 7)], consumer.ConsumerGroupMetadata, Patience);
        return producer;
    }

    private static void WorkUntil(TestBroker broker, CancellationToken stop)
    {
        using var consumer = Consumer(broker, "g");
        using var producer = Transactional(broker, "tx");
        for (var number = 1; !stop.IsCancellationRequested; number++)
        {
            producer.BeginTransaction();
            Send(producer, "out", 0, $"{number}");
            producer.SendOffsetsToTransaction(
                [new TopicPartitionOffset("in", 0, number)], consumer.ConsumerGroupMetadata, Patience);
            producer.CommitTransaction(Patience);
        }
    }

    private static async Task UntilAsync(TestBroker broker, Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await broker.OnLoopAsync(condition))
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>A disk whose next sync of a file below a folder waits until it is let go.</summary>
    private sealed class HeldDisk : Disk
    {
        private volatile string folder = "";
        private TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool isHolding;

        public bool IsHolding => isHolding;

        public TaskCompletionSource Hold(string below)
        {
            release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            folder = below;
            return release;
        }

        public override void Sync(SafeFileHandle file)
        {
            var path = new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget ?? "";
            if (folder.Length > 0 && path.Contains($"/{folder}/", StringComparison.Ordinal))
            {
                isHolding = true;
                folder = "";
                release.Task.Wait();
            }

            base.Sync(file);
        }
    }
}
