using Alloc.Client;
using Confluent.Kafka;

namespace Alloc.Bench;

/// <summary>
/// The ceiling: consume, produce as many bytes as an outcome has, commit exactly once; no state and no decision. The
/// same client, broker and topic as the topology, one thread, two producers in turn.
/// </summary>
internal static class BareLoop
{
    private const int ProducerCount = 2;
    private static readonly TimeSpan TransactionTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Passes records on and returns how many a second.</summary>
    /// <param name="bootstrap">The broker.</param>
    /// <param name="input">The topic to read from its beginning.</param>
    /// <param name="output">The topic to write, with as many partitions.</param>
    /// <param name="partitionCount">How many.</param>
    /// <param name="count">Records to pass on.</param>
    /// <param name="valueSize">Bytes of each record written.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops it.</param>
    public static double Run(
        string bootstrap, string input, string output, int partitionCount, long count, int valueSize, TimeProvider time,
        CancellationToken cancellation)
    {
        var group = $"bare-{Guid.NewGuid():N}";
        using var consumer = Consumer(bootstrap, group);
        var producers = Enumerable.Range(0, ProducerCount).Select(i => Producer(bootstrap, $"{group}-{i}")).ToArray();
        try
        {
            foreach (var producer in producers)
            {
                producer.InitTransactions(CallTimeout);
            }
            consumer.Subscribe(input);
            return Loop(consumer, producers, output, partitionCount, count, new byte[valueSize], time, cancellation);
        }
        finally
        {
            foreach (var producer in producers)
            {
                producer.Dispose();
            }
        }
    }

    private static double Loop(
        IConsumer<byte[]?, byte[]?> consumer, IProducer<byte[]?, byte[]?>[] producers, string output,
            int partitionCount, long count,
        byte[] value, TimeProvider time, CancellationToken cancellation)
    {
        var targets = Enumerable.Range(0, partitionCount).Select(p => new TopicPartition(output, p)).ToArray();
        var next = new long[partitionCount];
        var topic = "";
        long seen = 0, startedAt = 0, begunAt = 0;
        var turn = 0;
        var isOpen = false;
        while (seen < count)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = consumer.Consume(0) ?? consumer.Consume(TimeSpan.FromMilliseconds(20));
            if (record is not null && !record.IsPartitionEOF)
            {
                if (startedAt == 0)
                {
                    startedAt = time.GetTimestamp();
                }
                if (!isOpen)
                {
                    producers[turn].BeginTransaction();
                    isOpen = true;
                    begunAt = time.GetTimestamp();
                }
                topic = record.Topic;
                Produce(producers[turn], targets[record.Partition.Value], record.Message.Key, value);
                next[record.Partition.Value] = record.Offset.Value + 1;
                seen++;
            }
            if (isOpen && (record is null || seen >= count
                || ((seen & 255) == 0 && time.GetElapsedTime(begunAt) > TransactionTime)))
            {
                Commit(consumer, producers[turn], topic, next);
                isOpen = false;
                turn = (turn + 1) % producers.Length;
            }
        }
        return seen / time.GetElapsedTime(startedAt).TotalSeconds;
    }

    private static void Produce(IProducer<byte[]?, byte[]?> producer, TopicPartition target, byte[]? key, byte[] value)
    {
        while (true)
        {
            try
            {
                producer.Produce(target, new Message<byte[]?, byte[]?> { Key = key, Value = value });
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    private static void Commit(IConsumer<byte[]?, byte[]?> consumer, IProducer<byte[]?, byte[]?> producer, string topic,
        long[] next)
    {
        var offsets = next.Select((offset, p) => new TopicPartitionOffset(topic, p, offset))
            .Where(o => o.Offset.Value > 0);
        producer.SendOffsetsToTransaction(offsets, consumer.ConsumerGroupMetadata, CallTimeout);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                producer.CommitTransaction(CallTimeout);
                return;
            }
            catch (KafkaRetriableException) when (attempt < 100)
            {
                // The coordinator is still writing the markers of the transaction before; the call is asked again.
            }
            catch (KafkaException e) when (e is not KafkaRetriableException)
            {
                throw AllocException.Failed($"The bare loop could not commit: {e.Error.Reason}", null, e);
            }
        }
    }

    private static IConsumer<byte[]?, byte[]?> Consumer(string bootstrap, string group)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = group,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = IsolationLevel.ReadCommitted,
            FetchWaitMaxMs = 10,
            QueuedMaxMessagesKbytes = 65_536,
            FetchQueueBackoffMs = 5,
        };
        config.Set("dotnet.consumer.consume.result.fields", "topic");
        return new ConsumerBuilder<byte[]?, byte[]?>(config).SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { }).Build();
    }

    private static IProducer<byte[]?, byte[]?> Producer(string bootstrap, string id)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = bootstrap,
            TransactionalId = id,
            CompressionType = CompressionType.Lz4,
            LingerMs = 100,
            BatchSize = 1_000_000,
            BatchNumMessages = 20_000,
            QueueBufferingMaxMessages = 500_000,
            EnableDeliveryReports = false,
            RetryBackoffMs = 1,
        };
        return new ProducerBuilder<byte[]?, byte[]?>(config).SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { }).Build();
    }
}
