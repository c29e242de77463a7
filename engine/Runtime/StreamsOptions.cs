using System.Globalization;
using Alloc.Engine.State;

namespace Alloc.Engine.Runtime;

/// <summary>How a streams application runs. Change with <c>with</c>.</summary>
public sealed record StreamsOptions
{
    /// <summary>What librdkafka takes where nothing else is configured.</summary>
    internal const int DefaultOutputByteLimit = 1_000_000;

    /// <summary>How far brokers' clocks may be apart where nothing else is configured.</summary>
    internal static readonly TimeSpan DefaultClockSkew = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The consumer group, and the first part of transactional ids and changelog topics. Letters, digits, '.', '_',
    /// '-'.
    /// </summary>
    public required string ApplicationId { get; init; }

    /// <summary>Brokers as host:port, separated by commas.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>
    /// Where tasks keep their state; one process at a time. Tasks are below <c>&lt;directory&gt;/&lt;application
    /// id&gt;</c>.
    /// </summary>
    public required string StateDirectory { get; init; }

    /// <summary>
    /// Where checkpoints are put and looked for, shared by all instances of a cluster; null for none.
    /// </summary>
    public string? CheckpointDirectory { get; init; }

    /// <summary>How often a task writes a checkpoint; null for only when asked.</summary>
    public TimeSpan? CheckpointInterval { get; init; }

    /// <summary>Stream threads, 1 to 64; default 1.</summary>
    public int ThreadCount { get; init; } = 1;

    /// <summary>
    /// Names this instance for good: part of transactional ids and of static membership. Null takes the one kept in the
    /// state directory, made at first start from <see cref="NewInstanceId"/>.
    /// </summary>
    public string? InstanceId { get; init; }

    /// <summary>
    /// Makes an instance id at first start where none is given; null takes the machine's name and the state
    /// directory's.
    /// </summary>
    public Func<string>? NewInstanceId { get; init; }

    /// <summary>
    /// Where other instances and people ask this one (an HTTP address); carried in <c>client.id</c>. Null for none.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>
    /// Called on each stream thread before it does anything; null for nothing. Threads that clients of it make inherit
    /// what it sets for its own, on Linux the niceness.
    /// </summary>
    public Action? ThreadStarts { get; init; }

    /// <summary>When and how far its threads stand back for others in the process; null for never.</summary>
    public StandingBack? StandsBack { get; init; }

    /// <summary>
    /// The longest time between commits under load; default 50 ms. With an empty input a commit starts at once.
    /// </summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The longest time between commits while records wait that are older than this: they are late already, and large
    /// groups cost the broker and downstream least, so that the backlog ends soonest. Default 500 ms; below
    /// <see cref="CommitInterval"/> it has no effect.
    /// </summary>
    public TimeSpan BacklogCommitInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The shortest time between the starts of two commits while records keep coming; the first after a pause commits
    /// at once. Default 10 ms: more transactions a second cost the broker more than they gain in latency.
    /// </summary>
    public TimeSpan CommitPace { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Records of one transaction at most; default 50,000.</summary>
    public int TransactionRecordLimit { get; init; } = 50_000;

    /// <summary>Bytes of one transaction's outputs and writes at most; default 64 MiB.</summary>
    public long TransactionByteLimit { get; init; } = 64L << 20;

    /// <summary>
    /// Bytes of one output at most, with what the log adds around them: the client's <c>message.max.bytes</c>. A record
    /// that leads to more is a dead letter, for no broker would ever take what it leads to.
    /// </summary>
    internal int OutputByteLimit => ClientConfiguration.TryGetValue("message.max.bytes", out var given)
        && int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : DefaultOutputByteLimit;

    /// <summary>Transactional producers in turn for each thread, 1 to 3; default 3.</summary>
    public int ProducersPerThread { get; init; } = 3;

    /// <summary>How long the broker lets a transaction stand open; default 10 s.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the group waits for a silent member; default 10 s.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time between polls before the member loses its partitions; default 5 min.</summary>
    public TimeSpan MaxPollInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a call to the broker may take before it is tried again; default 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The wait after the second failure in a row; it doubles with each one after. Greater than zero, at most
    /// <see cref="LongestRecoveryBackoff"/>; default 100 ms. After the first a thread starts again at once.
    /// </summary>
    public TimeSpan RecoveryBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The longest wait after a failure, and no longer than half of <see cref="SessionTimeout"/>, so that the member
    /// keeps its place; 1 ms to 5 min, default 5 s.
    /// </summary>
    public TimeSpan LongestRecoveryBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Failures in a row, without progress in between, after which a thread gives up with the last one; 1 to 10,000,
    /// default 30: about two minutes of waiting.
    /// </summary>
    public int RecoveryLimit { get; init; } = 30;

    /// <summary>Seeds the chance in those waits; null takes one made of the thread's name.</summary>
    public int? RecoverySeed { get; init; }

    /// <summary>
    /// How long a task that went to another instance keeps its state open here, in case it comes back; 0 to 1 hour,
    /// default 30 s. Then it is written and closed.
    /// </summary>
    public TimeSpan SuspendedTaskTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long stopping may take: committing what is under way, and writing state; 1 s to 1 hour, default 1 min. After
    /// that it ends all the same; nothing committed is lost, only more is read from the log at the next start.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long calls to the broker at the start are tried again while it does not answer or asks for patience; 0 to 1
    /// hour, default 1 min.
    /// </summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Records that wait in memory for one partition before it is paused; default 20,000.</summary>
    public int QueuedRecordLimit { get; init; } = 20_000;

    /// <summary>Bytes that the client fetches ahead for one partition, in KiB; default 16 MiB.</summary>
    public int FetchQueueKib { get; init; } = 16 * 1024;

    /// <summary>A record this much ahead of the host's clock pauses its partition; default 1 min.</summary>
    public TimeSpan MaxClockSkew { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How far the clocks of brokers, and of whoever stamps records, may be apart: watermarks stay so far behind the
    /// broker's clock; 0 to 10 min, default 5 s.
    /// </summary>
    public TimeSpan AllowedClockSkew { get; init; } = DefaultClockSkew;

    /// <summary>Compression of what is written: none, lz4, zstd, gzip, snappy; default lz4.</summary>
    public string Compression { get; init; } = "lz4";

    /// <summary>
    /// Creates topics of its own that are missing (changelogs, dead letters); default true. Others are only verified.
    /// </summary>
    public bool CreateInternalTopics { get; init; } = true;

    /// <summary>
    /// How often what was read of repartition topics is deleted from them, up to the committed offsets; 100 ms to 1
    /// day, default 30 s.
    /// </summary>
    public TimeSpan RepartitionPurgeInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Replication factor of created topics; −1 takes the broker's default.</summary>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary><c>min.insync.replicas</c> of created topics; null takes the broker's default.</summary>
    public int? MinInSyncReplicas { get; init; }

    /// <summary>Limits of local state.</summary>
    public StateStoreOptions State { get; init; } = new();

    /// <summary>
    /// Further settings of every client, by librdkafka's names (TLS, SASL); they win over the engine's own.
    /// </summary>
    public IReadOnlyDictionary<string, string> ClientConfiguration { get; init; } = new Dictionary<string, string>();

    /// <summary>Refuses values that are out of range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them is; it is named, with its range.</exception>
    internal void RequireValid()
    {
        RequireWithin(ThreadCount, 1, 64, nameof(ThreadCount));
        RequireWithin(ProducersPerThread, 1, 3, nameof(ProducersPerThread));
        RequireWithin(RecoveryLimit, 1, 10_000, nameof(RecoveryLimit));
        RequireWithin(
            LongestRecoveryBackoff, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5),
            nameof(LongestRecoveryBackoff));
        RequireWithin(
            RecoveryBackoff, TimeSpan.FromMilliseconds(1), LongestRecoveryBackoff, nameof(RecoveryBackoff));
        RequireWithin(SuspendedTaskTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(SuspendedTaskTimeout));
        RequireWithin(ShutdownTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), nameof(ShutdownTimeout));
        RequireWithin(AllowedClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(10), nameof(AllowedClockSkew));
        RequireWithin(
            RepartitionPurgeInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1),
            nameof(RepartitionPurgeInterval));
        RequireWithin(StandsBack?.Share ?? 1, 0.001, 1, nameof(StandsBack));
        RequireWithin(StartTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(StartTimeout));
    }

    private static void RequireWithin<T>(T value, T from, T to, string name)
        where T : IComparable<T>
    {
        if (value.CompareTo(from) < 0 || value.CompareTo(to) > 0)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is from {from} to {to}.");
        }
    }
}
