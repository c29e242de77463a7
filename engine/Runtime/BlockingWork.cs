namespace Alloc.Engine.Runtime;

/// <summary>
/// Work that blocks: opening files, waiting for a broker. It has a thread of its own. One of the pool's would be
/// missing where answers arrive, and the pool makes up for that by no more than about two threads a second: with an
/// embedded broker in the same process, callers would wait for an answer that waits for them.
/// </summary>
public static class BlockingWork
{
    /// <summary>Runs it beside.</summary>
    public static Task Run(Action work, CancellationToken cancellation = default) => Task.Factory.StartNew(
        work, cancellation, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Default);

    /// <summary>Runs it beside.</summary>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellation = default) => Task.Factory.StartNew(
        work, cancellation, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Default);
}
