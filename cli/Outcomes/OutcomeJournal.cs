using System.Diagnostics;
using System.Text;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Engine.Runtime;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace Alloc.Cli.Outcomes;

/// <summary>Looks things up in the journal of outcomes, newest first, without any instance's help.</summary>
internal sealed class OutcomeJournal : IDisposable
{
    private const long FirstWindow = 4_000;
    private const long WindowGrowth = 8;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly ClientSettings settings;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly string topic;

    public OutcomeJournal(ClientSettings settings, ISchemaRegistryClient registry)
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

    public int PartitionOf(string poolId) => Murmur2.Partition(Encoding.UTF8.GetBytes(poolId), PartitionCount);

    /// <summary>
    /// Goes back from the end, window by window, until enough was found or the journal begins. What is found comes
    /// oldest first, within each partition in the journal's order. No more is kept than is asked for, however long the
    /// journal is.
    /// </summary>
    /// <param name="partitions">Where to look.</param>
    /// <param name="key">Only records of this pool, which saves decoding the others; null for all.</param>
    /// <param name="isWanted">What to keep.</param>
    /// <param name="isEnough">Asked after each window.</param>
    /// <param name="most">How many to keep of each partition, the newest.</param>
    /// <param name="progress">Told of each record: how many offsets were looked at, and how many there are.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="CliException">The broker stopped giving records.</exception>
    public IReadOnlyList<AllocationOutcome> SearchBack(
        IReadOnlyList<int> partitions,
        string? key,
        Func<AllocationOutcome, bool> isWanted,
        Func<IReadOnlyList<AllocationOutcome>, bool> isEnough,
        int most,
        Action<long, long> progress,
        CancellationToken cancellation)
    {
        var ranges = partitions.ToDictionary(p => p, p =>
        {
            var ends = reader.QueryWatermarkOffsets(new TopicPartition(topic, p), settings.Timeout);
            return (Low: ends.Low.Value, Upper: ends.High.Value);
        });
        var total = ranges.Values.Sum(r => r.Upper - r.Low);
        var keyBytes = key is null ? null : Encoding.UTF8.GetBytes(key);
        var found = new List<AllocationOutcome>();
        var looked = 0L;
        for (var window = FirstWindow; ranges.Values.Any(r => r.Upper > r.Low); window *= WindowGrowth)
        {
            var older = new List<AllocationOutcome>();
            foreach (var partition in partitions)
            {
                var (low, upper) = ranges[partition];
                var from = Math.Max(low, upper - window);
                var newest = new Queue<AllocationOutcome>();
                foreach (var (offset, outcome) in Range(partition, from, upper, keyBytes, cancellation))
                {
                    progress(looked + offset - from, total);
                    if (outcome is null || !isWanted(outcome))
                    {
                        continue;
                    }
                    if (newest.Count == most)
                    {
                        newest.Dequeue();
                    }
                    newest.Enqueue(outcome);
                }
                older.AddRange(newest);
                looked += upper - from;
                ranges[partition] = (low, from);
            }
            found.InsertRange(0, older);
            if (isEnough(found))
            {
                break;
            }
        }
        return found;
    }

    /// <summary>What comes from now on.</summary>
    public IEnumerable<AllocationOutcome> Follow(int partition, string? key, CancellationToken cancellation)
    {
        var keyBytes = key is null ? null : Encoding.UTF8.GetBytes(key);
        var end = reader.QueryWatermarkOffsets(new TopicPartition(topic, partition), settings.Timeout).High.Value;
        return Range(partition, end, long.MaxValue, keyBytes, cancellation).Select(r => r.Outcome)
            .OfType<AllocationOutcome>();
    }

    public void Dispose() => reader.Dispose();

    /// <summary>The records of a range; the outcome is null where it is another pool's, or is none.</summary>
    private IEnumerable<(long Offset, AllocationOutcome? Outcome)> Range(
        int partition, long from, long to, byte[]? key, CancellationToken cancellation)
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
                    throw CliException.Unavailable(
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
            var isOfPool = key is null || key.AsSpan().SequenceEqual(record.Message.Key);
            yield return (record.Offset.Value, isOfPool && record.Message.Value is { } value ? Decode(value) : null);
            if (record.Offset.Value == to - 1)
            {
                yield break;
            }
        }
    }

    private AllocationOutcome? Decode(byte[] value)
    {
        try
        {
            return outcomes.Deserialize(value);
        }
        catch (AvroException)
        {
            return null;
        }
    }
}
