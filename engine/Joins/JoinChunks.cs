using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>When a key's records are too many to be written whole for each of them.</summary>
/// <param name="RecordCount">Records that a head has at most; as many as a chunk of records.</param>
/// <param name="ValueBytes">Bytes of their values, unless it is a single record.</param>
/// <param name="FanOut">Chunks of one level that a head has at most, and a chunk of the next; at least 2.</param>
internal sealed record ChunkLimits(int RecordCount, int ValueBytes, int FanOut)
{
    public static ChunkLimits Default { get; } = new(48, 16 * 1024, 16);

    public bool IsFull(JoinEntry entry) => entry.Records.Length >= RecordCount
        || (entry.ValueBytes >= ValueBytes && entry.Records.Length > 1);

    public bool IsHalfFull(JoinEntry entry) => entry.Records.Length >= RecordCount / 2
        || (entry.ValueBytes >= ValueBytes / 2 && entry.Records.Length > 1);
}

/// <summary>
/// The chunks of the key at hand: a tree under its head, whose leaves have the records. A head and what is written for
/// a record stay as small as they are however many records the key has; the levels grow with the logarithm.
/// </summary>
internal sealed class JoinChunks(
    JoinStores stores, ChunkLimits limits, JoinKeys keys, JoinBuffer buffer, string join, TaskId taskId)
{
    /// <summary>By level, the chunk that is worked on.</summary>
    private readonly List<JoinEntry> loaded = [];
    private readonly ByteBuffer output = new();

    /// <summary>Reads a chunk; valid until another of its level is read.</summary>
    /// <exception cref="TaskCorruptedException">It is not there, or not of its level.</exception>
    public JoinEntry Load(in ChunkSummary summary)
    {
        var chunk = OfLevel(summary.Level);
        chunk.Read(buffer.Get(keys.OfChunk(summary.Number)) ?? throw new TaskCorruptedException(
            $"Join '{join}' misses chunk {summary.Number} of a key in task {taskId}."));
        foreach (ref readonly var below in chunk.Chunks)
        {
            if (below.Level != summary.Level - 1)
            {
                throw new TaskCorruptedException(
                    $"Join '{join}' has a chunk of level {below.Level} in one of level {summary.Level} of a key in "
                    + $"task {taskId}.");
            }
        }
        return chunk;
    }

    /// <summary>Writes an entry.</summary>
    /// <returns>The key as it is kept.</returns>
    public EncodedKey Put(EncodedKey key, JoinEntry entry, bool isNew)
    {
        output.Clear();
        entry.Write(output);
        return buffer.Put(key, output.Written.ToArray(), isNew);
    }

    /// <summary>A chunk has changed: it is written, or goes when it has nothing left.</summary>
    /// <param name="above">The entry that it is in.</param>
    /// <param name="index">Its place there.</param>
    /// <param name="chunk">The chunk as it is now.</param>
    /// <returns>Whether it is still there.</returns>
    public bool Change(JoinEntry above, int index, JoinEntry chunk)
    {
        ref var summary = ref above.Chunks[index];
        if (chunk.IsEmpty)
        {
            buffer.Delete(keys.OfChunk(summary.Number));
            above.RemoveChunk(index);
            return false;
        }
        Put(keys.OfChunk(summary.Number), chunk, isNew: false);
        summary = chunk.Summarize(summary.Number, summary.Level, stores.LeftIsOuter, stores.RightIsOuter);
        return true;
    }

    /// <summary>
    /// Lets go of what is known to meet nobody any more, and parts with a head's records if they are still too many.
    /// </summary>
    /// <param name="head">The head.</param>
    /// <param name="knownMs">Up to when the sources of both sides are known.</param>
    public void MakeRoom(JoinEntry head, long knownMs)
    {
        for (var index = head.Records.Length - 1; index >= 0; index--)
        {
            ref readonly var record = ref head.Records[index];
            var leaves = !record.IsMatched && (record.IsRight ? stores.RightIsOuter : stores.LeftIsOuter);
            if (!leaves && record.DueMs < knownMs)
            {
                head.RemoveRecord(index);
            }
        }
        DeleteSpent(head, knownMs);
        if (!limits.IsHalfFull(head))
        {
            return;
        }
        var chunk = OfLevel(0);
        Put(keys.OfChunk(head.MoveTo(chunk, stores.LeftIsOuter, stores.RightIsOuter)), chunk, isNew: true);
        for (var level = 1; ; level++)
        {
            chunk = OfLevel(level);
            if (head.GatherTo(chunk, level, limits.FanOut, stores.LeftIsOuter, stores.RightIsOuter) is not { } number)
            {
                return;
            }
            Put(keys.OfChunk(number), chunk, isNew: true);
        }
    }

    /// <summary>Deletes all chunks of an entry.</summary>
    public void DeleteAll(JoinEntry entry)
    {
        foreach (ref readonly var summary in entry.Chunks)
        {
            if (summary.Level > 0)
            {
                DeleteAll(Load(in summary));
            }
            buffer.Delete(keys.OfChunk(summary.Number));
        }
    }

    private void DeleteSpent(JoinEntry entry, long knownMs)
    {
        for (var index = entry.Chunks.Length - 1; index >= 0; index--)
        {
            var summary = entry.Chunks[index];
            if (summary.FirstSpentMs >= knownMs)
            {
                continue;
            }
            if (summary.Level == 0)
            {
                buffer.Delete(keys.OfChunk(summary.Number));
                entry.RemoveChunk(index);
                continue;
            }
            var chunk = Load(in summary);
            DeleteSpent(chunk, knownMs);
            Change(entry, index, chunk);
        }
    }

    private JoinEntry OfLevel(int level)
    {
        while (loaded.Count <= level)
        {
            loaded.Add(new JoinEntry());
        }
        return loaded[level];
    }
}
