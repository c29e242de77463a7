using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Bench;

/// <summary>
/// The broker alone, with the same client on each: produce, consume, and the bare transactional loop.
/// </summary>
internal static class BrokerScenario
{
    public const string Produce = "records produced a second";
    public const string Consume = "records consumed a second";
    public const string Loop = "records passed a second, exactly once";
    private const int ValueSize = 120;

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var count = run.Options.Count;
        var settings = await cluster.PrepareAsync("broker").ConfigureAwait(false);
        var topic = settings.TopicPrefix + "allocation.commands";
        var place = $"{cluster.Name}; {count:N0} records of {ValueSize} bytes, {run.Options.PartitionCount} "
            + "partitions, acks all, idempotent, lz4";
        run.Say("producing");
        run.Report.Add(new Figure("broker", Produce, await Task.Run(() => ProduceAll(settings, topic, count, run.Time,
            cancellation), cancellation)
            .ConfigureAwait(false), "/s", place));
        run.Say("consuming");
        run.Report.Add(new Figure("broker", Consume, await Task.Run(() => ConsumeAll(settings, topic, count, run.Time,
            cancellation), cancellation)
            .ConfigureAwait(false), "/s", place));
        run.Say("consume, produce, commit");
        var rate = await Task.Run(
            () => BareLoop.Run(settings.Bootstrap, topic, settings.TopicPrefix + "allocation.outcomes",
                run.Options.PartitionCount, count, ValueSize, run.Time, cancellation),
            cancellation).ConfigureAwait(false);
        run.Report.Add(new Figure("broker", Loop, rate, "/s", place + ", 100 ms transactions"));
    }

    private static double ProduceAll(AllocClientOptions settings, string topic, long count, TimeProvider time,
        CancellationToken cancellation)
    {
        using var producer = BulkClients.Producer(settings, 20, TimeSpan.FromMinutes(2));
        var random = new Random(1);
        var values = Enumerable.Range(0, 1_000).Select(_ =>
        {
            var value = new byte[ValueSize];
            random.NextBytes(value.AsSpan(ValueSize / 2));
            return value;
        }).ToArray();
        var keys = Enumerable.Range(0, 10_000).Select(i => BitConverter.GetBytes(i)).ToArray();
        var refused = 0;
        void OnDelivery(DeliveryReport<byte[]?, byte[]?> report)
        {
            if (report.Error.IsError)
            {
                Interlocked.Increment(ref refused);
            }
        }

        var startedAt = time.GetTimestamp();
        for (long i = 0; i < count; i++)
        {
            var message = new Message<byte[]?, byte[]?>
            {
                Key = keys[i % keys.Length],
                Value = values[i % values.Length],
            };
            while (true)
            {
                try
                {
                    producer.Produce(topic, message, OnDelivery);
                    break;
                }
                catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    cancellation.ThrowIfCancellationRequested();
                    producer.Poll(TimeSpan.FromMilliseconds(5));
                }
            }
        }
        return producer.Flush(TimeSpan.FromMinutes(2)) == 0 && Volatile.Read(ref refused) == 0
            ? count / time.GetElapsedTime(startedAt).TotalSeconds
            : throw AllocException.Unavailable($"{topic} did not take all records within two minutes.");
    }

    private static double ConsumeAll(AllocClientOptions settings, string topic, long count, TimeProvider time,
        CancellationToken cancellation)
    {
        var clients = new KafkaClients(settings);
        using var consumer = BulkClients.Consumer(settings, "alloc-bench");
        using var admin = clients.Admin();
        consumer.Assign(Enumerable.Range(0, clients.PartitionCount(admin, topic))
            .Select(p => new TopicPartitionOffset(topic, p, 0)));
        // As with outcomes: after the first tenth, so that what was fetched before the first record counts for nothing.
        long seen = 0, tenth = 0, tenthAt = 0, heardAt = time.GetTimestamp();
        while (seen < count)
        {
            var record = consumer.Consume(0) ?? consumer.Consume(TimeSpan.FromMilliseconds(20));
            if (record is null || record.IsPartitionEOF)
            {
                cancellation.ThrowIfCancellationRequested();
                if (time.GetElapsedTime(heardAt) > TimeSpan.FromSeconds(30))
                {
                    throw AllocException.Unavailable($"{topic} gave {seen:N0} of {count:N0} records.");
                }
                continue;
            }
            heardAt = seen % 1024 == 0 ? time.GetTimestamp() : heardAt;
            seen++;
            if (tenthAt == 0 && seen >= count / 10)
            {
                (tenthAt, tenth) = (time.GetTimestamp(), seen);
            }
        }
        return (seen - tenth) / time.GetElapsedTime(tenthAt).TotalSeconds;
    }
}
