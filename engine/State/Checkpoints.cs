using System.Globalization;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>A checkpoint that was found.</summary>
/// <param name="Directory">Where it is.</param>
/// <param name="Position">What it covers.</param>
public sealed record Checkpoint(string Directory, StatePosition Position);

/// <summary>The checkpoints of an application's tasks, in a directory that several instances may share.</summary>
/// <remarks>
/// Layout: <c>&lt;root&gt;/&lt;application id&gt;/&lt;task id&gt;/&lt;position&gt;</c>. A position's name is the sum of
/// its changelog offsets in twenty digits: offsets never go back, so a later checkpoint has a greater name.
/// </remarks>
public sealed class Checkpoints(IFileSystem files, ITaskStateProvider provider, string root, string applicationId)
{
    /// <summary>Takes a checkpoint of a task, unless there is one of its position already.</summary>
    /// <param name="state">The task's state; it may go on meanwhile.</param>
    /// <param name="taskId">The task.</param>
    /// <param name="keepCount">Checkpoints of the task to keep, the newest first; at least 1.</param>
    /// <param name="isCurrent">Whether the caller still owns the task as it did when it began; asked before the
    /// checkpoint gets its name, for the task may have gone to another instance meanwhile. Null for always.</param>
    /// <returns>The newest checkpoint's directory; null when the task is not the caller's any more: then nothing was
    /// published and nothing older was removed.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public string? Take(ITaskState state, TaskId taskId, int keepCount = 2, Func<bool>? isCurrent = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keepCount, 1);
        state.Flush();
        var directory = Path.Combine(DirectoryOf(taskId), NameOf(state.PersistedPosition));
        if (provider.ReadCheckpointPosition(directory) is null)
        {
            files.CreateDirectory(DirectoryOf(taskId));
            if (!state.WriteCheckpoint(directory, isCurrent))
            {
                return null;
            }
        }
        if (isCurrent?.Invoke() == false)
        {
            return null;
        }
        Prune(taskId, keepCount);
        return directory;
    }

    /// <summary>The newest whole checkpoint of a task that the caller can use.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="isUsable">Whether the log still has everything after a position.</param>
    public Checkpoint? FindNewest(TaskId taskId, Func<StatePosition, bool> isUsable) =>
        FindNewest(taskId, (_, position) => isUsable(position));

    /// <summary>The newest whole checkpoint of a task that the caller can use.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="isUsable">Whether the caller wants the checkpoint in a directory, of a position.</param>
    public Checkpoint? FindNewest(TaskId taskId, Func<string, StatePosition, bool> isUsable)
    {
        foreach (var directory in NewestFirst(taskId))
        {
            if (provider.ReadCheckpointPosition(directory) is { } position && isUsable(directory, position))
            {
                return new Checkpoint(directory, position);
            }
        }
        return null;
    }

    private static string NameOf(StatePosition position) =>
        position.Changelogs.Values.Sum().ToString("D20", CultureInfo.InvariantCulture);

    private void Prune(TaskId taskId, int keepCount)
    {
        foreach (var directory in NewestFirst(taskId).Skip(keepCount))
        {
            files.DeleteDirectory(directory);
        }
    }

    private IEnumerable<string> NewestFirst(TaskId taskId) => files.DirectoryExists(DirectoryOf(taskId))
        ? files.EnumerateDirectories(DirectoryOf(taskId))
            .Where(directory => Path.GetFileName(directory).All(char.IsAsciiDigit))
            .OrderDescending(StringComparer.Ordinal)
        : [];

    private string DirectoryOf(TaskId taskId) => Path.Combine(root, applicationId, taskId.ToString());
}
