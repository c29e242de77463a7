using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Notation;
using Alloc.Schemas.Operations;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Topics;

/// <summary>How far a partition is.</summary>
/// <param name="range">What is read of it.</param>
internal sealed class ReplayedPartition(ReplayRange range)
{
    public ReplayRange Range { get; } = range;

    /// <summary>The next offset to read.</summary>
    public long Position { get; set; } = range.From;

    /// <summary>What lies before was written by an earlier run.</summary>
    public long Committed { get; set; } = range.From;

    /// <summary>Records that were written, by an earlier run too.</summary>
    public long Written { get; set; }

    /// <summary>Records that are meant and stay out.</summary>
    public long LeftOut { get; set; }

    public bool IsOver => Position >= Range.End;
}

/// <summary>
/// Copies the records of a plan. Each transaction has records together with the offsets that they were read up to,
/// under a group of the action's own: a process that is killed leaves nothing half done, and another one goes on
/// exactly where the last transaction ended.
/// </summary>
internal sealed class TopicReplayRun : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(200);

    /// <summary>Where nothing is to be written for long, how far it is is said all the same.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private readonly CommandContext context;
    private readonly AllocClientOptions settings;
    private readonly ReplayPlan plan;
    private readonly OperatorAudit audit;
    private readonly int targetCount;
    private readonly ActionTransactions transactions;
    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private long committedAt;

    /// <param name="context">The command.</param>
    /// <param name="settings">Where.</param>
    /// <param name="plan">What is copied.</param>
    /// <param name="audit">Where it is said.</param>
    /// <param name="targetCount">Partitions of the target.</param>
    public TopicReplayRun(
        CommandContext context, AllocClientOptions settings, ReplayPlan plan, OperatorAudit audit, int targetCount)
    {
        this.context = context;
        this.settings = settings;
        this.plan = plan;
        this.audit = audit;
        this.targetCount = targetCount;
        Partitions = plan.Ranges.ToDictionary(r => r.Partition, r => new ReplayedPartition(r));
        transactions = new ActionTransactions(
            settings, $"alloc-replay-{plan.ActionId}",
            ShellLine.Of("alloc topic replay", null, ("--resume", plan.ActionId)), Again,
            context.Time);
        consumer = new KafkaClients(settings).Consumer(group: GroupOf(settings, plan.ActionId));
    }

    /// <summary>How far each partition is.</summary>
    public IReadOnlyDictionary<int, ReplayedPartition> Partitions { get; }

    /// <summary>What goes on with it after it was interrupted.</summary>
    public string Again => ShellLine.Of(
        $"{Invocation.Name(context.Host.Environment)} topic replay", null, ("--resume", plan.ActionId))
        + " --yes goes on where it ended.";

    /// <summary>The group that keeps how far an action is.</summary>
    public static string GroupOf(AllocClientOptions settings, string actionId) =>
        $"{settings.TopicPrefix}alloc-replay-{actionId}";

    /// <summary>Copies everything, and says so in the audit.</summary>
    /// <param name="isResumed">Whether another run began it.</param>
    /// <param name="cancellation">Ends it; what is committed stays.</param>
    public async Task RunAsync(bool isResumed, CancellationToken cancellation)
    {
        await audit.PrepareAsync(cancellation).ConfigureAwait(false);
        await transactions.BeginAsync(cancellation).ConfigureAwait(false);
        if (isResumed)
        {
            Resume();
        }
        else
        {
            Say(plan.Started(Writes.ActorOf(context), NowMs));
            await CommitAsync().ConfigureAwait(false);
        }
        await CopyAsync(cancellation).ConfigureAwait(false);
        Say(plan.Started(Writes.ActorOf(context), NowMs) with
        {
            Kind = OperatorActionKind.ReplayFinished,
            RecordCount = Partitions.Values.Sum(p => p.Written),
        });
        await CommitAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        transactions.Dispose();
        consumer.Dispose();
    }

    private long NowMs => context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Say(OperatorAction action)
    {
        var (to, record) = audit.Write(action);
        transactions.Add(to, record, "the record of the action");
    }

    /// <summary>Finds out where the earlier run ended. What it wrote is counted again by reading it again.</summary>
    private void Resume()
    {
        var committed = consumer.Committed(
            Partitions.Keys.Select(p => new TopicPartition(plan.Source, p)), settings.Timeout);
        foreach (var each in committed)
        {
            var partition = Partitions[each.Partition.Value];
            if (each.Offset.Value < 0)
            {
                throw AllocException.Failed(
                    $"How far {plan.ActionId} was is not known any more: the offsets of its group "
                    + $"{GroupOf(settings, plan.ActionId)} are gone (offsets.retention.minutes).",
                    "alloc topic tail shows the target's last alloc-replay headers; begin a new replay from there.");
            }
            partition.Committed = each.Offset.Value;
            var low = consumer.BoundsOf(each.TopicPartition, settings.Timeout).Low.Value;
            if (low > partition.Committed && partition.Committed < partition.Range.End)
            {
                throw Gone(partition.Range.Partition, partition.Committed, low);
            }
            partition.Position = Math.Max(partition.Position, low);
        }
    }

    private AllocException Gone(int partition, long from, long low) => AllocException.Failed(
        $"The records {from} to {low - 1} of partition {partition} of {plan.Source} are gone: its retention took them.",
        "Nothing more was written. A new replay can begin behind them.");

    private async Task CopyAsync(CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "offsets");
        var pacer = new Pacer(plan.Rate, context.Time);
        committedAt = context.Time.GetTimestamp();
        consumer.Assign(Partitions.Values.Where(p => !p.IsOver).Select(
            p => new TopicPartitionOffset(plan.Source, p.Range.Partition, p.Position)));
        try
        {
            while (Partitions.Values.Any(p => !p.IsOver))
            {
                cancellation.ThrowIfCancellationRequested();
                if (Next() is { } record)
                {
                    await TakeAsync(record, pacer, cancellation).ConfigureAwait(false);
                }
                var done = Partitions.Values.Sum(p => Math.Min(p.Position, p.Range.End) - p.Range.From);
                progress.Show($"replaying into {plan.Target}", done, plan.OffsetCount,
                    Partitions.Values.Sum(p => p.Committed - p.Range.From));
                if (transactions.IsDue)
                {
                    await CommitAsync().ConfigureAwait(false);
                }
                else if (context.Time.GetElapsedTime(committedAt) > LongestSilence)
                {
                    transactions.Open();
                    await CommitAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            progress.Clear();
        }
    }

    private ConsumeResult<byte[]?, byte[]?>? Next()
    {
        try
        {
            return consumer.Consume(Look);
        }
        catch (ConsumeException error) when (error.Error.Code
            is ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset)
        {
            var partition = Partitions[error.ConsumerRecord.Partition.Value];
            throw Gone(
                partition.Range.Partition, partition.Position, consumer.BoundsOf(
                    error.ConsumerRecord.TopicPartition, settings.Timeout).Low.Value);
        }
    }

    private async Task TakeAsync(
        ConsumeResult<byte[]?, byte[]?> record, Pacer pacer, CancellationToken cancellation)
    {
        var partition = Partitions[record.Partition.Value];
        if (partition.IsOver)
        {
            return;
        }
        if (record.IsPartitionEOF || record.Offset.Value >= partition.Range.End)
        {
            // What lies between is markers of transactions, or was never committed.
            partition.Position = Math.Max(partition.Position, Math.Min(record.Offset.Value, partition.Range.End));
        }
        else
        {
            if (plan.Takes(record) && plan.LeavesOut(record))
            {
                partition.LeftOut++;
            }
            else if (plan.Takes(record))
            {
                if (record.Offset.Value >= partition.Committed)
                {
                    await WriteAsync(record, pacer, cancellation).ConfigureAwait(false);
                }
                partition.Written++;
            }
            partition.Position = record.Offset.Value + 1;
        }
        if (partition.IsOver)
        {
            consumer.Pause([record.TopicPartition]);
        }
    }

    private async Task WriteAsync(ConsumeResult<byte[]?, byte[]?> record, Pacer pacer, CancellationToken cancellation)
    {
        if (pacer.Wait > ShortWait)
        {
            await CommitAsync().ConfigureAwait(false);
        }
        if (pacer.Wait is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, context.Time, cancellation).ConfigureAwait(false);
        }
        var from = new RecordPosition(record.Topic, record.Partition.Value, record.Offset.Value);
        transactions.Add(
            new TopicPartition(plan.Target, PartitionOf(record)),
            new Message<byte[]?, byte[]?>
            {
                Key = record.Message.Key,
                Value = record.Message.Value,
                Timestamp = new Timestamp(record.Message.Timestamp.UnixTimestampMs, TimestampType.CreateTime),
                Headers = ReplayHeaders.Of(record.Message.Headers, from, plan.ActionId),
            },
            from.ToString());
        pacer.Went();
    }

    /// <summary>Records without a key stay in step with their partition.</summary>
    private int PartitionOf(ConsumeResult<byte[]?, byte[]?> record) =>
        plan.IsByKey && record.Message.Key is { } key
            ? PoolPartition.OfKey(key, targetCount)
            : record.Partition.Value % targetCount;

    private async Task CommitAsync()
    {
        await transactions.CommitAsync(
            [.. Partitions.Values.Select(p => new TopicPartitionOffset(
                plan.Source, p.Range.Partition, Math.Max(p.Position, p.Committed)))],
            consumer.ConsumerGroupMetadata).ConfigureAwait(false);
        committedAt = context.Time.GetTimestamp();
    }
}
