using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Engine.LogClient;
using Confluent.Kafka;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Alloc.Host.Lag;

/// <summary>What the log itself tells: its topics, where partitions begin and end, and the times of records.</summary>
/// <remarks>
/// Offsets are asked for in the client's older, synchronous calls: those of its admin can end the process while Kafka
/// is away and comes back. It joins no group and commits nothing. One thread at a time.
/// </remarks>
internal sealed class LogReads : IDisposable
{
    private const string ClientGroup = "alloc-lag-watch";
    private const int FetchWaitMs = 100;

    /// <summary>Bytes that one fetch brings of a partition; of a larger record still the whole batch.</summary>
    private const int PartitionBytes = 16 << 10;

    private const long LatestMs = -1;
    private const long EarliestMs = -2;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Polls in a row that may bring nothing: 3 s of silence end a round of reading.</summary>
    private const int MostEmptyPolls = 30;

    private readonly IConsumer<byte[]?, byte[]?> all;
    private readonly IConsumer<byte[]?, byte[]?> stable;
    private readonly IAdminClient admin;
    private readonly TransactionProbe probe;

    public LogReads(AllocClientOptions settings)
    {
        var clients = new KafkaClients(settings);
        all = clients.Consumer(readCommitted: false, ClientGroup, FetchWaitMs, PartitionBytes);
        stable = clients.Consumer(readCommitted: true, ClientGroup, FetchWaitMs, PartitionBytes);
        admin = new DependentAdminClientBuilder(all.Handle).Build();
        probe = new TransactionProbe(settings.KafkaProperties, CallTimeout);
    }

    /// <summary>Brokers and topics as they are now.</summary>
    /// <exception cref="KafkaException">No broker answers.</exception>
    public Metadata Cluster() => admin.GetMetadata(CallTimeout);

    /// <summary>The high watermarks; a partition whose end is not known now is absent.</summary>
    /// <exception cref="KafkaException">None is known.</exception>
    public Dictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
        Offsets(all, partitions, LatestMs);

    /// <summary>The last stable offsets, likewise.</summary>
    /// <exception cref="KafkaException">None is known.</exception>
    public Dictionary<TopicPartition, long> StableEnds(IReadOnlyCollection<TopicPartition> partitions) =>
        Offsets(stable, partitions, LatestMs);

    /// <summary>The first offsets that the log still holds, likewise.</summary>
    /// <exception cref="KafkaException">None is known.</exception>
    public Dictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
        Offsets(all, partitions, EarliestMs);

    /// <summary>
    /// Offsets and times, in milliseconds since 1970 UTC, of the first records from offsets on, committed or not: one
    /// record of each partition is read. Null where only markers follow; absent where none came in time.
    /// </summary>
    /// <exception cref="KafkaException">The client gave up.</exception>
    public Dictionary<TopicPartition, (long Offset, long TimestampMs)?> FirstRecords(
        IReadOnlyCollection<(TopicPartition Partition, long Offset)> from)
    {
        var found = new Dictionary<TopicPartition, (long, long)?>();
        if (from.Count == 0)
        {
            return found;
        }
        all.Assign(from.Select(f => new Confluent.Kafka.TopicPartitionOffset(Native(f.Partition), f.Offset)));
        try
        {
            for (var empty = 0; found.Count < from.Count && empty < MostEmptyPolls;)
            {
                ConsumeResult<byte[]?, byte[]?>? read;
                try
                {
                    read = all.Consume(PollTimeout);
                }
                catch (ConsumeException)
                {
                    // One partition's leader is away, or its offset is out of range; the others are read all the same.
                    empty++;
                    continue;
                }
                empty = read is null ? empty + 1 : 0;
                if (read is not null && found.TryAdd(Ours(read.TopicPartition), read.IsPartitionEOF
                    ? null
                    : (read.Offset.Value, read.Message.Timestamp.UnixTimestampMs)))
                {
                    all.IncrementalUnassign([read.TopicPartition]);
                }
            }
        }
        finally
        {
            all.Unassign();
        }
        return found;
    }

    /// <summary>Whose transaction stands open in a partition; null where none does.</summary>
    /// <param name="cluster">Brokers and leaders.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">Its last stable offset.</param>
    public OpenTransaction? OldestTransaction(Metadata cluster, TopicPartition partition, long offset) =>
        probe.Oldest(cluster, partition, offset);

    public void Dispose()
    {
        admin.Dispose();
        all.Dispose();
        stable.Dispose();
    }

    private static Dictionary<TopicPartition, long> Offsets(
        IConsumer<byte[]?, byte[]?> consumer, IReadOnlyCollection<TopicPartition> partitions, long timestampMs)
    {
        if (partitions.Count == 0)
        {
            return [];
        }
        var asked = partitions.Select(p => new TopicPartitionTimestamp(
            Native(p), new Timestamp(timestampMs, TimestampType.NotAvailable)));
        try
        {
            return Known(consumer.OffsetsForTimes(asked, CallTimeout));
        }
        catch (TopicPartitionOffsetException partly)
        {
            var known = Known(partly.Results.Where(r => !r.Error.IsError).Select(r => r.TopicPartitionOffset));
            return known.Count > 0 ? known : throw new KafkaException(partly.Results.First(r => r.Error.IsError).Error);
        }
    }

    private static Dictionary<TopicPartition, long> Known(
        IEnumerable<Confluent.Kafka.TopicPartitionOffset> offsets) => offsets.Where(o => o.Offset.Value >= 0)
            .ToDictionary(o => Ours(o.TopicPartition), o => o.Offset.Value);

    private static Confluent.Kafka.TopicPartition Native(TopicPartition partition) =>
        new(partition.Topic, partition.Partition);

    private static TopicPartition Ours(Confluent.Kafka.TopicPartition partition) =>
        new(partition.Topic, partition.Partition.Value);
}
