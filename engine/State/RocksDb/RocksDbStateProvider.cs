namespace Alloc.Engine.State.RocksDb;

/// <summary>Keeps the state of each task in a RocksDB of its own, with one memory limit for all of them.</summary>
/// <remarks>A task's directory holds its database in <c>db</c> and files under way into it in <c>staging</c>.</remarks>
public sealed class RocksDbStateProvider : ITaskStateProvider
{
    private readonly IFileSystem files;
    private readonly RocksDbEnvironment environment;
    private readonly StateWriter writer;

    /// <param name="options">Limits that hold for all tasks together.</param>
    /// <param name="files">The file system that holds the tasks' directories.</param>
    /// <exception cref="DllNotFoundException">There is no RocksDB for this platform.</exception>
    public RocksDbStateProvider(StateStoreOptions options, IFileSystem files)
    {
        this.files = files;
        environment = new RocksDbEnvironment(options, files);
        writer = new StateWriter(options);
    }

    /// <inheritdoc/>
    public long MemoryBytes => environment.CacheUsageBytes + writer.TableReaderBytes;

    /// <inheritdoc/>
    public ITaskState Open(TaskStateOptions options)
    {
        var staging = Path.Combine(options.Directory, "staging");
        files.CreateDirectory(options.Directory);
        files.DeleteDirectory(staging);
        files.CreateDirectory(staging);
        var database = RocksDatabase.Open(environment, DatabaseOf(options.Directory), staging, options.TaskId);
        try
        {
            var state = new TaskState(options, database, writer);
            database.Damaged = state.ReportDamage;
            return state;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Wipe(string directory) => files.DeleteDirectory(directory);

    /// <inheritdoc/>
    public StatePosition? ReadCheckpointPosition(string checkpointDirectory) =>
        CheckpointFiles.ReadPosition(files, checkpointDirectory);

    /// <inheritdoc/>
    public void InstallCheckpoint(string checkpointDirectory, string directory)
    {
        files.CreateDirectory(directory);
        CheckpointFiles.Install(files, checkpointDirectory, DatabaseOf(directory));
    }

    /// <summary>Stops the writer. Close the tasks' states first.</summary>
    public void Dispose()
    {
        writer.Dispose();
        environment.Dispose();
    }

    private static string DatabaseOf(string directory) => Path.Combine(directory, "db");
}
