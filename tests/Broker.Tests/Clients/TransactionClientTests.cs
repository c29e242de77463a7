using Confluent.Kafka;
using static Broker.Tests.Clients.ConfluentClients;

namespace Broker.Tests.Clients;

/// <summary>Transactions by the client that the product uses.</summary>
public sealed class TransactionClientTests
{
    [Fact]
    public async Task Consumed_offsets_and_produced_records_commit_or_abort_together()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "in", 2);
        await CreateTopicAsync(broker, "out", 2);
        await SeedAsync(broker, "in", partitions: 2, count: 60);
        using var producer = Transactional(broker, "copy");
        using var consumer = Consumer(broker, "copiers");
        consumer.Subscribe("in");
        var copied = 0;
        var attempt = 0;

        Until(() =>
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(200)) is not { } record)
            {
                return false;
            }

            var next = new TopicPartitionOffset(record.TopicPartition, record.Offset + 1);
            producer.BeginTransaction();
            Send(producer, "out", record.Partition.Value, record.Message.Value);
            producer.SendOffsetsToTransaction([next], consumer.ConsumerGroupMetadata, Patience);
            if (++attempt % 5 == 0)
            {
                producer.AbortTransaction(Patience);
                consumer.Seek(record.TopicPartitionOffset);
            }
            else
            {
                producer.CommitTransaction(Patience);
                copied++;
            }

            return copied == 60;
        });

        Assert.Equal(ReadAll(broker, "in", 2).Order(), ReadAll(broker, "out", 2).Order());
        Assert.Equal(30, Committed(broker, "copiers", "in", 0));
        Assert.Equal(30, Committed(broker, "copiers", "in", 1));
    }

    [Fact]
    public async Task Two_producers_in_turn_commit_the_offsets_of_one_partition_in_order()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "in");
        await CreateTopicAsync(broker, "out");
        using var consumer = Consumer(broker, "turns");
        consumer.Subscribe("in");
        Until(() => consumer.Consume(TimeSpan.FromMilliseconds(100)) is null && consumer.Assignment.Count == 1);
        IProducer<string, string>[] producers = [Transactional(broker, "turns-0"), Transactional(broker, "turns-1")];

        Task? before = null;
        for (var number = 1; number <= 100; number++)
        {
            var producer = producers[number % 2];
            producer.BeginTransaction();
            Send(producer, "out", 0, $"{number}");
            producer.Flush(Patience);
            producer.SendOffsetsToTransaction(
                [new TopicPartitionOffset("in", 0, number)], consumer.ConsumerGroupMetadata, Patience);
            await (before ?? Task.CompletedTask);
            before = Task.Run(() => producer.CommitTransaction(Patience));
        }

        await before!;
        Assert.Equal(Enumerable.Range(1, 100).Select(n => $"{n}"), ReadAll(broker, "out"));
        Assert.Equal(100, Committed(broker, "turns", "in"));
        foreach (var producer in producers)
        {
            producer.Dispose();
        }
    }

    [Fact]
    public async Task Zombie_is_fenced_when_its_successor_initialises()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "out");
        using var zombie = Transactional(broker, "one");
        zombie.BeginTransaction();
        Send(zombie, "out", 0, "zombie");
        zombie.Flush(Patience);

        using var successor = Transactional(broker, "one");
        successor.BeginTransaction();
        Send(successor, "out", 0, "successor");
        successor.CommitTransaction(Patience);
        var fenced = Assert.Throws<KafkaException>(() => zombie.CommitTransaction(Patience));

        Assert.True(fenced.Error.IsFatal);
        Assert.Equal(["successor"], ReadAll(broker, "out"));
    }

    [Fact]
    public async Task Transaction_that_is_open_for_too_long_is_aborted_and_readers_go_on()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "out");
        // The client bounds the time of a delivery by the time of the transaction: leave a slow machine room for the
        // first one.
        using var sleeper = Transactional(broker, "sleeper", timeoutMs: 4_000);
        sleeper.BeginTransaction();
        Send(sleeper, "out", 0, "too late");
        sleeper.Flush(Patience);
        using (var other = Producer(broker))
        {
            await other.ProduceAsync(
                "out", new Message<string, string> { Key = "k", Value = "behind" },
                TestContext.Current.CancellationToken);
        }

        List<string> seen = [];
        Until(() => (seen = ReadAll(broker, "out")).Count > 0);
        var fenced = Assert.Throws<KafkaException>(() => sleeper.CommitTransaction(Patience));

        Assert.Equal(["behind"], seen);
        Assert.True(fenced.Error.IsFatal);
    }

    [Fact]
    public async Task Thousands_of_small_transactions_leave_little_behind()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "out");
        using var producer = Transactional(broker, "many");

        for (var number = 0; number < 1_000; number++)
        {
            producer.BeginTransaction();
            Send(producer, "out", 0, $"{number}");
            producer.CommitTransaction(Patience);
        }

        Assert.Equal(1_000, ReadAll(broker, "out").Count);
        var transaction = Assert.Single(broker.Broker.Core.Coordinators.Transactions.Transactions);
        Assert.Empty(transaction.Partitions);
        var size = Directory.GetFiles(Path.Combine(broker.Options.DataDirectory, "coordinators"))
            .Sum(f => new FileInfo(f).Length);
        Assert.True(size < 4 << 20, $"the coordinators' journal has {size} bytes");
    }

    [Fact]
    public async Task Offsets_that_a_transaction_may_still_move_are_waited_for()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "in");
        using var member = Consumer(broker, "stable");
        member.Subscribe("in");
        Until(() => member.Consume(TimeSpan.FromMilliseconds(100)) is null && member.Assignment.Count == 1);
        using var producer = Transactional(broker, "pending");
        producer.BeginTransaction();
        producer.SendOffsetsToTransaction(
            [new TopicPartitionOffset("in", 0, 7)], member.ConsumerGroupMetadata, Patience);
        using var reader = Consumer(broker, "stable");

        // librdkafka retries error 88 by itself until its time is up.
        Assert.ThrowsAny<KafkaException>(
            () => reader.Committed([new TopicPartition("in", 0)], TimeSpan.FromSeconds(1)));
        producer.CommitTransaction(Patience);

        Assert.Equal(7, Committed(broker, "stable", "in"));
    }

    private static async Task SeedAsync(TestBroker broker, string topic, int partitions, int count)
    {
        using var producer = Producer(broker);
        for (var number = 0; number < count; number++)
        {
            Send(producer, topic, number % partitions, $"{number}");
        }

        await Task.Run(() => producer.Flush(Patience));
    }
}
