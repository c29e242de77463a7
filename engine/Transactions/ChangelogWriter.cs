using Alloc.Engine.Processing;

namespace Alloc.Engine.Transactions;

/// <summary>
/// Writes compacted changelogs: each key that a transaction changed, once, under the store's own key; a delete is a
/// null value. The empty key, which no store may use, carries the task's times (<see cref="TaskTime"/>).
/// </summary>
internal static class ChangelogWriter
{
    /// <summary>Writes the changes of one task's layer; on any thread.</summary>
    /// <exception cref="TaskFailedException">A serializer failed.</exception>
    public static void Write(TaskShare share, TransactionBuffer transaction)
    {
        try
        {
            WriteChanges(share, transaction);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            throw share.Task.Failed("when its changelogs were written", error);
        }
    }

    private static void WriteChanges(TaskShare share, TransactionBuffer transaction)
    {
        var changelogs = share.Task.Changelogs;
        if (changelogs.StoreNames.Count == 0)
        {
            return;
        }
        var partition = share.Task.TaskId.Partition;
        var timestampMs = share.WallClockMs;
        var topicWithTime = (string?)null;
        share.Layer.Visit(changelogs.StoreNames, (storeName, key, value) =>
        {
            if (key.Length == 0)
            {
                throw new StreamsException(
                    $"Store '{storeName}' has an entry with an empty key; its changelog cannot hold one.");
            }
            topicWithTime = changelogs.TopicOf(storeName);
            transaction.Write(new OutputRecord(
                topicWithTime, partition, key, value, timestampMs, null, IsChangelog: true));
        });
        // Time that moved alone is written too: what was emitted by it must not be emitted again.
        if ((topicWithTime is not null && share.StreamTimeMs != long.MinValue) || share.HaveWatermarksMoved)
        {
            var time = new TaskTime(share.StreamTimeMs, share.Watermarks ?? TaskTime.None);
            transaction.Write(new OutputRecord(
                topicWithTime ?? changelogs.FirstChangelog, partition, [], time.ToBytes(), timestampMs, null,
                IsChangelog: true));
        }
    }
}
