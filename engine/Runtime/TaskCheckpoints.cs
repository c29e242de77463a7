using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Runtime;

/// <summary>Takes checkpoints of the tasks that are this instance's, beside their threads.</summary>
internal sealed class TaskCheckpoints(Checkpoints store, TaskRegistry tasks, TimeProvider clock, ILogger logger)
{
    /// <summary>Takes one of every task that is ready; returns their directories.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task<IReadOnlyList<string>> TakeAsync()
    {
        var written = new List<string>();
        foreach (var (task, assignment) in tasks.Ready.Values.OrderBy(t => t.TaskId)
            .Select(t => (t, t.Assignment)).ToList())
        {
            var started = clock.GetTimestamp();
            var path = await TakeAsync(task, assignment);
            if (path is null)
            {
                Log.CheckpointDropped(logger, task.TaskId);
                continue;
            }
            Log.CheckpointWritten(logger, task.TaskId, path, (long)clock.GetElapsedTime(started).TotalMilliseconds);
            written.Add(path);
        }
        return written;
    }

    /// <summary>The same on schedule, where a failure is told and tried again the next time.</summary>
    public async Task TakeQuietlyAsync()
    {
        try
        {
            await TakeAsync();
        }
        catch (Exception error)
        {
            Log.CheckpointFailed(logger, default, error.Message);
        }
    }

    /// <summary>
    /// A task that is suspended, or was and came back, is not the one that was asked for: another instance may have it,
    /// and a newer checkpoint. Null then.
    /// </summary>
    private async Task<string?> TakeAsync(StreamTask task, int assignment)
    {
        string? path = null;
        try
        {
            await task.RunBeside(() => path = task.Assignment == assignment
                ? store.Take(task.State, task.TaskId, isCurrent: () => task.Assignment == assignment)
                : null);
        }
        catch (TaskMigratedException)
        {
            return null;
        }
        catch (TaskCorruptedException)
        {
            // Its thread has heard of it, and restores it.
            return null;
        }
        return path;
    }
}
