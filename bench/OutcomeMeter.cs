using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Bench;

/// <summary>
/// A read-committed subscriber that counts, of the journal where no other topic is said: throughput as downstream
/// services see it.
/// </summary>
internal sealed class OutcomeMeter : IDisposable
{
    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private readonly TimeProvider time;

    /// <param name="settings">The cluster and the topics' prefix.</param>
    /// <param name="fromEnd">Whether what is there already does not count.</param>
    /// <param name="time">The clock.</param>
    /// <param name="topic">The topic, without its prefix.</param>
    public OutcomeMeter(
        AllocClientOptions settings, bool fromEnd, TimeProvider time, string topic = "allocation.outcomes")
    {
        this.time = time;
        var clients = new KafkaClients(settings);
        var name = settings.TopicPrefix + topic;
        consumer = BulkClients.Consumer(settings, "alloc-bench");
        using var admin = clients.Admin();
        consumer.Assign(Enumerable.Range(0, clients.PartitionCount(admin, name)).Select(p =>
        {
            var partition = new TopicPartition(name, p);
            var ends = consumer.BoundsOf(partition, settings.Timeout);
            return new TopicPartitionOffset(partition, fromEnd ? ends.High : ends.Low);
        }));
    }

    /// <summary>Sum of the sizes of the values seen, in bytes.</summary>
    public long ValueBytes { get; private set; }

    /// <summary>
    /// How many a second of the last count's second half: a young process compiles its code in the first.
    /// </summary>
    public double SecondHalf { get; private set; }

    /// <summary>
    /// Counts records until there are as many as wanted, and returns how many a second after the first tenth.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="deadline">How long that may take.</param>
    /// <param name="onRecord">Called with each value's bytes.</param>
    /// <param name="cancellation">Stops it.</param>
    public double Count(long count, TimeSpan deadline, Action<byte[]>? onRecord, CancellationToken cancellation)
    {
        long seen = 0, tenthAt = 0, tenth = 0, halfAt = 0, half = 0;
        var startedAt = time.GetTimestamp();
        while (seen < count)
        {
            var record = consumer.Consume(0);
            if (record is null)
            {
                cancellation.ThrowIfCancellationRequested();
                if (time.GetElapsedTime(startedAt) > deadline)
                {
                    throw AllocException.Unavailable(
                        $"Only {seen:N0} of {count:N0} records came within {DurationWords.Show(deadline)}.");
                }
                record = consumer.Consume(TimeSpan.FromMilliseconds(20));
            }
            if (record is null || record.IsPartitionEOF)
            {
                continue;
            }
            seen++;
            ValueBytes += record.Message.Value?.Length ?? 0;
            onRecord?.Invoke(record.Message.Value ?? []);
            if (tenthAt == 0 && seen >= count / 10)
            {
                tenthAt = time.GetTimestamp();
                tenth = seen;
            }
            if (halfAt == 0 && seen >= count / 2)
            {
                halfAt = time.GetTimestamp();
                half = seen;
            }
        }
        SecondHalf = (seen - half) / time.GetElapsedTime(halfAt).TotalSeconds;
        return (seen - tenth) / time.GetElapsedTime(tenthAt).TotalSeconds;
    }

    public void Dispose() => consumer.Dispose();
}
