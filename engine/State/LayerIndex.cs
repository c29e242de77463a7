namespace Alloc.Engine.State;

/// <summary>Where the entries of one store are in the layers of a group: by key, and in the order of keys.</summary>
/// <remarks>
/// Each is made when it is first asked for, and then takes what layers came since. The layers are those that a reader
/// saw under the task state's gate; one that saw fewer than another before it is told of a few more.
/// </remarks>
internal sealed class LayerIndex<TKey, TValue>(int storeOrdinal)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock gate = new();
    private readonly OrderedRuns<TValue> ordered = new();
    private Dictionary<TKey, (TValue? Value, int Layer)>? newest;
    private int newestLayerCount;
    private int orderedLayerCount;

    /// <summary>Looks a key up.</summary>
    /// <returns>False when none of the layers wrote the key.</returns>
    public bool TryFind(ReadOnlySpan<StateLayer> layers, TKey key, out (TValue? Value, int Layer) found)
    {
        lock (gate)
        {
            newest ??= [];
            for (; newestLayerCount < layers.Length; newestLayerCount++)
            {
                var layer = layers[newestLayerCount];
                if (layer.Part(storeOrdinal) is LayerPart<TKey, TValue> part)
                {
                    for (var i = 0; i < part.Count; i++)
                    {
                        var entry = part[i];
                        newest[entry.Key] = (entry.Value, layer.Number);
                    }
                }
            }
            return newest.TryGetValue(key, out found);
        }
    }

    /// <summary>Takes the entries in the order of their keys, as runs that never change.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="keyBytes">The bytes of a key, without the store's id.</param>
    /// <param name="taken">Where the runs are added, older ones first.</param>
    public void TakeRuns(
        ReadOnlySpan<StateLayer> layers, Func<TKey, ByteBuffer, byte[]> keyBytes, List<RunEntry<TValue>[]> taken)
    {
        lock (gate)
        {
            if (orderedLayerCount < layers.Length)
            {
                var scratch = new ByteBuffer();
                for (; orderedLayerCount < layers.Length; orderedLayerCount++)
                {
                    if (layers[orderedLayerCount].Part(storeOrdinal) is not LayerPart<TKey, TValue> part)
                    {
                        continue;
                    }
                    for (var i = 0; i < part.Count; i++)
                    {
                        var entry = part[i];
                        ordered.Add(new RunEntry<TValue>(keyBytes(entry.Key, scratch), entry.Value));
                    }
                }
            }
            ordered.Take(taken);
        }
    }
}
