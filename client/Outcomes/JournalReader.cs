using System.Diagnostics;
using Alloc.Client.Kafka;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Client.Outcomes;

/// <summary>
/// Reads ranges of the journal of outcomes, committed ones only. One range at a time: beginning another ends the one
/// before. What is no outcome is passed over.
/// </summary>
internal sealed class JournalReader : IDisposable
{
    private const long TailWindow = 16;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly AllocClientOptions settings;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly string topic;

    public JournalReader(AllocClientOptions settings, ISchemaRegistryClient registry)
    {
        this.settings = settings;
        topic = settings.TopicPrefix + TopicNames.Outcomes;
        outcomes = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(topic));
        var clients = new KafkaClients(settings);
        reader = clients.Consumer();
        using var admin = clients.Admin();
        PartitionCount = clients.PartitionCount(admin, topic);
    }

    public int PartitionCount { get; }

    /// <summary>First offset of a partition, and the one after its last.</summary>
    public (long Low, long High) Ends(int partition)
    {
        var ends = reader.BoundsOf(new TopicPartition(topic, partition), settings.Timeout);
        return (ends.Low.Value, ends.High.Value);
    }

    /// <summary>
    /// As <see cref="Ends"/>, with all that is in the log now: waits, for a while, until transactions that stand open
    /// there are over. Where one still is, the end is where it begins, and why says so.
    /// </summary>
    /// <param name="cancellation">Ends the waiting.</param>
    public IReadOnlyList<(long Low, long High, string? Why)> WholeEnds(CancellationToken cancellation)
    {
        using var all = new KafkaClients(settings).Consumer(readCommitted: false);
        var targets = Enumerable.Range(0, PartitionCount)
            .Select(p => all.BoundsOf(new TopicPartition(topic, p), settings.Timeout).High.Value).ToList();
        var startedAt = Stopwatch.GetTimestamp();
        var ends = new List<(long Low, long High, string? Why)>();
        for (var partition = 0; partition < PartitionCount; partition++)
        {
            var (low, high) = Ends(partition);
            while (high < targets[partition] && Stopwatch.GetElapsedTime(startedAt) < settings.Timeout
                && !cancellation.WaitHandle.WaitOne(PollInterval))
            {
                (low, high) = Ends(partition);
            }
            cancellation.ThrowIfCancellationRequested();
            ends.Add((low, Math.Min(high, targets[partition]), high >= targets[partition] ? null
                : $"In partition {partition} of the journal a transaction stands open at offset {high}; "
                    + $"{targets[partition] - high} offsets from there on cannot be read."));
        }
        return ends;
    }

    /// <summary>Where each partition was at a time of the log's clock, in milliseconds since 1970 UTC.</summary>
    public IReadOnlyList<long> At(long timeMs)
    {
        var asked = Enumerable.Range(0, PartitionCount).Select(p => new TopicPartitionTimestamp(
            topic, p, new Timestamp(Math.Max(0, timeMs), TimestampType.CreateTime)));
        var found = reader.OffsetsForTimes(asked, settings.Timeout);
        return
        [
            .. found.OrderBy(f => f.Partition.Value)
                .Select(f => f.Offset.Value >= 0 ? f.Offset.Value : Ends(f.Partition.Value).High),
        ];
    }

    /// <summary>
    /// The records of a range in the log's order; the outcome is null where it is another pool's, or is none.
    /// </summary>
    /// <param name="partition">Where.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset after the last; the greatest number to wait for more, without end.</param>
    /// <param name="pool">Only what is about this pool, which saves decoding the rest; null for all.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="AllocException">The broker stopped giving records.</exception>
    public IEnumerable<(long Offset, AllocationOutcome? Outcome)> Range(
        int partition, long from, long to, PoolRecords? pool, CancellationToken cancellation)
    {
        if (from >= to)
        {
            yield break;
        }
        var position = new TopicPartitionOffset(topic, partition, from);
        reader.Assign(position);
        var isBounded = to != long.MaxValue;
        var heardAt = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(PollInterval);
            if (record is null)
            {
                if (isBounded && Stopwatch.GetElapsedTime(heardAt) > Patience)
                {
                    throw AllocException.Unavailable(
                        $"The broker gave no record of {position.TopicPartition} for {Patience.TotalSeconds:0} s.",
                        "Is it still running? Nothing was changed; ask again.");
                }
                continue;
            }
            heardAt = Stopwatch.GetTimestamp();
            if (record.IsPartitionEOF)
            {
                if (isBounded)
                {
                    yield break;
                }
                continue;
            }
            if (record.Offset.Value >= to)
            {
                yield break;
            }
            yield return (record.Offset.Value, Decode(record, pool));
            if (record.Offset.Value == to - 1)
            {
                yield break;
            }
        }
    }

    /// <summary>Takes every outcome of a range of each partition, one partition after the other.</summary>
    /// <param name="from">First offset of each partition.</param>
    /// <param name="to">Offset after the last of each partition.</param>
    /// <param name="progress">Told of each record: how many offsets were looked at, and how many there are.</param>
    /// <param name="take">Given the partition and the outcome.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="AllocException">The broker stopped giving records.</exception>
    public void Sweep(
        IReadOnlyList<long> from, IReadOnlyList<long> to, Action<long, long> progress,
        Action<int, AllocationOutcome> take, CancellationToken cancellation)
    {
        var total = to.Sum() - from.Sum();
        var looked = 0L;
        for (var partition = 0; partition < PartitionCount; partition++)
        {
            foreach (var (offset, outcome) in Range(partition, from[partition], to[partition], null, cancellation))
            {
                progress(looked + offset - from[partition], total);
                if (outcome is not null)
                {
                    take(partition, outcome);
                }
            }
            looked += to[partition] - from[partition];
        }
    }

    /// <summary>What comes at these partitions from these offsets on, for so long at most; null now and then.</summary>
    public IEnumerable<(int Partition, AllocationOutcome Outcome)?> Follow(
        IEnumerable<(int Partition, long From)> positions, TimeSpan waitFor, CancellationToken cancellation)
    {
        reader.Assign(positions.Select(p => new TopicPartitionOffset(topic, p.Partition, p.From)));
        var startedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(startedAt) < waitFor)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return reader.Consume(PollInterval) is { IsPartitionEOF: false } record
                && Decode(record, pool: null) is { } outcome
                    ? (record.Partition.Value, outcome)
                    : null;
        }
    }

    /// <summary>The last outcome of a partition; null: it has none.</summary>
    public AllocationOutcome? Last(int partition, CancellationToken cancellation)
    {
        var (low, high) = Ends(partition);
        for (var window = TailWindow; ; window *= 4)
        {
            var from = Math.Max(low, high - window);
            var last = Range(partition, from, high, pool: null, cancellation).Select(r => r.Outcome)
                .LastOrDefault(outcome => outcome is not null);
            if (last is not null || from == low)
            {
                return last;
            }
        }
    }

    // Closing a client takes a good part of a second that nobody has to wait for.
    public void Dispose() => _ = Task.Run(reader.Dispose);

    private AllocationOutcome? Decode(ConsumeResult<byte[]?, byte[]?> record, PoolRecords? pool)
    {
        if (record.Message.Value is not { } value
            || (pool is not null && !pool.MayBe(record.Message.Key, record.Partition.Value)))
        {
            return null;
        }
        try
        {
            var outcome = outcomes.Deserialize(value);
            return pool is null || pool.Has(outcome) ? outcome : null;
        }
        catch (AvroException)
        {
            return null;
        }
    }
}
