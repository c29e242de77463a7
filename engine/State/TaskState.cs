using System.Diagnostics;
using System.Runtime.InteropServices;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// The overlay of a task: an active layer, frozen layers, committed layers, and a database under them.
/// </summary>
/// <remarks>
/// The stream thread owns the active and the frozen layers. A committed layer joins a group under the gate; the
/// writer's thread takes the group, writes it with the position of its last layer, and lets it go. The next group grows
/// meanwhile.
/// </remarks>
internal sealed class TaskState : ITaskState
{
    private const long InitialEntrySize = 200;

    private readonly Lock writeGate = new();
    private readonly object gate = new();
    private readonly Queue<StateLayer> frozen = new();
    private readonly TaskStore[] stores;
    private readonly Dictionary<string, TaskStore> storesByName = new(StringComparer.Ordinal);
    private readonly IStateDatabase database;
    private readonly MemoryDatabase memory = new();
    private readonly StateWriter writer;
    private readonly RunSorter sorter = new();
    private readonly ByteBuffer scratch = new();
    private readonly string layout;
    private LayerGroup committed;
    private LayerGroup? writing;
    private Exception? failure;
    private volatile TaskCorruptedException? damage;
    private StatePosition position;
    private StatePosition persistedPosition;
    private volatile int writtenLayer;
    private long entrySize = InitialEntrySize;
    private int recordCount;
    private bool isDisposed;

    public TaskState(TaskStateOptions options, IStateDatabase database, StateWriter writer)
    {
        TaskId = options.TaskId;
        this.database = database;
        this.writer = writer;
        var definitions = options.Stores.OrderBy(store => store.StoreId).ToArray();
        layout = StateHeader.LayoutOf(definitions);
        var header = StateHeader.Read(database, TaskId, options.Directory);
        header?.CheckLayout(layout, options.Directory);
        persistedPosition = position = header?.Position ?? StatePosition.Empty;
        stores = new TaskStore[definitions.Length];
        for (var i = 0; i < definitions.Length; i++)
        {
            var backing = definitions[i].Persistence == StorePersistence.InMemory ? memory : database;
            stores[i] = definitions[i].Create(i, this, backing);
            if (!storesByName.TryAdd(definitions[i].Name, stores[i])
                || (i > 0 && definitions[i].StoreId == definitions[i - 1].StoreId))
            {
                throw new TopologyException(
                    $"The store '{definitions[i].Name}' shares its name or its store id with another one.");
            }
        }
        committed = new LayerGroup(stores.Length);
        ActiveLayer = 1;
        writer.Add(this, stores.Length);
    }

    public TaskId TaskId { get; }

    public int ActiveLayer { get; private set; }

    public int WrittenLayer => writtenLayer;

    public bool IsInRecord { get; private set; }

    /// <summary>Entries that each store may keep in memory though the database has them.</summary>
    public int CacheCapacity => writer.CacheCapacity;

    public StatePosition Position => position;

    public StatePosition PersistedPosition
    {
        get
        {
            lock (gate)
            {
                return persistedPosition;
            }
        }
    }

    public long UncommittedBytes
    {
        get
        {
            var entries = frozen.Sum(layer => layer.EntryCount);
            foreach (var store in stores)
            {
                entries += store.DirtyCount;
            }
            return entries * Volatile.Read(ref entrySize);
        }
    }

    public long UnpersistedEntries
    {
        get
        {
            lock (gate)
            {
                return committed.EntryCount + (writing?.EntryCount ?? 0);
            }
        }
    }

    /// <summary>Records of committed layers that are not in the database.</summary>
    internal (int Records, long Bytes) Unwritten
    {
        get
        {
            lock (gate)
            {
                return (committed.RecordCount + (writing?.RecordCount ?? 0),
                    (committed.EntryCount + (writing?.EntryCount ?? 0)) * entrySize);
            }
        }
    }

    internal bool HasFailed => Volatile.Read(ref failure) is not null || damage is not null;

    internal long TableReaderBytes => database.TableReaderBytes;

    internal bool IsDatabaseBehind => database.IsBehind;

    public TStore GetStore<TStore>(string name)
        where TStore : class =>
        Store(name) as TStore
            ?? throw new TopologyException($"The store '{name}' is not a {typeof(TStore).Name}.");

    public void BeginRecord()
    {
        IsInRecord = true;
        foreach (var store in stores)
        {
            store.BeginRecord();
        }
    }

    public void CommitRecord()
    {
        IsInRecord = false;
        recordCount++;
    }

    public void RollbackRecord()
    {
        foreach (var store in stores)
        {
            store.RollbackRecord();
        }
        IsInRecord = false;
    }

    public IStateLayer Freeze()
    {
        Debug.Assert(!IsInRecord, "a layer ends between records");
        var parts = new LayerPart?[stores.Length];
        for (var i = 0; i < stores.Length; i++)
        {
            parts[i] = stores[i].Freeze();
        }
        var layer = new StateLayer(ActiveLayer++, parts, Math.Max(recordCount, 1), this);
        recordCount = 0;
        frozen.Enqueue(layer);
        return layer;
    }

    public void MarkCommitted(IStateLayer layer, StatePosition position)
    {
        if (!frozen.TryPeek(out var oldest) || !ReferenceEquals(oldest, layer))
        {
            throw new InvalidOperationException("Layers are committed in the order in which they were frozen.");
        }
        frozen.Dequeue();
        oldest.Position = position;
        ThrowIfFailed();
        lock (gate)
        {
            committed.Add(oldest);
            this.position = position;
        }
        writer.Committed(this);
    }

    public void DropUncommitted()
    {
        IsInRecord = false;
        recordCount = 0;
        foreach (var store in stores)
        {
            store.Drop(frozen);
        }
        frozen.Clear();
        ActiveLayer++;
    }

    public void RestoreChange(string storeName, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isDelete)
    {
        recordCount++;
        Store(storeName).RestoreChange(key, value, isDelete);
    }

    public void Flush()
    {
        lock (writeGate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            while (WriteGroup())
            {
            }
        }
    }

    public bool WriteCheckpoint(string directory, Func<bool>? isStillWanted = null)
    {
        lock (writeGate)
        {
            Flush();
            return database.WriteCheckpoint(directory, PersistedPosition, isStillWanted);
        }
    }

    public IReadOnlyKeyValueStore<TKey, TValue> ReadCommitted<TKey, TValue>(string storeName)
        where TKey : notnull
        where TValue : class
    {
        var store = Store(storeName);
        return store is ICommittedReads<TKey, TValue> reads
            ? reads.ReadCommitted()
            : throw new TopologyException(
                $"The store '{storeName}' does not hold {typeof(TValue).Name} by {typeof(TKey).Name}.");
    }

    public IStores ReadCommitted() => new CommittedStores(name => Store(name));

    public IStateSnapshot Snapshot(IReadOnlyList<string> storeNames)
    {
        var taken = storeNames.Select(Store).ToList();
        var cursors = new List<IDatabaseCursor>(taken.Count);
        lock (gate)
        {
            try
            {
                foreach (var store in taken)
                {
                    cursors.Add(store.Database.CreateCursor());
                }
            }
            catch
            {
                cursors.ForEach(c => c.Dispose());
                throw;
            }
            // Layers join the group under the gate, together with what the state covers then.
            return new StateSnapshot(position, [.. writing?.Layers ?? [], .. committed.Layers], taken, cursors);
        }
    }

    /// <summary>
    /// Closes the state. Committed layers that were not written are not lost: the log has them; see
    /// <see cref="Flush"/>.
    /// </summary>
    public void Dispose()
    {
        writer.Remove(this, stores.Length);
        lock (writeGate)
        {
            if (!isDisposed)
            {
                isDisposed = true;
                memory.Dispose();
                database.Dispose();
            }
        }
    }

    internal void Visit(StateLayer layer, IReadOnlySet<string> storeNames, StateChangeVisitor visitor)
    {
        foreach (var store in stores)
        {
            if (storeNames.Contains(store.Definition.Name) && layer.Part(store.Ordinal) is { } part)
            {
                store.Visit(part, visitor);
            }
        }
    }

    /// <summary>The newest committed write of a key that is still in memory.</summary>
    internal bool TryFindCommitted<TKey, TValue>(int storeOrdinal, TKey key, out (TValue? Value, int Layer) found)
        where TKey : notnull
        where TValue : class
    {
        LayerGroup newer;
        LayerGroup? older;
        ReadOnlySpan<StateLayer> newerLayers;
        ReadOnlySpan<StateLayer> olderLayers = default;
        lock (gate)
        {
            newer = committed;
            newerLayers = CollectionsMarshal.AsSpan(newer.Layers);
            older = writing;
            if (older is not null)
            {
                olderLayers = CollectionsMarshal.AsSpan(older.Layers);
            }
        }
        return newer.IndexOf<TKey, TValue>(storeOrdinal).TryFind(newerLayers, key, out found)
            || (older is not null && older.IndexOf<TKey, TValue>(storeOrdinal).TryFind(olderLayers, key, out found));
    }

    /// <summary>
    /// Takes the committed writes in memory as sorted runs, older ones first, and a cursor over what is under them.
    /// </summary>
    internal (List<RunEntry<TValue>[]> Runs, IDatabaseCursor Cursor) TakeCommitted<TKey, TValue>(
        int storeOrdinal, IStateDatabase from, Func<TKey, ByteBuffer, byte[]> keyBytes)
        where TKey : notnull
        where TValue : class
    {
        LayerGroup newer;
        LayerGroup? older;
        ReadOnlySpan<StateLayer> newerLayers;
        ReadOnlySpan<StateLayer> olderLayers = default;
        IDatabaseCursor cursor;
        lock (gate)
        {
            newer = committed;
            newerLayers = CollectionsMarshal.AsSpan(newer.Layers);
            older = writing;
            if (older is not null)
            {
                olderLayers = CollectionsMarshal.AsSpan(older.Layers);
            }
            cursor = from.CreateCursor();
        }
        var runs = new List<RunEntry<TValue>[]>();
        older?.IndexOf<TKey, TValue>(storeOrdinal).TakeRuns(olderLayers, keyBytes, runs);
        newer.IndexOf<TKey, TValue>(storeOrdinal).TakeRuns(newerLayers, keyBytes, runs);
        return (runs, cursor);
    }

    /// <summary>
    /// Writes what is committed so far, on the writer's thread. A failure is kept for the stream thread.
    /// </summary>
    internal void WriteInBackground()
    {
        try
        {
            lock (writeGate)
            {
                if (!isDisposed)
                {
                    WriteGroup();
                }
            }
        }
        catch (Exception error)
        {
            // For the stream thread, which looks at every turn. The writer's own must not end by it: it writes for all.
            Volatile.Write(ref failure, error);
        }
    }

    private bool WriteGroup()
    {
        LayerGroup group;
        lock (gate)
        {
            // After a failure the same group is tried again.
            if (writing is null)
            {
                if (committed.Layers.Count == 0)
                {
                    return false;
                }
                writing = committed;
                committed = new LayerGroup(stores.Length);
            }
            group = writing;
        }
        var groupPosition = group.Layers[^1].Position!;
        try
        {
            WriteRuns(group, groupPosition);
        }
        catch (Exception error)
        {
            lock (gate)
            {
                failure = error;
            }
            throw;
        }
        foreach (var store in stores)
        {
            store.MarkWritten(group);
        }
        lock (gate)
        {
            writing = null;
            failure = null;
            writtenLayer = group.Layers[^1].Number;
            persistedPosition = groupPosition;
        }
        return true;
    }

    private void WriteRuns(LayerGroup group, StatePosition groupPosition)
    {
        var size = 0L;
        using (var memoryRun = memory.BeginRun())
        using (var run = database.BeginRun())
        {
            scratch.Clear();
            StateHeader.Write(layout, groupPosition, scratch);
            run.Put(StateHeader.Key, scratch.Written);
            foreach (var store in stores)
            {
                size += store.WriteRun(
                    group, sorter, scratch, ReferenceEquals(store.Database, memory) ? memoryRun : run);
            }
            run.Complete();
            memoryRun.Complete();
        }
        if (group.EntryCount > 0)
        {
            Volatile.Write(ref entrySize, ((3 * entrySize) + (size / group.EntryCount)) / 4 + 1);
        }
    }

    /// <summary>Keeps for the stream thread what any thread found damaged; what is damaged stays so.</summary>
    internal void ReportDamage(TaskCorruptedException found) => damage ??= found.Of(TaskId);

    public void ThrowIfFailed()
    {
        if (damage is { } found)
        {
            throw new TaskCorruptedException(found.Message, [TaskId], found);
        }
        switch (Volatile.Read(ref failure))
        {
            case null:
                return;
            case TaskCorruptedException error:
                throw new TaskCorruptedException(error.Message, [TaskId], error);
            case StateDiskFullException error:
                throw new StateDiskFullException(error.Message, error);
            case IOException error:
                throw new StateStoreException(error.Message, error);
            case { } error:
                throw new TaskFailedException(
                    TaskId, $"the program failed when committed state of task {TaskId} was written to its database: "
                    + Faults.Reason(error), error)
                {
                    IsStateUsable = false,
                };
        }
    }

    private TaskStore Store(string name) => storesByName.TryGetValue(name, out var store)
        ? store
        : throw new TopologyException($"There is no store '{name}' in task {TaskId}.");
}
