using System.Diagnostics;

namespace Alloc.Engine.State;

/// <summary>Committed layers that are written to the database together, oldest first.</summary>
/// <remarks>
/// The list grows under the task state's gate only. What a store needs to find entries in them is made when somebody
/// looks for one.
/// </remarks>
internal sealed class LayerGroup(int storeCount)
{
    private readonly object?[] indexes = new object?[storeCount];

    public List<StateLayer> Layers { get; } = [];

    public int EntryCount { get; private set; }

    public int RecordCount { get; private set; }

    public void Add(StateLayer layer)
    {
        Layers.Add(layer);
        EntryCount += layer.EntryCount;
        RecordCount += layer.RecordCount;
    }

    /// <summary>Where the entries of a store are in these layers; on any thread.</summary>
    public LayerIndex<TKey, TValue> IndexOf<TKey, TValue>(int storeOrdinal)
        where TKey : notnull
        where TValue : class
    {
        var index = Volatile.Read(ref indexes[storeOrdinal]);
        if (index is null)
        {
            var made = new LayerIndex<TKey, TValue>(storeOrdinal);
            index = Interlocked.CompareExchange(ref indexes[storeOrdinal], made, null) ?? made;
        }
        Debug.Assert(index is LayerIndex<TKey, TValue>, "a store has one kind of entries");
        return (LayerIndex<TKey, TValue>)index;
    }
}
