namespace Alloc.Engine.State;

/// <summary>How committed layers reach the database.</summary>
public enum StateWritePath
{
    /// <summary>As one sorted file a time, taken in whole: the overlay does what a memtable would.</summary>
    Ingest,

    /// <summary>As one sorted batch a time, through the database's memtable, which is then flushed.</summary>
    Batch,
}

/// <summary>Limits of local state; they hold for all tasks of a process together.</summary>
public sealed record StateStoreOptions
{
    /// <summary>How committed layers reach the database. May be changed between two starts.</summary>
    public StateWritePath WritePath { get; init; } = StateWritePath.Ingest;

    /// <summary>
    /// Memory of all databases for blocks, in bytes. Default 128 MiB. Indexes and filters of their files come on top,
    /// at about 1.3 bytes a key.
    /// </summary>
    public long DatabaseMemoryBytes { get; init; } = 128L << 20;

    /// <summary>
    /// Entries of all stores that are kept in memory though the database has them, each in its store's
    /// <see cref="EntryForm"/>. Default 131,072.
    /// </summary>
    public int CachedEntryCount { get; init; } = 128 * 1024;

    /// <summary>Committed records in memory at which the largest task is written. Default 100,000.</summary>
    public int WriteAfterRecordCount { get; init; } = 100_000;

    /// <summary>
    /// Estimated bytes of committed layers in memory at which the largest task is written. Default 64 MiB.
    /// </summary>
    public long WriteAfterBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Committed records in memory at which a commit waits for the writer: the tail that a restart may have to replay.
    /// Default 300,000.
    /// </summary>
    public int MaximumUnwrittenRecordCount { get; init; } = 300_000;

    /// <summary>
    /// Files at the database's level 0 at which writing waits for compaction while it can. Default 16.
    /// </summary>
    public int MaximumLevel0FileCount { get; init; } = 16;

    /// <summary>Files that each database keeps open. Default 256.</summary>
    public int MaximumOpenFileCount { get; init; } = 256;

    /// <summary>
    /// Whether a thread of its own writes. False: the thread that commits does, at the same points in every run, as a
    /// simulation wants it.
    /// </summary>
    public bool WritesInBackground { get; init; } = true;
}
