using System.Buffers.Binary;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Transactions;

/// <summary>
/// Writes compacted changelogs: each key that a transaction changed, once, under the store's own key; a delete is a
/// null value. The empty key, which no store may use, carries the task's stream time (8 bytes, big-endian).
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
        if (topicWithTime is not null && share.StreamTimeMs != long.MinValue)
        {
            transaction.Write(new OutputRecord(
                topicWithTime, partition, [], StreamTime(share.StreamTimeMs), timestampMs, null, IsChangelog: true));
        }
    }

    public static byte[] StreamTime(long streamTimeMs)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, streamTimeMs);
        return bytes;
    }

    /// <summary>Reads what <see cref="StreamTime"/> wrote.</summary>
    /// <exception cref="StreamsException">It is no stream time.</exception>
    public static long ReadStreamTime(ReadOnlySpan<byte> bytes) => bytes.Length == sizeof(long)
        ? BinaryPrimitives.ReadInt64BigEndian(bytes)
        : throw new StreamsException($"A changelog's stream time has {bytes.Length} bytes, not 8.");
}
