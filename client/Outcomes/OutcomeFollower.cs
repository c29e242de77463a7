using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Alloc.Client.Kafka;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Client.Outcomes;

/// <summary>
/// Reads the journal on a thread of its own, read committed, ahead of who takes the outcomes, and checks their
/// sequences in the order in which they are taken.
/// </summary>
internal sealed class OutcomeFollower(
    AllocClientOptions options, ISchemaRegistryClient registry, FollowOptions follow)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);
    private readonly KafkaClients clients = new(options);
    private readonly string topic = options.TopicPrefix + TopicNames.Outcomes;
    private readonly AvroSerde<AllocationOutcome> serde =
        new(registry, ConfluentFraming.SubjectOf(options.TopicPrefix + TopicNames.Outcomes));

    private readonly Dictionary<int, long> ends = [];

    public async IAsyncEnumerable<FollowedOutcome> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        var ahead = Channel.CreateBounded<(AllocationOutcome Outcome, TopicPartitionOffset At)>(
            new BoundedChannelOptions(follow.ReadAheadCount) { SingleReader = true, SingleWriter = true });
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reading = Task.Factory.StartNew(
            () => Read(ahead.Writer, stopping.Token), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        try
        {
            var sequences = new SequenceCheck(follow.LastSequences);
            await foreach (var (outcome, at) in ahead.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                yield return new FollowedOutcome(
                    outcome, at.Partition.Value, at.Offset.Value, sequences.See(outcome.PoolId, outcome.Sequence));
            }
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }
    }

    private void Read(ChannelWriter<(AllocationOutcome, TopicPartitionOffset)> ahead, CancellationToken cancellation)
    {
        try
        {
            using var reader = clients.Consumer();
            var positions = Begin(reader);
            reader.Assign(positions);
            var open = positions.Where(p => p.Offset.Value < End(p)).Select(p => p.Partition.Value).ToHashSet();
            while (!follow.StopsAtEnd || open.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                if (reader.Consume(PollInterval) is not { } record)
                {
                    continue;
                }
                var at = record.TopicPartitionOffset;
                if (!record.IsPartitionEOF && (!follow.StopsAtEnd || at.Offset.Value < End(at)))
                {
                    Put(ahead, (Decode(record, cancellation), at), cancellation);
                }
                // Behind the last outcome lie markers of transactions: the end is told, not counted.
                if (record.IsPartitionEOF || at.Offset.Value + 1 >= End(at))
                {
                    open.Remove(at.Partition.Value);
                }
            }
            ahead.Complete();
        }
        catch (Exception e)
        {
            // Whatever it was is for who takes the outcomes.
            ahead.Complete(e);
        }
    }

    private List<TopicPartitionOffset> Begin(IConsumer<byte[]?, byte[]?> reader)
    {
        using var admin = clients.Admin();
        var count = clients.PartitionCount(admin, topic);
        var positions = new List<TopicPartitionOffset>();
        foreach (var number in follow.Partitions ?? [.. Enumerable.Range(0, count)])
        {
            if (number < 0 || number >= count)
            {
                throw AllocException.NotFound($"{topic} has no partition {number}: it has {count}.");
            }
            var partition = new TopicPartition(topic, number);
            var watermarks = reader.BoundsOf(partition, options.Timeout);
            var isGiven = follow.Positions.TryGetValue(number, out var given);
            if (isGiven && (given < watermarks.Low.Value || given > watermarks.High.Value))
            {
                throw AllocException.NotFound(
                    $"{topic}[{number}] has offsets {watermarks.Low.Value} to {watermarks.High.Value} now, and is to "
                    + $"be read from {given}.",
                    "Begin anew: take the state from elsewhere, or follow from the beginning.");
            }
            var from = isGiven ? given
                : follow.From == FollowFrom.Beginning ? watermarks.Low.Value : watermarks.High.Value;
            ends[number] = watermarks.High.Value;
            positions.Add(new TopicPartitionOffset(partition, from));
        }
        return positions;
    }

    private long End(TopicPartitionOffset at) => ends[at.Partition.Value];

    private AllocationOutcome Decode(ConsumeResult<byte[]?, byte[]?> record, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return serde.Deserialize(record.Message.Value);
            }
            catch (RegistryUnavailableException)
            {
                // Its schema is not known here yet; nothing may be passed over, so it is asked for again.
                cancellation.WaitHandle.WaitOne(RetryPause);
                cancellation.ThrowIfCancellationRequested();
            }
            catch (AvroException e)
            {
                throw AllocException.Failed(
                    $"{record.TopicPartitionOffset} is not an outcome: {e.Message}",
                    "Only the engine may write outcomes.", e);
            }
        }
    }

    private static void Put(
        ChannelWriter<(AllocationOutcome, TopicPartitionOffset)> ahead, (AllocationOutcome, TopicPartitionOffset) next,
        CancellationToken cancellation)
    {
        if (!ahead.TryWrite(next))
        {
            ahead.WriteAsync(next, cancellation).AsTask().GetAwaiter().GetResult();
        }
    }
}
