using Alloc.Broker.Protocol;
using Alloc.Broker.Transactions;
using static Broker.Tests.Transactions.TransactionFixture;

namespace Broker.Tests.Transactions;

public sealed class TransactionRecoveryTests
{
    private readonly TransactionFixture fixture = new();

    [Fact]
    public void Crash_before_the_decision_leaves_the_transaction_open_for_its_producer()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.IsSlow = true;
        fixture.End(producer, isCommit: true);

        var restarted = fixture.Restart();

        Assert.True(restarted.Transaction.IsOpen);
        Assert.Equal(ErrorCode.None, restarted.End(producer, isCommit: true).Answer);
        Assert.Equal("0/0 commit", restarted.Logs[A].Entries[^1]);
    }

    [Fact]
    public void Crash_after_the_decision_is_finished_at_the_start()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.Write(producer, B);
        fixture.Coordinator.AddGroup(producer, "g", fixture.NowMs);
        fixture.IsSlow = true;
        fixture.End(producer, isCommit: true);
        fixture.Sync();

        var restarted = fixture.Restart();

        Assert.Equal(TransactionState.CompleteCommit, restarted.Transaction.State);
        Assert.Equal("0/0 commit", restarted.Logs[A].Entries[^1]);
        Assert.Equal("0/0 commit", restarted.Logs[B].Entries[^1]);
        Assert.Equal([(0, true)], restarted.CompletedOffsets);
        Assert.Equal(ErrorCode.None, restarted.End(producer, isCommit: true).Answer);
    }

    [Fact]
    public void Crash_between_two_markers_writes_only_the_missing_one()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.Write(producer, B);
        fixture.IsSlow = true;
        fixture.End(producer, isCommit: true);
        fixture.Sync();
        fixture.Logs[A].Entries.Add("0/0 commit");

        var restarted = fixture.Restart();

        Assert.Equal(["0 data", "0/0 commit"], restarted.Logs[A].Entries);
        Assert.Equal(["0 data", "0/0 commit"], restarted.Logs[B].Entries);
    }

    [Fact]
    public void Offsets_that_were_completed_are_completed_again_from_the_records()
    {
        var producer = fixture.Init();
        fixture.Coordinator.AddGroup(producer, "g", fixture.NowMs);
        fixture.End(producer, isCommit: true);
        fixture.Coordinator.AddGroup(producer, "g", fixture.NowMs);
        fixture.End(producer, isCommit: false);

        Assert.Equal([(0, true), (0, false)], fixture.Restart().CompletedOffsets);
    }

    [Fact]
    public void Marker_that_never_reached_the_disk_is_written_again()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.End(producer, isCommit: true);
        fixture.Coordinator.AddPartitions(producer, [B], fixture.NowMs);
        fixture.Logs[A].Entries.RemoveAt(1);

        var restarted = fixture.Restart(abortOpen: true);

        Assert.Equal(["0 data", "0/0 commit"], restarted.Logs[A].Entries);
    }

    [Fact]
    public void Last_decision_is_not_applied_to_the_next_transaction()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.End(producer, isCommit: true);
        fixture.Write(producer, A);

        var restarted = fixture.Restart();

        Assert.Equal(["0 data", "0/0 commit", "0 data"], restarted.Logs[A].Entries);
        Assert.Equal(ErrorCode.None, restarted.End(producer, isCommit: false).Answer);
        Assert.Equal("0/0 abort", restarted.Logs[A].Entries[^1]);
    }

    [Fact]
    public void Decision_replaces_the_one_before_when_its_markers_are_durable()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.End(producer, isCommit: true);
        fixture.Write(producer, B);
        fixture.Synced.Clear();

        fixture.End(producer, isCommit: true);

        Assert.Equal(new[] { A, B }, fixture.Synced.Order(Comparer<Alloc.Broker.TopicPartition>.Create(
            (x, y) => string.CompareOrdinal(x.Topic, y.Topic))));
    }

    [Fact]
    public void Open_transaction_is_aborted_after_the_machine_restarted()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);

        var restarted = fixture.Restart(abortOpen: true);

        Assert.Equal("0/1 abort", restarted.Logs[A].Entries[^1]);
        Assert.Equal(ErrorCode.ProducerFenced, restarted.End(producer, isCommit: true).Answer);
    }

    [Fact]
    public void Snapshot_is_recovered_like_the_records_it_replaces()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.Coordinator.AddGroup(producer, "g", fixture.NowMs);
        fixture.IsSlow = true;
        fixture.End(producer, isCommit: true);
        fixture.Sync();
        var snapshot = new Coordination.MemoryJournal();
        fixture.Coordinator.WriteSnapshot(snapshot);

        var restarted = new TransactionFixture(snapshot, fixture.Logs);
        restarted.Coordinator.FinishAfterRecovery(fixture.NowMs, abortOpen: false, highestProducerId: -1);

        Assert.Equal("0/0 commit", restarted.Logs[A].Entries[^1]);
        Assert.Equal([(0, true)], restarted.CompletedOffsets);
        Assert.True(restarted.TryInit(id: null)!.Value.ProducerId > producer.ProducerId);
    }

    [Fact]
    public void Producer_ids_found_in_the_logs_are_never_given_out_again()
    {
        fixture.Coordinator.FinishAfterRecovery(fixture.NowMs, abortOpen: false, highestProducerId: 5_000);

        Assert.Equal(5_001, fixture.TryInit(id: null)!.Value.ProducerId);
    }
}
