using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// The stores of one task, with the layers that make them transactional: writes of the record at hand, writes of the
/// transaction at hand, frozen layers whose transactions are on their way, committed layers in memory, the database.
/// Reads of the stores see them in that order.
/// </summary>
/// <remarks>
/// Called by the task's stream thread only, but for <see cref="ReadCommitted{TKey, TValue}"/> and what it returns. The
/// implementation may write committed layers to the database on a thread of its own; it always writes a layer together
/// with the position that it covers, so that the database is never ahead of the log and never between two commits.
/// </remarks>
public interface ITaskState : IStores, IDisposable
{
    /// <summary>What the newest committed layer covers, whether in memory or in the database.</summary>
    StatePosition Position { get; }

    /// <summary>What the database covers.</summary>
    StatePosition PersistedPosition { get; }

    /// <summary>Approximate bytes of uncommitted writes, for the bound on a transaction.</summary>
    long UncommittedBytes { get; }

    /// <summary>Entries in committed layers that are not yet in the database.</summary>
    long UnpersistedEntries { get; }

    /// <summary>Begins the writes of one record.</summary>
    void BeginRecord();

    /// <summary>Keeps the writes since <see cref="BeginRecord"/>.</summary>
    void CommitRecord();

    /// <summary>Undoes the writes since <see cref="BeginRecord"/>, of every store and index.</summary>
    void RollbackRecord();

    /// <summary>
    /// Closes the layer of the transaction at hand; later writes go to a new one. Layers are frozen and committed in
    /// the same order.
    /// </summary>
    IStateLayer Freeze();

    /// <summary>
    /// The layer's transaction committed: readers of committed state see it now, and it may be written to the database.
    /// </summary>
    /// <exception cref="IOException">The disk failed, now or in the background: the task must stop.</exception>
    void MarkCommitted(IStateLayer layer, StatePosition position);

    /// <summary>Drops the layer of the transaction at hand and every frozen layer that is not committed.</summary>
    void DropUncommitted();

    /// <summary>Applies one changelog record to a store, as a part of the layer at hand.</summary>
    /// <param name="storeName">The store.</param>
    /// <param name="key">The store's key, without the store id.</param>
    /// <param name="value">The value.</param>
    /// <param name="isDelete">True for a null value.</param>
    void RestoreChange(string storeName, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isDelete);

    /// <summary>
    /// Throws what was found wrong with the state by another thread, one that reads or the one that writes; does
    /// nothing when all is well.
    /// </summary>
    /// <exception cref="TaskCorruptedException">The state is damaged.</exception>
    /// <exception cref="TaskFailedException">A serializer failed.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    void ThrowIfFailed();

    /// <summary>Writes every committed layer to the database and makes it durable; returns when done.</summary>
    /// <exception cref="TaskCorruptedException">The state is damaged.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    void Flush();

    /// <summary>
    /// Writes a copy of the committed state with its position into a directory that does not exist yet. Layers are
    /// written first; may run on another thread while the task goes on.
    /// </summary>
    /// <param name="directory">The checkpoint's directory.</param>
    /// <param name="isStillWanted">Asked when the copy is whole, before it gets its name; null for always.</param>
    /// <returns>False when it was not wanted any more: nothing is left of it.</returns>
    /// <exception cref="IOException">The disk failed, or the directory exists.</exception>
    bool WriteCheckpoint(string directory, Func<bool>? isStillWanted = null);

    /// <summary>Committed reads for other threads; sees no uncommitted write, waits for nothing.</summary>
    /// <exception cref="TopologyException">No such store, or of another type.</exception>
    IReadOnlyKeyValueStore<TKey, TValue> ReadCommitted<TKey, TValue>(string storeName)
        where TKey : notnull
        where TValue : class;

    /// <summary>
    /// All stores as they are committed, by the interfaces that processors know them by; writes throw.
    /// </summary>
    IStores ReadCommitted();

    /// <summary>
    /// Some stores as they are committed now, all at one position, for another thread that reads through them; later
    /// commits do not show.
    /// </summary>
    /// <exception cref="TopologyException">No such store.</exception>
    /// <exception cref="ObjectDisposedException">The state is closed.</exception>
    IStateSnapshot Snapshot(IReadOnlyList<string> storeNames);
}

/// <summary>The writes of one transaction: each key once, with its last value or a delete.</summary>
public interface IStateLayer
{
    /// <summary>Distinct keys in the layer.</summary>
    int EntryCount { get; }

    /// <summary>
    /// Shows every entry of the named stores once, in no particular order (for changelogs); on any thread.
    /// </summary>
    void Visit(IReadOnlySet<string> storeNames, StateChangeVisitor visitor);
}

/// <summary>Sees one changed entry; the arrays may be kept, and nobody may change them.</summary>
/// <param name="storeName">The store.</param>
/// <param name="key">The store's own key.</param>
/// <param name="value">The value; null for a delete.</param>
public delegate void StateChangeVisitor(string storeName, byte[] key, byte[]? value);

/// <summary>Opens the state of tasks; shares one block cache and one memory limit among them.</summary>
public interface ITaskStateProvider : IDisposable
{
    /// <summary>Bytes that the databases take in memory: block cache, indexes, filters.</summary>
    long MemoryBytes { get; }

    /// <summary>Opens a task's state, empty when the directory is new.</summary>
    /// <exception cref="TaskCorruptedException">The directory holds something that cannot be read.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    ITaskState Open(TaskStateOptions options);

    /// <summary>Deletes a task's directory; its state must be closed.</summary>
    void Wipe(string directory);

    /// <summary>
    /// The position of a checkpoint without opening it for writing; null if the directory holds none that is whole.
    /// </summary>
    StatePosition? ReadCheckpointPosition(string checkpointDirectory);

    /// <summary>
    /// Copies a checkpoint to a task's directory, which must be empty or absent; leaves nothing half done.
    /// </summary>
    /// <exception cref="IOException">The disk failed.</exception>
    void InstallCheckpoint(string checkpointDirectory, string directory);
}

/// <summary>What is needed to open a task's state.</summary>
public sealed record TaskStateOptions
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The task's own directory; created when absent.</summary>
    public required string Directory { get; init; }

    /// <summary>The task's stores.</summary>
    public required IReadOnlyList<StoreDefinition> Stores { get; init; }
}
