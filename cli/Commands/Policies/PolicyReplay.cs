using System.Diagnostics;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.Trial;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Policies;

/// <summary>
/// Runs the log of all partitions again, one after another: the journal up to the window, then the window's commands.
/// Reads only; what it makes stays in memory.
/// </summary>
internal sealed class PolicyReplay : IDisposable
{
    private const int SampleSize = 5_000;
    private static readonly TimeSpan RegistryPause = TimeSpan.FromMilliseconds(100);
    private readonly AllocClientOptions settings;
    private readonly CancellationToken cancellation;
    private readonly CommandRecords commands;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly string commandTopic;
    private readonly string outcomeTopic;
    private readonly int partitionCount;
    private readonly long total;
    private long done;

    public PolicyReplay(AllocClientOptions settings, ISchemaRegistryClient registry, CancellationToken cancellation)
    {
        this.settings = settings;
        this.cancellation = cancellation;
        commandTopic = settings.TopicPrefix + TopicNames.Commands;
        outcomeTopic = settings.TopicPrefix + TopicNames.Outcomes;
        outcomes = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(outcomeTopic));
        reader = BulkClients.Consumer(settings, "alloc-policy-diff", readCommitted: true, fields: "all");
        var clients = new KafkaClients(settings);
        using var admin = clients.Admin();
        partitionCount = clients.PartitionCount(admin, outcomeTopic);
        commands = new CommandRecords(AllocationSerdes.ForCommands(registry, commandTopic), partitionCount);
        total = Enumerable.Range(0, partitionCount).Sum(p => Ends(outcomeTopic, p) is var e ? e.High - e.Low : 0);
    }

    /// <summary>Told now and then: what is done, how many records are read, how many there are.</summary>
    public Action<string, long, long> OnProgress { get; init; } = static (_, _, _) => { };

    /// <summary>Told once how many outcomes are folded before the window and about how long that takes.</summary>
    public Action<long, TimeSpan> OnEstimate { get; init; } = static (_, _) => { };

    /// <summary>Where checkpoints are; null: the journal is folded from its start.</summary>
    public ScratchStates? Checkpoints { get; init; }

    /// <summary>Partitions that began with a checkpoint.</summary>
    public int CheckpointCount { get; private set; }

    /// <summary>Outcomes that were folded before the window.</summary>
    public long RestoredCount { get; private set; }

    /// <summary>How long that took.</summary>
    public TimeSpan RestoreTime { get; private set; }

    /// <summary>Commands of the window that were decided again.</summary>
    public long ReplayedCount { get; private set; }

    /// <summary>How long that took.</summary>
    public TimeSpan ReplayTime { get; private set; }

    /// <summary>Decides the window again and hands over what was decided, then what would have been.</summary>
    public void Run(
        long fromMs, AllocationPolicy? candidate, Action<int, AllocationOutcome> was,
        Action<int, AllocationOutcome> wouldBe)
    {
        for (var partition = 0; partition < partitionCount; partition++)
        {
            RunPartition(partition, fromMs, candidate, was, wouldBe);
        }
    }

    public void Dispose() => _ = Task.Run(reader.Dispose);

    private void RunPartition(
        int partition, long fromMs, AllocationPolicy? candidate, Action<int, AllocationOutcome> was,
        Action<int, AllocationOutcome> wouldBe)
    {
        var from = FirstOffset(partition, fromMs, Ends(commandTopic, partition).High);
        var checkpoint = Checkpoints?.Open(partition, commandTopic, from);
        using var scratch = checkpoint?.State;
        var begin = checkpoint?.Position.NextOffset(outcomeTopic) ?? 0;
        CheckpointCount += scratch is null ? 0 : 1;
        var trial = scratch is null ? new PolicyTrial(partition) : new PolicyTrial(partition, scratch);
        var last = Restore(trial, partition, begin, from, was);
        var reasons = trial.Begin(candidate, commandTopic, from);
        if (reasons.Count > 0)
        {
            throw AllocException.Failed(
                $"Partition {partition} would not take the policy: {string.Join("; ", reasons)}");
        }
        var startedAt = Stopwatch.GetTimestamp();
        foreach (var record in Records(commandTopic, partition, from, last + 1))
        {
            if (ToLedger(record) is not { } command)
            {
                continue;
            }
            ReplayedCount++;
            foreach (var outcome in trial.Decide(command))
            {
                wouldBe(partition, outcome);
            }
            OnProgress("deciding again", done, total);
        }
        ReplayTime += Stopwatch.GetElapsedTime(startedAt);
    }

    /// <summary>
    /// The state before the window; what the journal says of the window is handed over. Also the last offset that it
    /// decided.
    /// </summary>
    private long Restore(
        PolicyTrial trial, int partition, long begin, long from, Action<int, AllocationOutcome> was)
    {
        var journal = Ends(outcomeTopic, partition);
        if (journal.Low > begin)
        {
            throw AllocException.Failed(
                $"The journal of partition {partition} begins at offset {journal.Low}: what was before is gone, and a "
                + "replay needs all of it.",
                "Name the directory of a checkpoint from before the window: --checkpoint-dir.");
        }
        var startedAt = Stopwatch.GetTimestamp();
        var last = -1L;
        foreach (var record in Records(outcomeTopic, partition, begin, journal.High))
        {
            done++;
            var outcome = outcomes.Deserialize(record.Message.Value);
            last = Math.Max(last, outcome.Source.Offset);
            if (outcome.Source.Offset >= from)
            {
                was(partition, outcome);
                continue;
            }
            trial.Restore(outcome);
            if (++RestoredCount == SampleSize)
            {
                OnEstimate(total, Stopwatch.GetElapsedTime(startedAt) * ((double)total / SampleSize));
            }
            OnProgress("folding the journal", done, total);
        }
        RestoreTime += Stopwatch.GetElapsedTime(startedAt);
        return last;
    }

    private LedgerRecord? ToLedger(ConsumeResult<byte[]?, byte[]?> record)
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return commands.Read(
                    record.Topic, record.Partition.Value, record.Offset.Value, record.Message.Timestamp.UnixTimestampMs,
                    record.Message.Key, record.Message.Value);
            }
            catch (BadRecordException)
            {
                // The engine put it aside too.
                return null;
            }
            catch (DependencyUnavailableException error)
            {
                if (Stopwatch.GetElapsedTime(startedAt) > settings.Timeout)
                {
                    throw AllocException.Unavailable($"{error.Message}; schemas of commands are needed.", "Ask again.");
                }
                cancellation.WaitHandle.WaitOne(RegistryPause);
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    private IEnumerable<ConsumeResult<byte[]?, byte[]?>> Records(string topic, int partition, long from, long to)
    {
        if (from >= to)
        {
            yield break;
        }
        reader.Assign(new TopicPartitionOffset(topic, partition, from));
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(TimeSpan.FromSeconds(30)) ?? throw AllocException.Unavailable(
                $"{topic}[{partition}] gave no record for 30 s.", "Is the broker still running? Ask again.");
            if (record.IsPartitionEOF || record.Offset.Value >= to)
            {
                yield break;
            }
            yield return record;
            if (record.Offset.Value == to - 1)
            {
                yield break;
            }
        }
    }

    private long FirstOffset(int partition, long fromMs, long end)
    {
        var found = reader.OffsetsForTimes(
            [new TopicPartitionTimestamp(commandTopic, partition, new Timestamp(fromMs, TimestampType.LogAppendTime))],
            settings.Timeout)[0].Offset;
        return found.Value >= 0 ? found.Value : end;
    }

    private (long Low, long High) Ends(string topic, int partition)
    {
        var ends = reader.BoundsOf(new TopicPartition(topic, partition), settings.Timeout);
        return (ends.Low.Value, ends.High.Value);
    }
}
