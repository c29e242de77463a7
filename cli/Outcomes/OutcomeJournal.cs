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
    /// Goes back from the end, window by window, until enough was found or the journal begins. What is found comes oldest
    /// first, within each partition in the journal's order.
    /// </summary>
    /// <param name="partitions">Where to look.</param>
    /// <param name="key">Only records of this pool, which saves decoding the others; null for all.</param>
    /// <param name="isWanted">What to keep.</param>
    /// <param name="isEnough">Asked after each window.</param>
    /// <param name="progress">Told how many records were looked at so far.</param>
    /// <param name="cancellation">Ends the search.</param>
    public IReadOnlyList<AllocationOutcome> SearchBack(
        IReadOnlyList<int> partitions,
        string? key,
        Func<AllocationOutcome, bool> isWanted,
        Func<IReadOnlyList<AllocationOutcome>, bool> isEnough,
        Action<long>? progress,
        CancellationToken cancellation)
    {
        var ranges = partitions.ToDictionary(p => p, p =>
        {
            var ends = reader.QueryWatermarkOffsets(new TopicPartition(topic, p), settings.Timeout);
            return (Low: ends.Low.Value, Upper: ends.High.Value, High: ends.High.Value);
        });
        var keyBytes = key is null ? null : Encoding.UTF8.GetBytes(key);
        var found = new List<AllocationOutcome>();
        var looked = 0L;
        for (var window = FirstWindow; ranges.Values.Any(r => r.Upper > r.Low); window *= WindowGrowth)
        {
            var older = new List<AllocationOutcome>();
            foreach (var partition in partitions)
            {
                var (low, upper, high) = ranges[partition];
                var from = Math.Max(low, upper - window);
                foreach (var outcome in Range(partition, from, upper, keyBytes, cancellation))
                {
                    if (isWanted(outcome))
                    {
                        older.Add(outcome);
                    }
                }
                looked += upper - from;
                ranges[partition] = (low, from, high);
                progress?.Invoke(looked);
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
        return Range(partition, end, long.MaxValue, keyBytes, cancellation);
    }

    public void Dispose() => reader.Dispose();

    private IEnumerable<AllocationOutcome> Range(int partition, long from, long to, byte[]? key, CancellationToken cancellation)
    {
        if (from >= to)
        {
            yield break;
        }
        reader.Assign(new TopicPartitionOffset(topic, partition, from));
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(PollInterval);
            if (record is null)
            {
                continue;
            }
            if (record.IsPartitionEOF)
            {
                if (to != long.MaxValue)
                {
                    yield break;
                }
                continue;
            }
            if (record.Offset.Value >= to)
            {
                yield break;
            }
            if (record.Message.Value is { } value && (key is null || key.AsSpan().SequenceEqual(record.Message.Key)) && Decode(value) is { } outcome)
            {
                yield return outcome;
            }
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
