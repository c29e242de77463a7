namespace Alloc.Engine.State;

/// <summary>
/// Keeps the state of tasks in memory, by directory, for as long as the provider lives: for test drivers and
/// simulations. A task that is opened again finds what was written, and only that, as with files.
/// </summary>
public sealed class MemoryStateProvider : ITaskStateProvider
{
    private readonly Dictionary<string, MemoryDatabase> databases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (StatePosition Position, MemoryDatabase Database)> checkpoints = new(
        StringComparer.Ordinal);
    private readonly StateWriter writer;

    /// <param name="options">The limits that apply; by default the committing thread itself writes every layer.</param>
    public MemoryStateProvider(StateStoreOptions? options = null) =>
        writer = new StateWriter(options
            ?? new StateStoreOptions { WritesInBackground = false, WriteAfterRecordCount = 1 });

    /// <inheritdoc/>
    public long MemoryBytes => 0;

    /// <inheritdoc/>
    public ITaskState Open(TaskStateOptions options)
    {
        if (!databases.TryGetValue(options.Directory, out var database))
        {
            databases[options.Directory] = database = new MemoryDatabase(AddCheckpoint);
        }
        return new TaskState(options, database, writer);
    }

    /// <inheritdoc/>
    public void Wipe(string directory) => databases.Remove(directory);

    /// <inheritdoc/>
    public StatePosition? ReadCheckpointPosition(string checkpointDirectory) =>
        checkpoints.TryGetValue(checkpointDirectory, out var checkpoint) ? checkpoint.Position : null;

    /// <inheritdoc/>
    public void InstallCheckpoint(string checkpointDirectory, string directory) =>
        databases[directory] = checkpoints.TryGetValue(checkpointDirectory, out var checkpoint)
            ? checkpoint.Database.Copy()
            : throw new IOException($"There is no checkpoint in {checkpointDirectory}.");

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();

    private void AddCheckpoint(string directory, StatePosition position, MemoryDatabase database)
    {
        if (!checkpoints.TryAdd(directory, (position, database)))
        {
            throw new IOException($"There is a checkpoint in {directory} already.");
        }
    }
}
