using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Processors.Allocation.State;

namespace Alloc.Cli.Commands.Policies;

/// <summary>Copies of tasks' checkpoints in a temporary directory, which is removed in the end.</summary>
internal sealed class ScratchStates : IDisposable
{
    private readonly RocksDbStateProvider provider = new(new StateStoreOptions(), LocalFileSystem.Instance);
    private readonly Checkpoints checkpoints;
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-policy-diff-").FullName;

    /// <param name="root">Directory of checkpoints.</param>
    /// <param name="applicationId">Whose.</param>
    public ScratchStates(string root, string applicationId) =>
        checkpoints = new Checkpoints(LocalFileSystem.Instance, provider, root, applicationId);

    /// <summary>A copy of the newest checkpoint of a partition before a command; null: there is none.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="commandTopic">Topic of commands.</param>
    /// <param name="before">Offset of the command.</param>
    public (ITaskState State, StatePosition Position)? Open(int partition, string commandTopic, long before)
    {
        var task = new TaskId(0, partition);
        var newest = checkpoints.FindNewest(
            task, position => position.SourceMarks.TryGetValue(commandTopic, out var last) && last < before);
        if (newest is null)
        {
            return null;
        }
        var copy = Path.Combine(directory, task.ToString());
        provider.InstallCheckpoint(newest.Directory, copy);
        var state = provider.Open(new TaskStateOptions
        {
            TaskId = task,
            Directory = copy,
            Stores = AllocationStores.Definitions(),
        });
        return (state, newest.Position);
    }

    public void Dispose()
    {
        provider.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
