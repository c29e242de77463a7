using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>Reads of what is committed, from any thread, while the task goes on.</summary>
/// <remarks>
/// Layers and cursor are taken together under the task state's gate: otherwise a layer that is written in between would
/// be seen neither in memory nor in the database, or a newer file under an older layer.
/// </remarks>
/// <param name="storeId">The store's id.</param>
/// <param name="keySerde">Its keys.</param>
/// <param name="keyBytes">The bytes of a key that is in memory, without the store's id; called on any thread.</param>
/// <param name="valueSerde">Its values.</param>
/// <param name="ordinal">Its place among the task's stores.</param>
/// <param name="state">The task's state.</param>
/// <param name="database">The database under the store.</param>
internal sealed class CommittedView<TKey, TValue>(
    byte storeId, ISerde<TKey> keySerde, Func<TKey, ByteBuffer, byte[]> keyBytes, ISerde<TValue> valueSerde,
    int ordinal, TaskState state, IStateDatabase database)
    : IReadOnlyKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    public TValue? Get(TKey key)
    {
        if (state.TryFindCommitted<TKey, TValue>(ordinal, key, out var found))
        {
            return found.Value;
        }
        // Not in the layers of a moment ago, so its value of that moment, or a later committed one, is in the database
        // or was deleted there.
        var bytes = Encode(key);
        using var cursor = database.CreateCursor();
        cursor.Seek(bytes);
        return cursor.IsValid && cursor.Key.SequenceEqual(bytes) ? valueSerde.Deserialize(cursor.Value) : null;
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to) => Scan(Encode(from), Encode(to));

    public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix)
    {
        byte[] from = [storeId, .. keyPrefix.Span];
        return Scan(from, MergedScan.EndOfPrefix(from));
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => Prefix(default);

    private IEnumerable<KeyValuePair<TKey, TValue>> Scan(byte[] from, byte[] to)
    {
        // What is not in the database yet is sorted once for all who scan: a piece of it costs what the piece has.
        var (runs, cursor) = state.TakeCommitted<TKey, TValue>(ordinal, database, keyBytes);
        var overlay = RunMerge.Read(runs, from[1..], to[0] == storeId ? to[1..] : null);
        foreach (var entry in MergedScan.Read(storeId, overlay, cursor, from, to, keySerde, valueSerde))
        {
            yield return entry;
        }
    }

    private byte[] Encode(TKey key)
    {
        var buffer = new ByteBuffer();
        Write(key, buffer);
        return buffer.Written.ToArray();
    }

    private void Write(TKey key, ByteBuffer buffer)
    {
        buffer.Clear();
        buffer.Append(storeId);
        keySerde.Serialize(key, buffer);
    }
}
