using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Engine.Observability;
using Alloc.Engine.Runtime;
using Alloc.Processors.Shadow.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Shadow;

/// <summary>
/// Compares what the shadow of this instance decides with what the log has of the other system, as it comes: what
/// <c>alloc shadow report</c> says, as numbers that an alert can watch. Decides nothing. It begins at the end of the
/// shadow's journal; whatever goes wrong is tried again.
/// </summary>
internal sealed class ShadowWatch : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<int, ShadowPartition> partitions = [];
    private readonly AllocClientOptions settings;
    private readonly Func<IReadOnlyList<InputStatus>> inputs;
    private readonly TimeProvider time;
    private readonly long startedAt;
    private readonly string commandTopic;
    private readonly (string Topic, AvroSerde<AllocationOutcome> Serde) shadow;
    private readonly (string Topic, AvroSerde<AllocationOutcome> Serde) authority;
    private readonly CatalogueFollower catalogue;
    private volatile IReadOnlyDictionary<ShadowAgreement, long> counts;
    private Task watching = Task.CompletedTask;

    /// <param name="settings">How Kafka is reached.</param>
    /// <param name="registry">The schema registry.</param>
    /// <param name="partitionCount">Partitions of commands and outcomes.</param>
    /// <param name="inputs">How far the shadow is in its input partitions.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it says what it cannot use.</param>
    public ShadowWatch(
        AllocClientOptions settings, ISchemaRegistryClient registry, int partitionCount,
        Func<IReadOnlyList<InputStatus>> inputs, TimeProvider time, ILogger<ShadowWatch> logger)
    {
        this.settings = settings;
        this.inputs = inputs;
        this.time = time;
        startedAt = time.GetTimestamp();
        commandTopic = settings.TopicPrefix + TopicNames.Commands;
        shadow = Journal(TopicNames.ShadowOutcomes);
        authority = Journal(TopicNames.Outcomes);
        catalogue = new CatalogueFollower(settings, registry, logger);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            partitions[partition] = new ShadowPartition(() => catalogue.InForce.ShadowRules);
        }
        counts = Sum();

        (string, AvroSerde<AllocationOutcome>) Journal(string name) => (
            settings.TopicPrefix + name,
            new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + name)));
    }

    /// <summary>How often the shadow agreed since the start; a snapshot.</summary>
    public IReadOnlyDictionary<ShadowAgreement, long> Counts => counts;

    /// <summary>Watches from now on; what is decided after this call is counted.</summary>
    public async Task StartAsync()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watching = BlockingWork.Run(() => Watch(begun));
        await begun.Task.ConfigureAwait(false);
    }

    public void Dispose()
    {
        stopping.Cancel();
        watching.GetAwaiter().GetResult();
        stopping.Dispose();
    }

    private void Watch(TaskCompletionSource begun)
    {
        var isAnew = true;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var reader = new KafkaClients(settings).Consumer(group: "alloc-shadow-watch");
                if (isAnew)
                {
                    foreach (var (partition, state) in partitions)
                    {
                        state.StartAt(EndOf(reader, partition));
                    }
                    isAnew = false;
                }
                begun.TrySetResult();
                while (!stopping.Token.WaitHandle.WaitOne(Pause))
                {
                    Look(reader);
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception e)
                when (e is KafkaException or RegistryRefusedException or RegistryUnavailableException)
            {
                begun.TrySetResult();
                // What it was about to read may be gone.
                isAnew |= e is ConsumeException;
                stopping.Token.WaitHandle.WaitOne(RetryPause);
            }
        }
        begun.TrySetResult();
    }

    private void Look(IConsumer<byte[]?, byte[]?> reader)
    {
        if (!catalogue.Follow(reader, stopping.Token))
        {
            return;
        }
        // What the shadow had committed before its journal is read is in it: only then is the other's answer taken.
        var committed = inputs().Where(i => i.IsHere && i.Topic == commandTopic && i.Committed >= 0)
            .ToDictionary(i => i.Partition, i => i.Committed);
        foreach (var (partition, state) in partitions.Where(p => !committed.ContainsKey(p.Key)))
        {
            state.StandBy(EndOf(reader, partition), time.GetElapsedTime(startedAt));
        }
        var here = committed.Keys.Where(partitions.ContainsKey).ToDictionary(p => p, p => partitions[p]);
        var isRead = Read(reader, shadow, here.ToDictionary(p => p.Key, p => p.Value.ShadowNext), (at, outcome) =>
        {
            here[at.Partition].ShadowNext = at.Offset + 1;
            if (outcome is not null)
            {
                here[at.Partition].FirstMs ??= outcome.TMs;
                here[at.Partition].Comparison.Shadow(outcome);
            }
            return true;
        });
        if (!isRead)
        {
            return;
        }
        var begun = here.Where(p => FindAuthority(reader, p.Key, p.Value)).ToDictionary();
        Read(reader, authority, begun.ToDictionary(p => p.Key, p => p.Value.AuthorityNext!.Value), (at, outcome) =>
        {
            if (outcome?.Source.Offset >= committed[at.Partition])
            {
                return false;
            }
            begun[at.Partition].AuthorityNext = at.Offset + 1;
            if (outcome is not null)
            {
                begun[at.Partition].Comparison.Authority(outcome);
            }
            return true;
        });
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var partition in here.Values)
        {
            // A log that nothing comes to has no time of its own.
            partition.Comparison.Settle(nowMs);
            partition.Trim();
        }
        counts = Sum();
    }

    private long EndOf(IConsumer<byte[]?, byte[]?> reader, int partition) =>
        reader.QueryWatermarkOffsets(new TopicPartition(shadow.Topic, partition), CallTimeout).High.Value;

    // Both journals have the time of the command: the authority's answers are not before the shadow's first one.
    private bool FindAuthority(IConsumer<byte[]?, byte[]?> reader, int partition, ShadowPartition state)
    {
        if (state.AuthorityNext is null && state.FirstMs is { } firstMs)
        {
            var found = reader.OffsetsForTimes(
                [new TopicPartitionTimestamp(
                    authority.Topic, partition, new Timestamp(firstMs, TimestampType.CreateTime))],
                CallTimeout)[0].Offset;
            state.AuthorityNext = found.IsSpecial ? null : found.Value;
        }
        return state.AuthorityNext is not null;
    }

    /// <summary>
    /// Reads partitions of a topic on until each is at its end or enough of it was taken; false where that took too
    /// long.
    /// </summary>
    private bool Read(
        IConsumer<byte[]?, byte[]?> reader, (string Topic, AvroSerde<AllocationOutcome> Serde) journal,
        Dictionary<int, long> from, Func<(int Partition, long Offset), AllocationOutcome?, bool> take)
    {
        var open = from.Keys.ToHashSet();
        if (open.Count == 0)
        {
            return true;
        }
        reader.Assign(from.Select(p => new TopicPartitionOffset(journal.Topic, p.Key, p.Value)));
        var heardAt = time.GetTimestamp();
        while (open.Count > 0)
        {
            stopping.Token.ThrowIfCancellationRequested();
            if (reader.Consume(Poll) is not { } record)
            {
                if (time.GetElapsedTime(heardAt) > Patience)
                {
                    return false;
                }
                continue;
            }
            heardAt = time.GetTimestamp();
            var partition = record.Partition.Value;
            if (open.Contains(partition) && (record.IsPartitionEOF
                || !take((partition, record.Offset.Value), Decode(journal.Serde, record.Message.Value))))
            {
                open.Remove(partition);
            }
        }
        return true;
    }

    private static AllocationOutcome? Decode(AvroSerde<AllocationOutcome> serde, byte[]? value)
    {
        try
        {
            return value is null ? null : serde.Deserialize(value);
        }
        catch (AvroException)
        {
            // What somebody else wrote there; alloc verify says it.
            return null;
        }
    }

    private Dictionary<ShadowAgreement, long> Sum()
    {
        var sum = ShadowAgreement.All.ToDictionary(a => a, _ => 0L);
        foreach (var comparison in partitions.Values.Select(p => p.Comparison))
        {
            foreach (var (row, count) in comparison.Rows)
            {
                Add(new ShadowAgreement(ShadowEvidence.Decision, row.Class), count);
            }
            foreach (var ((evidence, difference), count) in comparison.Evidence)
            {
                Add(new ShadowAgreement(evidence, difference), count);
            }
        }
        return sum;

        void Add(ShadowAgreement agreement, int count) =>
            sum[agreement] = sum.GetValueOrDefault(agreement) + count;
    }
}
