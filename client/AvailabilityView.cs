using System.Collections.Concurrent;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Client;

/// <summary>
/// What is available of every pool, as the newest commits said it, kept in memory and up to date. It is behind the
/// decisions by a moment, and promises nothing: what can be had is decided when it is asked for.
/// </summary>
public sealed class AvailabilityView : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<string, PoolAvailability> pools = new(StringComparer.Ordinal);
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly AvroSerde<PoolAvailability> serde;
    private readonly Dictionary<TopicPartition, long> positions;
    private readonly HashSet<TopicPartition> behind;
    private readonly TaskCompletionSource whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task reading;

    private AvailabilityView(
        IConsumer<byte[]?, byte[]?> reader, AvroSerde<PoolAvailability> serde,
        Dictionary<TopicPartition, long> positions)
    {
        this.reader = reader;
        this.serde = serde;
        this.positions = positions;
        behind = [.. positions.Keys];
        reading = Task.Factory.StartNew(
            Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What keeps it from being up to date, or null: the figures are the last that were read.</summary>
    public string? Problem { get; private set; }

    /// <summary>How many pools it has.</summary>
    public int Count => pools.Count;

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<PoolAvailability> Pools => pools.Select(p => p.Value);

    /// <summary>What is available of a pool; null: nothing was ever decided about it.</summary>
    public PoolAvailability? Find(string poolId) => pools.GetValueOrDefault(poolId);

    /// <summary>Ends the reading.</summary>
    public void Dispose()
    {
        if (!stopping.IsCancellationRequested)
        {
            stopping.Cancel();
            reading.GetAwaiter().GetResult();
            reader.Dispose();
            stopping.Dispose();
        }
    }

    internal static async Task<AvailabilityView> OpenAsync(
        AllocClientOptions options, ISchemaRegistryClient registry, CancellationToken cancellation)
    {
        var clients = new KafkaClients(options);
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        var topic = options.TopicPrefix + TopicNames.Availability;
        var view = await Task.Run(
            () =>
            {
                using var admin = clients.Admin();
                var partitions = Enumerable.Range(0, clients.PartitionCount(admin, topic))
                    .ToDictionary(p => new TopicPartition(topic, p), _ => Offset.Beginning.Value);
                var serde = new AvroSerde<PoolAvailability>(registry, ConfluentFraming.SubjectOf(topic));
                return new AvailabilityView(clients.Consumer(), serde, partitions);
            },
            cancellation).ConfigureAwait(false);
        try
        {
            await view.whole.Task.WaitAsync(cancellation).ConfigureAwait(false);
            return view;
        }
        catch
        {
            view.Dispose();
            throw;
        }
    }

    private void Read()
    {
        var isAssigned = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (!isAssigned)
                {
                    reader.Assign(positions.Select(p => new TopicPartitionOffset(p.Key, p.Value)));
                    isAssigned = true;
                }
                if (reader.Consume(PollInterval) is { } record)
                {
                    Take(record);
                }
                Problem = null;
            }
            catch (Exception e) when (e is KafkaException or RegistryUnavailableException)
            {
                Problem = e.Message;
                isAssigned = false;
                stopping.Token.WaitHandle.WaitOne(RetryPause);
            }
        }
    }

    private void Take(ConsumeResult<byte[]?, byte[]?> record)
    {
        if (record.IsPartitionEOF)
        {
            if (behind.Remove(record.TopicPartition) && behind.Count == 0)
            {
                whole.TrySetResult();
            }
            return;
        }
        if (record.Message.Value is { } value)
        {
            Put(value);
        }
        else if (record.Message.Key is { } key)
        {
            pools.TryRemove(System.Text.Encoding.UTF8.GetString(key), out _);
        }
        positions[record.TopicPartition] = record.Offset.Value + 1;
    }

    private void Put(byte[] value)
    {
        PoolAvailability read;
        try
        {
            read = serde.Deserialize(value);
        }
        catch (AvroException)
        {
            // Somebody else's; the next one of the pool is the engine's again.
            return;
        }
        if (!pools.TryGetValue(read.PoolId, out var known) || known.PoolSequence <= read.PoolSequence)
        {
            pools[read.PoolId] = read;
        }
    }
}
