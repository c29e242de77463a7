using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Work on a task's state beside its stream thread (a checkpoint), one at a time; closing waits for it.
/// </summary>
internal sealed class BesideWork(TaskId task)
{
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;
    private bool isEnded;

    /// <summary>Runs when what runs already is done; fails once the task is closed.</summary>
    public Task Run(Action work)
    {
        lock (gate)
        {
            return last = isEnded
                ? Task.FromException(new TaskMigratedException($"Task {task} is closed"))
                : last.ContinueWith(
                    _ => work(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>Takes no more, and waits for what runs; how it ends concerns whoever started it.</summary>
    public void End()
    {
        Task running;
        lock (gate)
        {
            isEnded = true;
            running = last;
        }
        ((IAsyncResult)running).AsyncWaitHandle.WaitOne();
    }
}
