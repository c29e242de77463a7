using Confluent.Kafka;

namespace Alloc.Client.Kafka;

/// <summary>Where reading a partition begins.</summary>
internal enum StartAt
{
    Beginning,
    End,
    Offset,

    /// <summary>The first record that is as new as a time, or newer.</summary>
    Time,

    /// <summary>As far back as the wanted number of records reaches.</summary>
    Last,
}

/// <summary>What to read of a topic.</summary>
internal sealed record TailPlan
{
    public required string Topic { get; init; }

    public required IReadOnlyList<int> Partitions { get; init; }

    public StartAt From { get; init; } = StartAt.Beginning;

    /// <summary>The first offset for <see cref="StartAt.Offset"/>.</summary>
    public long Offset { get; init; }

    /// <summary>The time for <see cref="StartAt.Time"/>, in milliseconds since 1970 UTC.</summary>
    public long TimeMs { get; init; }

    /// <summary>How many records at most, over all partitions; null for no limit.</summary>
    public int? Count { get; init; }

    /// <summary>True to wait for more when the end is reached.</summary>
    public bool Follow { get; init; }

    public bool ReadCommitted { get; init; } = true;

    /// <summary>How long the broker may say nothing before that is an error; null: for ever.</summary>
    public TimeSpan? Patience { get; init; }
}

/// <summary>Reads raw records of a topic's partitions, without a group and without leaving a trace.</summary>
internal sealed class TopicTail(KafkaClients clients, TimeSpan timeout)
{
    private const int MarkerAllowance = 64;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The records: up to the end as it is when it is reached, or on and on when following. The last n records come in
    /// the order of their timestamps, since partitions have no common order.
    /// </summary>
    public IEnumerable<ConsumeResult<byte[]?, byte[]?>> Read(TailPlan plan, CancellationToken cancellation)
    {
        using var consumer = clients.Consumer(plan.ReadCommitted);
        var next = new Dictionary<int, long>();
        if (plan.From == StartAt.Last)
        {
            foreach (var record in ReadLast(consumer, plan, next, cancellation))
            {
                yield return record;
            }
            if (!plan.Follow)
            {
                yield break;
            }
        }
        else
        {
            var byTime = plan.From == StartAt.Time ? ByTime(consumer, plan) : [];
            foreach (var partition in plan.Partitions)
            {
                var ends = Watermarks(consumer, plan.Topic, partition);
                next[partition] = plan.From switch
                {
                    StartAt.Beginning => ends.Low.Value,
                    StartAt.End => ends.High.Value,
                    StartAt.Time => byTime.GetValueOrDefault(partition, ends.High.Value),
                    _ => Math.Clamp(plan.Offset, ends.Low.Value, ends.High.Value),
                };
            }
        }
        var left = plan.From == StartAt.Last ? int.MaxValue : plan.Count ?? int.MaxValue;
        Assign(consumer, plan.Topic, next);
        foreach (var record in Drain(consumer, next.Keys, plan.Follow, cancellation, plan.Patience))
        {
            if (left-- <= 0)
            {
                yield break;
            }
            yield return record;
            if (left == 0)
            {
                yield break;
            }
        }
    }

    /// <summary>Where each partition that has a record of the time or a newer one has the first of them.</summary>
    private Dictionary<int, long> ByTime(IConsumer<byte[]?, byte[]?> consumer, TailPlan plan)
    {
        var time = new Timestamp(Math.Max(0, plan.TimeMs), TimestampType.CreateTime);
        return consumer.OffsetsForTimes(
            plan.Partitions.Select(p => new TopicPartitionTimestamp(plan.Topic, p, time)), timeout)
            .Where(found => found.Offset.Value >= 0)
            .ToDictionary(found => found.Partition.Value, found => found.Offset.Value);
    }

    private List<ConsumeResult<byte[]?, byte[]?>> ReadLast(
        IConsumer<byte[]?, byte[]?> consumer, TailPlan plan, Dictionary<int, long> next, CancellationToken cancellation)
    {
        var wanted = plan.Count ?? 10;
        var ends = plan.Partitions.ToDictionary(p => p, p => Watermarks(consumer, plan.Topic, p));
        for (var window = (2L * wanted) + MarkerAllowance; ; window *= 4)
        {
            var starts = ends.ToDictionary(e => e.Key, e => Math.Max(e.Value.Low.Value, e.Value.High.Value - window));
            Assign(consumer, plan.Topic, starts);
            var found = Drain(consumer, starts.Keys, follow: false, cancellation).ToList();
            if (found.Count < wanted && starts.Any(s => s.Value > ends[s.Key].Low.Value))
            {
                continue;
            }
            foreach (var (partition, end) in ends)
            {
                next[partition] = found.Where(r => r.Partition.Value == partition).Select(r => r.Offset.Value + 1)
                    .Append(Math.Min(starts[partition], end.High.Value)).Max();
            }
            return found.OrderBy(r => r.Message.Timestamp.UnixTimestampMs)
                .ThenBy(r => r.Partition.Value).ThenBy(r => r.Offset.Value)
                .TakeLast(wanted)
                .ToList();
        }
    }

    private static IEnumerable<ConsumeResult<byte[]?, byte[]?>> Drain(
        IConsumer<byte[]?, byte[]?> consumer, IEnumerable<int> partitions, bool follow, CancellationToken cancellation,
        TimeSpan? patience = null)
    {
        var open = partitions.ToHashSet();
        var silent = TimeSpan.Zero;
        while (open.Count > 0 || follow)
        {
            cancellation.ThrowIfCancellationRequested();
            var result = consumer.Consume(PollInterval);
            if (result is null)
            {
                silent += PollInterval;
                if (silent > patience)
                {
                    throw AllocException.Unavailable(
                        $"The broker gave no record for {silent.TotalSeconds:0} s.", "Is it still running? Ask again.");
                }
                continue;
            }
            silent = TimeSpan.Zero;
            if (result.IsPartitionEOF)
            {
                open.Remove(result.Partition.Value);
                continue;
            }
            yield return result;
        }
    }

    private WatermarkOffsets Watermarks(IConsumer<byte[]?, byte[]?> consumer, string topic, int partition) =>
        consumer.BoundsOf(new TopicPartition(topic, partition), timeout);

    private static void Assign(IConsumer<byte[]?, byte[]?> consumer, string topic, Dictionary<int, long> starts) =>
        consumer.Assign(starts.Select(s => new TopicPartitionOffset(topic, s.Key, s.Value)));
}
