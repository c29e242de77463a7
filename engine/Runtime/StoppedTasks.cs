using System.Collections.Concurrent;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// The tasks that a fault of the program stopped in this process. They stay so while it lives, whatever becomes of
/// their thread and of their neighbours: to try the same again would end the same. Thread-safe.
/// </summary>
internal sealed class StoppedTasks
{
    private readonly ConcurrentDictionary<TaskId, Stop> stops = new();

    private sealed record Stop(string Reason, bool IsReadable);

    /// <summary>Notes a stop; the first reason stays.</summary>
    /// <param name="id">The task.</param>
    /// <param name="reason">Where and why, in words for an operator.</param>
    /// <param name="isReadable">Whether its state can be restored and read; false when that is what failed.</param>
    public void Add(TaskId id, string reason, bool isReadable) => stops.TryAdd(id, new Stop(reason, isReadable));

    /// <summary>Why a task is stopped; null when it is not.</summary>
    public string? ReasonOf(TaskId id) => stops.TryGetValue(id, out var stop) ? stop.Reason : null;

    /// <summary>Whether a task is not even restored.</summary>
    public bool IsUnreadable(TaskId id) => stops.TryGetValue(id, out var stop) && !stop.IsReadable;
}
