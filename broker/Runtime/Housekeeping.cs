using Alloc.Broker.Storage;

namespace Alloc.Broker.Runtime;

/// <summary>
/// What is done now and then: checkpoints, retention, compaction, forgetting idle producers. Decides on the loop;
/// compaction itself runs beside it, one partition at a time.
/// </summary>
internal sealed class Housekeeping : IDisposable
{
    /// <summary>A crash makes the next start read at most about this much of a partition.</summary>
    private const long CheckpointBytes = 16 << 20;

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);
    private readonly BrokerCore broker;
    private readonly Disk disk;
    private readonly CancellationTokenSource stopping = new();
    private Task cleaning = Task.CompletedTask;

    public Housekeeping(BrokerCore broker, Disk disk)
    {
        this.broker = broker;
        this.disk = disk;
    }

    /// <summary>Starts the rounds. Only on the loop.</summary>
    public void Start()
    {
        Every(broker.Options.HousekeepingInterval, Round);
        Every(CheckpointInterval, CheckpointGrown);
    }

    /// <summary>Does one round now. Only on the loop.</summary>
    public void Round()
    {
        var nowMs = broker.Loop.NowMs;
        foreach (var log in broker.Topics.All.SelectMany(t => t.Partitions))
        {
            Tend(log, nowMs);
        }
        StartCleaning(nowMs);
    }

    /// <summary>Writes a checkpoint of every log that changed. Runs <paramref name="then"/> on the loop
    /// afterwards.</summary>
    public void CheckpointAll(Action then)
    {
        var logs = broker.Topics.All.SelectMany(t => t.Partitions)
            .Where(l => l.HasChangedSinceCheckpoint || l.IsCheckpointing).ToList();
        var left = logs.Count;
        if (left == 0)
        {
            then();
            return;
        }
        foreach (var log in logs)
        {
            log.Checkpoint(broker.Durability, _ =>
            {
                if (--left == 0)
                {
                    then();
                }
            });
        }
    }

    /// <summary>Gives up a compaction that runs and waits for it.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await cleaning;
    }

    public void Dispose() => stopping.Dispose();

    private void Tend(PartitionLog log, long nowMs)
    {
        try
        {
            log.Retain(nowMs);
        }
        catch (Exception exception) when (exception is StorageException or IOException)
        {
            broker.Refusals.Report(exception);
        }
        log.Producers.Expire(nowMs - (long)broker.Options.ProducerExpiration.TotalMilliseconds);
    }

    private void CheckpointGrown()
    {
        foreach (var topic in broker.Topics.All)
        {
            foreach (var log in topic.Partitions)
            {
                if (log.BytesSinceCheckpoint >= CheckpointBytes)
                {
                    log.Checkpoint(broker.Durability, _ => { });
                }
            }
        }
    }

    private void Every(TimeSpan interval, Action action) => broker.Loop.Schedule(interval, () =>
    {
        action();
        Every(interval, action);
    });

    private void StartCleaning(long nowMs)
    {
        if (!cleaning.IsCompleted || stopping.IsCancellationRequested)
        {
            return;
        }
        foreach (var log in broker.Topics.All.SelectMany(t => t.Partitions))
        {
            if (log.BeginCleaning(nowMs) is { } task)
            {
                // It may take minutes; requests are served by the pool's threads.
                cleaning = Task.Factory.StartNew(
                    () => Clean(task), CancellationToken.None, TaskCreationOptions.LongRunning,
                    TaskScheduler.Default);
                return;
            }
        }
    }

    private void Clean(CleaningTask task)
    {
        Cleaned? results = null;
        using var cleaner = new SegmentCleaner(disk, task);
        try
        {
            results = cleaner.Run(stopping.Token);
            if (cleaner.UnreadableBatchCount > 0)
            {
                Log.NotCompacted(broker.Logger, task.Log.Topic, task.Log.Partition, cleaner.UnreadableBatchCount,
                    results.Compacted.UniqueUpTo);
            }
        }
        catch (OperationCanceledException)
        {
            Log.CleaningStopped(broker.Logger, task.Log.Topic, task.Log.Partition, "the broker stops");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.CleaningStopped(broker.Logger, task.Log.Topic, task.Log.Partition, exception.Message);
        }
        broker.Loop.PostAway(() =>
        {
            task.Log.FinishCleaning(task, results);
            if (results is not null)
            {
                task.Log.Checkpoint(broker.Durability, _ => { });
                StartCleaning(broker.Loop.NowMs);
            }
        });
    }
}
