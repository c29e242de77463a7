using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>Reads of what is committed, from any thread, while the task goes on.</summary>
/// <remarks>
/// Layers and cursor are taken together under the task state's gate: otherwise a layer that is written in between would
/// be seen neither in memory nor in the database, or a newer file under an older layer.
/// </remarks>
internal sealed class CommittedView<TKey, TValue>(
    byte storeId, ISerde<TKey> keySerde, ISerde<TValue> valueSerde, int ordinal, TaskState state,
    IStateDatabase database)
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
        var entries = new Dictionary<TKey, TValue?>();
        var bytes = new ByteBuffer();
        // Of many that are not in the database yet most lie elsewhere: those cost a look each, and nothing more.
        var cursor = state.TakeCommitted<TKey, TValue>(ordinal, database, (key, value) =>
        {
            Write(key, bytes);
            if (MergedScan.IsWithin(bytes.Written, from, to))
            {
                entries[key] = value;
            }
        });
        var overlay = new List<ScanEntry<TKey, TValue>>(entries.Count);
        foreach (var (key, value) in entries)
        {
            overlay.Add(new ScanEntry<TKey, TValue>(Encode(key), key, value));
        }
        foreach (var entry in MergedScan.Read(overlay, cursor, from, to, keySerde, valueSerde))
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
