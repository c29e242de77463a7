using System.Diagnostics.Metrics;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Observability;

/// <summary>
/// Reads the gauges off the tasks that are ready and the watch. Values may be a commit old, ends a second; nothing is
/// stopped for them.
/// </summary>
internal static class GaugeReader
{
    public static EngineGauges Read(
        TaskRegistry tasks, IReadOnlyList<StreamThread> threads, ITaskStateProvider state,
        IReadOnlyList<InputStatus> inputs, BrokerContact contact, IReadOnlyList<WatermarkStatus> watermarks)
    {
        var waits = tasks.Ready.Values.Select(t => new Measurement<double>(
            t.Wait.Waited.TotalSeconds, new KeyValuePair<string, object?>("task", t.TaskId.ToString()))).ToList();
        var stopped = tasks.Ready.Values.Select(t => (t.TaskId, IsStopped: t.Wait.IsStopped))
            .Concat(threads.SelectMany(t => t.StoppedTasks).Select(id => (TaskId: id, IsStopped: true)))
            .Select(t => new Measurement<long>(
                t.IsStopped ? 1 : 0, new KeyValuePair<string, object?>("task", t.TaskId.ToString()))).ToList();
        KeyValuePair<string, object?>[] Tags(InputStatus input) =>
            [new("topic", input.Topic), new("partition", input.Partition)];
        KeyValuePair<string, object?>[] SourceTags(WatermarkStatus watermark) =>
            [new("source", watermark.Topic), new("partition", watermark.Partition)];
        var here = inputs.Where(i => i.IsHere).ToList();
        var mean = here.Count == 0 ? 0 : here.Average(i => i.LagRecords);
        var statesOfThreads = threads.GroupBy(t => t.State).Select(g =>
            new Measurement<long>(g.Count(), new KeyValuePair<string, object?>("state", g.Key.ToString()))).ToList();
        var failures = threads.Count == 0 ? 0 : threads.Max(t => t.Recovery?.Failures ?? 0);
        return new EngineGauges(
            [.. inputs.Select(i => new Measurement<long>(i.LagRecords, Tags(i)))],
            [.. inputs.Select(i => new Measurement<double>(i.Age.TotalSeconds, Tags(i)))],
            [.. inputs.Select(i => new Measurement<double>(i.Stalled.TotalSeconds, Tags(i)))],
            [.. inputs.Where(i => !i.IsHere).Select(i => new Measurement<long>(1, Tags(i)))],
            contact.Silent.TotalSeconds, waits, stopped, failures,
            mean == 0 ? 1 : here.Max(i => i.LagRecords) / mean,
            threads.SelectMany(t => t.RestoreProgress).Sum(p => p.Remaining), statesOfThreads, state.MemoryBytes,
            tasks.Ready.Values.Sum(t => t.State.UnpersistedEntries),
            [.. watermarks.Select(w => new Measurement<double>(w.Lag.TotalSeconds, SourceTags(w)))]);
    }
}
