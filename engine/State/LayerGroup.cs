namespace Alloc.Engine.State;

/// <summary>Committed layers that are written to the database together, oldest first.</summary>
/// <remarks>
/// The list grows under the task state's gate only. An index of the entries is made when somebody looks for one.
/// </remarks>
internal sealed class LayerGroup(int storeCount)
{
    private readonly object?[] indexes = new object?[storeCount];
    private readonly int[] indexedLayers = new int[storeCount];
    private readonly Lock indexGate = new();

    public List<StateLayer> Layers { get; } = [];

    public int EntryCount { get; private set; }

    public int RecordCount { get; private set; }

    public void Add(StateLayer layer)
    {
        Layers.Add(layer);
        EntryCount += layer.EntryCount;
        RecordCount += layer.RecordCount;
    }

    /// <summary>Looks a key up in the first <paramref name="layers"/> of a store, or a few more.</summary>
    /// <returns>False when none of them wrote the key.</returns>
    public bool TryFind<TKey, TValue>(
        int storeOrdinal, ReadOnlySpan<StateLayer> layers, TKey key, out (TValue? Value, int Layer) found)
        where TKey : notnull
        where TValue : class
    {
        lock (indexGate)
        {
            return Index<TKey, TValue>(storeOrdinal, layers).TryGetValue(key, out found);
        }
    }

    /// <summary>Copies the newest entry of every key for which <paramref name="take"/> answers true.</summary>
    public void Collect<TKey, TValue>(
        int storeOrdinal, ReadOnlySpan<StateLayer> layers, Action<TKey, TValue?> take)
        where TKey : notnull
        where TValue : class
    {
        lock (indexGate)
        {
            foreach (var (key, entry) in Index<TKey, TValue>(storeOrdinal, layers))
            {
                take(key, entry.Value);
            }
        }
    }

    private Dictionary<TKey, (TValue? Value, int Layer)> Index<TKey, TValue>(
        int storeOrdinal, ReadOnlySpan<StateLayer> layers)
        where TKey : notnull
        where TValue : class
    {
        var index = (Dictionary<TKey, (TValue? Value, int Layer)>)(indexes[storeOrdinal] ??=
            new Dictionary<TKey, (TValue? Value, int Layer)>());
        for (; indexedLayers[storeOrdinal] < layers.Length; indexedLayers[storeOrdinal]++)
        {
            var layer = layers[indexedLayers[storeOrdinal]];
            if (layer.Part(storeOrdinal) is LayerPart<TKey, TValue> part)
            {
                for (var i = 0; i < part.Count; i++)
                {
                    var entry = part[i];
                    index[entry.Key] = (entry.Value, layer.Number);
                }
            }
        }
        return index;
    }
}
