using System.Diagnostics.Metrics;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;

namespace Alloc.Engine.Observability;

/// <summary>
/// Reads the gauges off the tasks that are ready. Values may be a commit old; nothing is stopped for them.
/// </summary>
internal static class GaugeReader
{
    public static EngineGauges Read(
        string group, TaskRegistry tasks, IReadOnlyList<StreamThread> threads,
        ITaskStateProvider state, TimeProvider clock)
    {
        var nowMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var lagRecords = new List<Measurement<long>>();
        var lagSeconds = new List<Measurement<double>>();
        var waits = tasks.Ready.Values.Select(t => new Measurement<double>(
            t.Wait.Waited.TotalSeconds, new KeyValuePair<string, object?>("task", t.TaskId.ToString()))).ToList();
        var stopped = tasks.Ready.Values.Select(t => (t.TaskId, IsStopped: t.Wait.IsStopped))
            .Concat(threads.SelectMany(t => t.StoppedTasks).Select(id => (TaskId: id, IsStopped: true)))
            .Select(t => new Measurement<long>(
                t.IsStopped ? 1 : 0, new KeyValuePair<string, object?>("task", t.TaskId.ToString()))).ToList();
        foreach (var queue in tasks.Ready.Values.SelectMany(t => t.Queues))
        {
            KeyValuePair<string, object?>[] tags =
                [new("topic", queue.Partition.Topic), new("partition", queue.Partition.Partition)];
            lagRecords.Add(new(queue.LagRecords, tags));
            lagSeconds.Add(new(queue.LagMs(nowMs) / 1000.0, tags));
        }
        var mean = lagRecords.Count == 0 ? 0 : lagRecords.Average(m => m.Value);
        var statesOfThreads = threads.GroupBy(t => t.State).Select(g =>
            new Measurement<long>(g.Count(), new KeyValuePair<string, object?>("state", g.Key.ToString()))).ToList();
        var failures = threads.Count == 0 ? 0 : threads.Max(t => t.Recovery?.Failures ?? 0);
        var skew = mean == 0 ? 1 : lagRecords.Max(m => m.Value) / mean;
        return new EngineGauges(lagRecords, lagSeconds, waits, stopped, failures, skew,
            threads.SelectMany(t => t.RestoreProgress).Sum(p => p.Remaining), statesOfThreads, state.MemoryBytes,
            tasks.Ready.Values.Sum(t => t.State.UnpersistedEntries));
    }
}
