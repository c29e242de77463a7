namespace Alloc.Engine.State;

/// <summary>One store of a task, as its task state drives it.</summary>
internal abstract class TaskStore(StoreDefinition definition, int ordinal, TaskState state, IStateDatabase database)
{
    public StoreDefinition Definition { get; } = definition;

    /// <summary>The store's place among the task's stores, in the order of their ids.</summary>
    public int Ordinal { get; } = ordinal;

    public IStateDatabase Database { get; } = database;

    protected TaskState State { get; } = state;

    /// <summary>Keys that the active layer has written.</summary>
    public abstract int DirtyCount { get; }

    /// <summary>Writes of frozen or committed layers that are not in the database.</summary>
    public abstract int UnwrittenCount { get; }

    public abstract void BeginRecord();

    public abstract void RollbackRecord();

    /// <summary>
    /// The active layer's writes; null when there are none. The layer that begins has written nothing.
    /// </summary>
    public abstract LayerPart? Freeze();

    /// <summary>Forgets what the active layer and the given frozen ones wrote.</summary>
    public abstract void Drop(IEnumerable<StateLayer> frozen);

    public abstract void RestoreChange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isDelete);

    /// <summary>Shows the entries of a layer with the store's own key bytes; on any thread.</summary>
    public abstract void Visit(LayerPart part, StateChangeVisitor visitor);

    /// <summary>
    /// Writes the store's entries in a group of layers, each key once. Called by the writer's thread.
    /// </summary>
    /// <returns>Bytes of keys and values.</returns>
    public abstract long WriteRun(LayerGroup group, RunSorter sorter, ByteBuffer scratch, IRunWriter run);

    /// <summary>Called by the writer's thread when a group is in the database.</summary>
    public abstract void MarkWritten(LayerGroup group);
}
