using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Transactions;

namespace Alloc.Engine.Testing;

/// <summary>Restores a task from the driver's log, as the engine does from the broker's.</summary>
internal static class DriverRestore
{
    public static void Run(StreamTask task, Func<string, int, IReadOnlyList<TestRecord>> log)
    {
        var positions = new Dictionary<string, long>(StringComparer.Ordinal);
        var marks = new Dictionary<string, long>(StringComparer.Ordinal);
        var times = new TaskTime(long.MinValue, TaskTime.None);
        var applier = task.Changelogs.Journal?.Applier();
        foreach (var topic in task.Changelogs.Topics)
        {
            foreach (var record in log(topic, task.TaskId.Partition))
            {
                task.State.BeginRecord();
                if (task.Changelogs.IsJournal(topic))
                {
                    var entry = applier!.Apply(record.Key, record.Value, record.Offset, task.State);
                    times = times.Max(new TaskTime(record.TimestampMs, TaskTime.None));
                    if (entry.IsOriginal)
                    {
                        marks[entry.SourceTopic] = entry.SourceOffset;
                    }
                }
                else if (record.Key is null or { Length: 0 })
                {
                    times = times.Max(TaskTime.Read(record.Value));
                }
                else
                {
                    task.State.RestoreChange(
                        task.Changelogs.StoreOf(topic), record.Key, record.Value, record.Value is null);
                }
                task.State.CommitRecord();
                positions[topic] = record.Offset + 1;
            }
        }
        if (positions.Count > 0)
        {
            task.State.MarkCommitted(task.State.Freeze(), new StatePosition
            {
                Changelogs = positions,
                SourceMarks = marks,
                StreamTimeMs = times.StreamTimeMs,
                Watermarks = times.Watermarks,
            });
        }
    }
}
