using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>A store that can be read as it was at a moment.</summary>
internal interface ISnapshotStore
{
    /// <summary>The store as it was, by the interface that processors know it by.</summary>
    object AsOf(StateSnapshot moment);
}

/// <summary>
/// The committed layers that were in memory at a moment, older ones first, and a cursor for each store over what was
/// under them. Taken together under the gate of the task's state.
/// </summary>
internal sealed class StateSnapshot(
    StatePosition position, IReadOnlyList<StateLayer> layers, IReadOnlyList<TaskStore> stores,
    IReadOnlyList<IDatabaseCursor> cursors) : IStateSnapshot
{
    public StatePosition Position => position;

    public TStore GetStore<TStore>(string name)
        where TStore : class =>
        (stores.FirstOrDefault(s => s.Definition.Name == name) as ISnapshotStore)?.AsOf(this) as TStore
            ?? throw new TopologyException(
                $"The store '{name}' is not in the snapshot, or is not a {typeof(TStore).Name}.");

    public void Dispose()
    {
        foreach (var cursor in cursors)
        {
            cursor.Dispose();
        }
    }

    /// <summary>What is under the layers, of a store; stays open when a scan is over.</summary>
    public IDatabaseCursor CursorOf(TaskStore store)
    {
        for (var index = 0; index < stores.Count; index++)
        {
            if (ReferenceEquals(stores[index], store))
            {
                return new Kept(cursors[index]);
            }
        }
        throw new TopologyException($"The store '{store.Definition.Name}' is not in the snapshot.");
    }

    /// <summary>The entries of a store in the layers, in the order of their keys.</summary>
    public List<RunEntry<TValue>[]> RunsOf<TKey, TValue>(TaskStore store, ISerializer<TKey> keySerde)
        where TKey : notnull
        where TValue : class
    {
        var ordered = new OrderedRuns<TValue>();
        var bytes = new ByteBuffer();
        foreach (var layer in layers)
        {
            if (layer.Part(store.Ordinal) is LayerPart<TKey, TValue> part)
            {
                for (var index = 0; index < part.Count; index++)
                {
                    var entry = part[index];
                    bytes.Clear();
                    keySerde.Serialize(entry.Key, bytes);
                    ordered.Add(new RunEntry<TValue>(bytes.Written.ToArray(), entry.Value));
                }
            }
        }
        var runs = new List<RunEntry<TValue>[]>();
        ordered.Take(runs);
        return runs;
    }

    // Scans dispose their cursor; this one has others to come.
    private sealed class Kept(IDatabaseCursor cursor) : IDatabaseCursor
    {
        public bool IsValid => cursor.IsValid;

        public ReadOnlySpan<byte> Key => cursor.Key;

        public ReadOnlySpan<byte> Value => cursor.Value;

        public void Seek(ReadOnlySpan<byte> key) => cursor.Seek(key);

        public void Next() => cursor.Next();

        public void Dispose()
        {
        }
    }
}

/// <summary>Reads of one store of a snapshot.</summary>
internal sealed class SnapshotView<TKey, TValue>(
    TaskStore store, ISerde<TKey> keySerde, ISerde<TValue> valueSerde, StateSnapshot moment)
    : IReadOnlyKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private readonly byte storeId = store.Definition.StoreId;
    private List<RunEntry<TValue>[]>? runs;

    public TValue? Get(TKey key)
    {
        var bytes = Encode(key);
        foreach (var entry in Scan(bytes, [.. bytes, 0]))
        {
            return entry.Value;
        }
        return null;
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
        runs ??= moment.RunsOf<TKey, TValue>(store, keySerde);
        var overlay = RunMerge.Read(runs, from[1..], to[0] == storeId ? to[1..] : null);
        return MergedScan.Read(storeId, overlay, moment.CursorOf(store), from, to, keySerde, valueSerde);
    }

    private byte[] Encode(TKey key)
    {
        var buffer = new ByteBuffer();
        buffer.Append(storeId);
        keySerde.Serialize(key, buffer);
        return buffer.Written.ToArray();
    }
}
