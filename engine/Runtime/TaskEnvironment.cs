using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Runtime;

/// <summary>What tasks share: the clock as of the last look, the sizes of topics, where to report.</summary>
internal sealed class TaskEnvironment
{
    private readonly TimeProvider clock;
    private readonly IReadOnlyDictionary<string, int> partitionCounts;
    private readonly ILogger logger;
    private long lastDeadLetterLogMs = long.MinValue;

    public TaskEnvironment(
        string applicationId, TimeProvider clock, TimeSpan maxClockSkew,
        IReadOnlyDictionary<string, int> partitionCounts,
        ILogger logger, int outputByteLimit = StreamsOptions.DefaultOutputByteLimit, StoppedTasks? stops = null)
    {
        Stops = stops ?? new StoppedTasks();
        OutputByteLimit = outputByteLimit;
        ApplicationId = applicationId;
        this.clock = clock;
        this.partitionCounts = partitionCounts;
        this.logger = logger;
        MaxClockSkewMs = (long)maxClockSkew.TotalMilliseconds;
        Refresh();
    }

    /// <summary>The host's clock as of the last <see cref="Refresh"/>: one look serves a batch of records.</summary>
    public long NowMs { get; private set; }

    public long MaxClockSkewMs { get; }

    /// <summary>The broker's clock; null where the topology uses no watermarks.</summary>
    public BrokerTime? BrokerTime { get; init; }

    /// <summary>
    /// The broker's clock as of the last <see cref="Refresh"/>; the host's where the topology uses no watermarks.
    /// </summary>
    public long ClockMs { get; private set; }

    /// <summary>How far clocks of brokers may be apart.</summary>
    public long AllowedClockSkewMs { get; init; } = (long)StreamsOptions.DefaultClockSkew.TotalMilliseconds;

    /// <summary>What watermarks go by.</summary>
    public WatermarkRules Rules { get; init; } = WatermarkRules.Sound;

    /// <summary>Bytes of one output at most.</summary>
    public int OutputByteLimit { get; }

    public string ApplicationId { get; }

    /// <summary>The tasks that a fault of the program stopped.</summary>
    public StoppedTasks Stops { get; }

    public ILogger Logger => logger;

    public void Refresh()
    {
        NowMs = ReadClockMs();
        ClockMs = BrokerTime is { LatestMs: not long.MinValue } known ? known.NowMs : NowMs;
    }

    /// <summary>The host's clock now; for other threads.</summary>
    public long ReadClockMs() => clock.GetUtcNow().ToUnixTimeMilliseconds();

    public int PartitionCount(string topic) => partitionCounts.TryGetValue(topic, out var count)
        ? count
        : throw new StreamsException(
            $"Nothing is known of topic '{topic}'; it was not there when the application started.");

    /// <summary>Counts every dead letter and logs at most one a second.</summary>
    public void ReportDeadLetter(StreamTask task, RecordMetadata origin, BadRecordException error)
    {
        task.Counters.CountDeadLetter(origin.Topic, error.Kind);
        if (NowMs - lastDeadLetterLogMs >= 1_000 || lastDeadLetterLogMs == long.MinValue)
        {
            lastDeadLetterLogMs = NowMs;
            Log.DeadLetter(
                logger, task.TaskId, origin.Topic, origin.Partition, origin.Offset, Faults.Reason(error));
        }
    }
}

/// <summary>Counts of one task since it was opened; read by metrics once a batch.</summary>
internal sealed class TaskCounters
{
    private readonly long[] deadLetters = new long[Enum.GetValues<BadRecordKind>().Length];
    private Dictionary<(string Topic, BadRecordKind Kind), long>? buried;

    public long Processed { get; set; }

    public long DeadLetters => deadLetters.Sum();

    public long SkippedDecided { get; set; }

    /// <summary>Dead letters of one kind.</summary>
    public long DeadLettersOf(BadRecordKind kind) => deadLetters[(int)kind];

    /// <summary>Whether there is anything to <see cref="TakeDeadLetters"/>.</summary>
    public bool HasDeadLetters => buried is { Count: > 0 };

    /// <summary>One more dead letter.</summary>
    /// <param name="topic">The topic that its record came from.</param>
    /// <param name="kind">What is wrong with that.</param>
    public void CountDeadLetter(string topic, BadRecordKind kind)
    {
        deadLetters[(int)kind]++;
        buried ??= [];
        buried[(topic, kind)] = buried.GetValueOrDefault((topic, kind)) + 1;
    }

    /// <summary>Hands over the dead letters since the last time, by topic and kind.</summary>
    public void TakeDeadLetters(Action<long, string, BadRecordKind> take)
    {
        if (!HasDeadLetters)
        {
            return;
        }
        foreach (var ((topic, kind), count) in buried!)
        {
            take(count, topic, kind);
        }
        buried!.Clear();
    }
}

/// <summary>A task that waits for something outside: when to try again, and since when.</summary>
internal sealed class TaskWait
{
    private const long FirstRetryMs = 100;
    private const long LongestRetryMs = 2_000;
    private const long FirstWordMs = 1_000;
    private const long ReminderMs = 30_000;
    private TaskEnvironment? environment;
    private TaskId task;
    private long sinceMs;
    private long remindAtMs;
    private long retryMs;
    private bool isSaid;

    /// <summary>What is awaited, in words; null when nothing is. Read by other threads.</summary>
    public string? Reason { get; private set; }

    /// <summary>Host time of the next try.</summary>
    public long RetryAtMs { get; private set; } = long.MinValue;

    /// <summary>
    /// True once a fault of the program stopped the task: it is not tried again by itself. Read by other threads.
    /// </summary>
    public bool IsStopped { get; private set; }

    /// <summary>How long it has waited; zero when it does not. Read by other threads.</summary>
    public TimeSpan Waited => Reason is null
        ? TimeSpan.Zero
        : TimeSpan.FromMilliseconds(Math.Max(0, environment!.ReadClockMs() - sinceMs));

    /// <summary>What a record waits for, where it lies, and why the wait is needed, in words.</summary>
    public static string Describe(DependencyUnavailableException error, TopicPartition partition, long offset) =>
        $"{error.Message} for record {partition}@{offset}" + (error.InnerException is { } cause
            ? $": {cause.Message}"
            : "");

    /// <summary>
    /// Says that the task waits, when that lasts longer than a first look takes and then twice a minute, and sets the
    /// next try.
    /// </summary>
    public void Begin(TaskEnvironment environment, TaskId task, string reason)
    {
        if (Reason is null)
        {
            sinceMs = environment.NowMs;
            remindAtMs = sinceMs + FirstWordMs;
            isSaid = false;
            retryMs = FirstRetryMs;
            this.environment = environment;
            this.task = task;
        }
        if (environment.NowMs >= remindAtMs)
        {
            remindAtMs += ReminderMs;
            isSaid = true;
            Log.Waiting(environment.Logger, task, (environment.NowMs - sinceMs) / 1000.0, reason);
        }
        Reason = reason;
        RetryAtMs = environment.NowMs + retryMs;
        retryMs = Math.Min(retryMs * 2, LongestRetryMs);
    }

    /// <summary>The task stopped for good; said by who stopped it.</summary>
    public void Stop(TaskEnvironment environment, TaskId task, string reason)
    {
        this.environment = environment;
        this.task = task;
        sinceMs = environment.NowMs;
        RetryAtMs = long.MaxValue;
        IsStopped = true;
        Reason = reason;
    }

    /// <summary>The wait is over.</summary>
    public void End()
    {
        if (IsStopped)
        {
            IsStopped = false;
            Reason = null;
            RetryAtMs = long.MinValue;
        }
        if (Reason is null)
        {
            return;
        }
        Reason = null;
        RetryAtMs = long.MinValue;
        if (isSaid)
        {
            Log.WaitingEnded(environment!.Logger, task, (environment.NowMs - sinceMs) / 1000.0);
        }
    }
}
