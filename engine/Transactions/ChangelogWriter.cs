using Alloc.Engine.Processing;

namespace Alloc.Engine.Transactions;

/// <summary>
/// Writes compacted changelogs: each key that a transaction changed, once, under the store's own key; a delete is a
/// null value. The empty key, which no store may use, carries the task's times (<see cref="TaskTime"/>).
/// </summary>
internal static class ChangelogWriter
{
    /// <summary>Writes the changes of one task's layer.</summary>
    public static void Write(TaskShare share, TransactionBuffer transaction)
    {
        var changelogs = share.Task.Changelogs;
        if (changelogs.StoreNames.Count == 0)
        {
            return;
        }
        var partition = share.Task.TaskId.Partition;
        var timestampMs = share.Task.WallClockMs;
        var topicWithTime = (string?)null;
        share.Layer.Visit(changelogs.StoreNames, (storeName, key, value, isDelete) =>
        {
            if (key.IsEmpty)
            {
                throw new StreamsException(
                    $"Store '{storeName}' has an entry with an empty key; its changelog cannot hold one.");
            }
            topicWithTime = changelogs.TopicOf(storeName);
            transaction.Write(new OutputRecord(
                topicWithTime, partition, key.ToArray(), isDelete ? null : value.ToArray(), timestampMs, null,
                IsChangelog: true));
        });
        // Time that moved alone is written too: what was emitted by it must not be emitted again.
        var hasMoved = share.Watermarks is { } moved && !TaskTime.AreEqual(moved, share.Task.WrittenWatermarks);
        if ((topicWithTime is not null && share.StreamTimeMs != long.MinValue) || hasMoved)
        {
            share.Task.WrittenWatermarks = share.Watermarks;
            var time = new TaskTime(share.StreamTimeMs, share.Watermarks ?? TaskTime.None);
            transaction.Write(new OutputRecord(
                topicWithTime ?? changelogs.FirstChangelog, partition, [], time.ToBytes(), timestampMs, null,
                IsChangelog: true));
        }
    }
}
