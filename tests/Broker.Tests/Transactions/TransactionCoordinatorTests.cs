using Alloc.Broker.Protocol;
using Alloc.Broker.Transactions;
using static Broker.Tests.Transactions.TransactionFixture;

namespace Broker.Tests.Transactions;

public sealed class TransactionCoordinatorTests
{
    private readonly TransactionFixture fixture = new();

    [Fact]
    public void Idempotent_producers_get_ids_that_were_never_given_out()
    {
        var first = fixture.TryInit(id: null)!.Value;
        var second = fixture.TryInit(id: null)!.Value;

        var afterRestart = fixture.Restart().TryInit(id: null)!.Value;

        Assert.Equal(0, first.Epoch);
        Assert.Equal(3, new[] { first.ProducerId, second.ProducerId, afterRestart.ProducerId }.Distinct().Count());
        Assert.True(afterRestart.ProducerId > second.ProducerId);
    }

    [Fact]
    public void Each_initialisation_raises_the_epoch_and_fences_the_producer_before()
    {
        var first = fixture.Init();
        var second = fixture.Init();

        Assert.Equal(first.ProducerId, second.ProducerId);
        Assert.Equal(first.Epoch + 1, second.Epoch);
        Assert.Equal(ErrorCode.ProducerFenced, fixture.Write(first, A));
        Assert.Equal(ErrorCode.ProducerFenced, fixture.End(first, isCommit: true).Answer);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, fixture.Coordinator.CheckAppend(first.ProducerId, first.Epoch, A));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, fixture.Coordinator.CheckGroup(first, "g"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(900_001)]
    public void Time_out_of_range_is_refused(int timeoutMs) =>
        Assert.Equal(ErrorCode.InvalidTransactionTimeout, fixture.TryInit(timeoutMs: timeoutMs)!.Value.Error);

    [Fact]
    public void Empty_transactional_id_is_refused() =>
        Assert.Equal(ErrorCode.InvalidRequest, fixture.TryInit(id: "")!.Value.Error);

    [Fact]
    public void Wrong_producer_id_is_no_mapping()
    {
        var producer = fixture.Init();

        Assert.Equal(ErrorCode.InvalidProducerIdMapping, fixture.Write(producer with { ProducerId = 99 }, A));
        Assert.Equal(ErrorCode.InvalidProducerIdMapping, fixture.Write(producer with { TransactionalId = "x" }, A));
        Assert.Equal(ErrorCode.InvalidProducerIdMapping, fixture.Coordinator.CheckAppend(99, 0, A));
    }

    [Fact]
    public void Commit_writes_a_marker_to_each_partition_that_was_written()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.Coordinator.AddPartitions(producer, [B], fixture.NowMs);
        fixture.Coordinator.AddGroup(producer, "g", fixture.NowMs);

        var end = fixture.End(producer, isCommit: true);

        Assert.Equal(ErrorCode.None, end.Answer);
        Assert.Equal(["0 data", "0/0 commit"], fixture.Logs[A].Entries);
        Assert.Empty(fixture.Logs[B].Entries);
        Assert.Equal([(0, true)], fixture.CompletedOffsets);
        Assert.Equal(TransactionState.CompleteCommit, fixture.Transaction.State);
    }

    [Fact]
    public void Repeated_end_is_success_and_the_opposite_one_is_not()
    {
        var producer = fixture.Init();
        Assert.Equal(ErrorCode.InvalidTxnState, fixture.End(producer, isCommit: true).Answer);
        fixture.Write(producer, A);
        fixture.End(producer, isCommit: true);

        Assert.Equal(ErrorCode.None, fixture.End(producer, isCommit: true).Answer);
        Assert.Equal(ErrorCode.InvalidTxnState, fixture.End(producer, isCommit: false).Answer);
        Assert.Equal(2, fixture.Logs[A].Entries.Count);
    }

    [Fact]
    public void Answer_comes_after_data_then_decision_are_durable_and_markers_are_written()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.IsSlow = true;

        var end = fixture.End(producer, isCommit: true);
        Assert.Equal(TransactionState.Ongoing, fixture.Transaction.State);
        fixture.Sync();
        Assert.Equal(TransactionState.PrepareCommit, fixture.Transaction.State);
        Assert.Equal([A], fixture.Synced);
        Assert.Null(end.Answer);
        Assert.Single(fixture.Logs[A].Entries);
        fixture.Sync();

        Assert.Equal(ErrorCode.None, end.Answer);
        Assert.Equal(["0 data", "0/0 commit"], fixture.Logs[A].Entries);
    }

    [Fact]
    public void Nothing_enters_a_transaction_that_is_ending()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.Coordinator.AddGroup(producer, "g", fixture.NowMs);
        fixture.IsSlow = true;

        fixture.End(producer, isCommit: true);

        Assert.Equal(
            ErrorCode.InvalidTxnState, fixture.Coordinator.CheckAppend(producer.ProducerId, producer.Epoch, A));
        Assert.Equal(ErrorCode.InvalidTxnState, fixture.Coordinator.CheckGroup(producer, "g"));
        Assert.Equal(ErrorCode.ConcurrentTransactions, fixture.Coordinator.AddPartitions(producer, [B], fixture.NowMs));
    }

    [Fact]
    public void End_that_is_repeated_on_another_connection_waits_for_the_first()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.IsSlow = true;
        var first = fixture.End(producer, isCommit: true);
        var repeated = fixture.End(producer, isCommit: true);
        var opposite = fixture.End(producer, isCommit: false);

        fixture.Sync();
        fixture.Sync();

        Assert.Equal(ErrorCode.None, first.Answer);
        Assert.Equal(ErrorCode.None, repeated.Answer);
        Assert.Equal(ErrorCode.InvalidTxnState, opposite.Answer);
        Assert.Equal(2, fixture.Logs[A].Entries.Count);
    }

    [Fact]
    public void Batch_outside_the_open_transaction_is_refused()
    {
        var producer = fixture.Init();
        Assert.Equal(
            ErrorCode.InvalidTxnState, fixture.Coordinator.CheckAppend(producer.ProducerId, producer.Epoch, A));

        fixture.Write(producer, A);

        Assert.Equal(
            ErrorCode.InvalidTxnState, fixture.Coordinator.CheckAppend(producer.ProducerId, producer.Epoch, B));
    }

    [Fact]
    public void Initialisation_aborts_the_open_transaction_of_the_producer_before()
    {
        var zombie = fixture.Init();
        fixture.Write(zombie, A);

        var producer = fixture.Init();

        Assert.Equal(zombie.Epoch + 2, producer.Epoch);
        Assert.Equal(["0 data", "0/1 abort"], fixture.Logs[A].Entries);
        Assert.Equal(ErrorCode.ProducerFenced, fixture.End(zombie, isCommit: true).Answer);
    }

    [Fact]
    public void Initialisation_waits_for_a_commit_that_is_under_way()
    {
        var zombie = fixture.Init();
        fixture.Write(zombie, A);
        fixture.IsSlow = true;
        var end = fixture.End(zombie, isCommit: true);
        InitProducerIdResponse? producer = null;
        fixture.Coordinator.InitProducerId(
            new InitProducerIdRequest(Id, 60_000, -1, -1), fixture.NowMs, response => producer = response);

        fixture.Sync();
        Assert.Null(producer);
        fixture.Sync();
        fixture.Sync();

        Assert.Equal(ErrorCode.None, end.Answer);
        Assert.Equal(zombie.Epoch + 1, producer!.Value.Epoch);
        Assert.Equal(["0 data", "0/0 commit"], fixture.Logs[A].Entries);
    }

    [Fact]
    public void Producer_that_recovers_gets_the_next_epoch_and_the_same_answer_again()
    {
        var producer = fixture.Init();

        var recovered = fixture.TryInit(producerId: producer.ProducerId, epoch: producer.Epoch)!.Value;
        var repeated = fixture.TryInit(producerId: producer.ProducerId, epoch: producer.Epoch)!.Value;

        Assert.Equal(producer.Epoch + 1, recovered.Epoch);
        Assert.Equal(recovered, repeated);
    }

    [Fact]
    public void Producer_that_recovers_in_an_open_transaction_aborts_it_and_goes_on()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);

        var recovered = fixture.TryInit(producerId: producer.ProducerId, epoch: producer.Epoch)!.Value;

        Assert.Equal(ErrorCode.None, recovered.Error);
        Assert.Equal(producer.Epoch + 1, recovered.Epoch);
        Assert.Equal("0/1 abort", fixture.Logs[A].Entries[^1]);
        Assert.Equal(ErrorCode.None, fixture.Write(producer with { Epoch = recovered.Epoch }, A));
    }

    [Fact]
    public void Producer_that_recovers_after_another_took_over_is_fenced_and_aborts_nothing()
    {
        var zombie = fixture.Init();
        var producer = fixture.Init();
        fixture.Write(producer, A);

        var refused = fixture.TryInit(producerId: zombie.ProducerId, epoch: zombie.Epoch)!.Value;

        Assert.Equal(ErrorCode.ProducerFenced, refused.Error);
        Assert.Equal(ErrorCode.None, fixture.End(producer, isCommit: true).Answer);
    }

    [Fact]
    public void Exhausted_epochs_lead_to_a_new_producer_id()
    {
        var producer = fixture.Init();
        while (producer.Epoch < Transaction.LastEpoch)
        {
            producer = fixture.Init();
        }

        var rotated = fixture.TryInit(producerId: producer.ProducerId, epoch: producer.Epoch)!.Value;
        var repeated = fixture.TryInit(producerId: producer.ProducerId, epoch: producer.Epoch)!.Value;

        Assert.NotEqual(producer.ProducerId, rotated.ProducerId);
        Assert.Equal(0, rotated.Epoch);
        Assert.Equal(rotated, repeated);
        Assert.Equal(
            ErrorCode.InvalidProducerIdMapping,
            fixture.Coordinator.CheckAppend(producer.ProducerId, producer.Epoch, A));
    }

    [Fact]
    public void Open_transaction_with_the_last_epoch_can_still_be_fenced()
    {
        var producer = fixture.Init();
        while (producer.Epoch < Transaction.LastEpoch)
        {
            producer = fixture.Init();
        }

        fixture.Write(producer, A);
        var next = fixture.Init();

        Assert.NotEqual(producer.ProducerId, next.ProducerId);
        Assert.Equal($"0/{short.MaxValue} abort", fixture.Logs[A].Entries[^1]);
    }

    [Fact]
    public void Transaction_that_is_open_for_too_long_is_aborted_and_its_producer_fenced()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);

        fixture.NowMs += 59_999;
        fixture.Coordinator.Tick(fixture.NowMs);
        Assert.True(fixture.Transaction.IsOpen);
        fixture.NowMs += 1;
        fixture.Coordinator.Tick(fixture.NowMs);

        Assert.Equal(TransactionState.CompleteAbort, fixture.Transaction.State);
        Assert.Equal("0/1 abort", fixture.Logs[A].Entries[^1]);
        Assert.Equal(ErrorCode.ProducerFenced, fixture.Write(producer, A));
    }

    [Fact]
    public void Transactional_id_that_nobody_uses_is_forgotten_in_time()
    {
        fixture.Init();

        fixture.Coordinator.Tick(fixture.NowMs + new TransactionLimits().IdleRetentionMs);

        Assert.Null(fixture.Coordinator.Find(Id));
        Assert.Null(fixture.Restart().Coordinator.Find(Id));
    }

    [Fact]
    public void Decision_that_the_disk_refuses_is_none_and_may_be_asked_for_again()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.Journal.IsFull = true;

        Assert.Equal(ErrorCode.CoordinatorNotAvailable, fixture.End(producer, isCommit: true).Answer);
        fixture.Journal.IsFull = false;

        Assert.Equal(ErrorCode.None, fixture.End(producer, isCommit: true).Answer);
    }

    [Fact]
    public void Decision_is_carried_out_once_the_disk_takes_its_markers()
    {
        var producer = fixture.Init();
        fixture.Write(producer, A);
        fixture.IsFull = true;
        var end = fixture.End(producer, isCommit: true);
        Assert.Null(end.Answer);

        fixture.IsFull = false;
        fixture.Coordinator.Tick(fixture.NowMs);

        Assert.Equal(ErrorCode.None, end.Answer);
        Assert.Equal(2, fixture.Logs[A].Entries.Count);
    }

    [Fact]
    public void Thousands_of_transactions_leave_nothing_behind()
    {
        var producer = fixture.Init();
        for (var i = 0; i < 5_000; i++)
        {
            fixture.Write(producer, i % 2 == 0 ? A : B);
            fixture.Coordinator.AddGroup(producer, $"g{i}", fixture.NowMs);
            fixture.End(producer, isCommit: i % 3 != 0);
        }

        var snapshot = new Coordination.MemoryJournal();
        fixture.Coordinator.WriteSnapshot(snapshot);
        Assert.Equal(2, snapshot.Records.Count);
        Assert.True(snapshot.Records.Sum(r => r.Length) < 200);
    }
}
