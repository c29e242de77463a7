using System.Diagnostics;

namespace Alloc.Engine.State;

/// <summary>The last write of one key in a layer.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null for a delete.</param>
/// <param name="IsNew">Whether the database was known not to have the key when the layer first wrote it.</param>
internal readonly record struct LayerEntry<TKey, TValue>(TKey Key, TValue? Value, bool IsNew)
    where TValue : class;

/// <summary>
/// What one layer wrote to one store; never changed once the layer is frozen, so any thread may read it.
/// </summary>
internal abstract class LayerPart
{
    /// <summary>Distinct keys.</summary>
    public int Count { get; protected set; }
}

/// <inheritdoc cref="LayerPart"/>
internal class LayerPart<TKey, TValue> : LayerPart
    where TValue : class
{
    /// <summary>Entries a chunk; small enough that a chunk is not a large object to the garbage collector.</summary>
    private const int ChunkSize = 1024;

    private readonly List<LayerEntry<TKey, TValue>[]> chunks = [];

    public LayerEntry<TKey, TValue> this[int index] => chunks[index / ChunkSize][index % ChunkSize];

    public void Add(in LayerEntry<TKey, TValue> entry)
    {
        if (Count == chunks.Count * ChunkSize)
        {
            chunks.Add(new LayerEntry<TKey, TValue>[chunks.Count == 0 ? 16 : ChunkSize]);
        }
        else if (Count == chunks[^1].Length && chunks.Count == 1)
        {
            var grown = new LayerEntry<TKey, TValue>[Math.Min(ChunkSize, chunks[0].Length * 4)];
            chunks[0].CopyTo(grown, 0);
            chunks[0] = grown;
        }
        chunks[^1][Count % ChunkSize] = entry;
        Count++;
    }
}

/// <summary>The writes of one transaction, store by store.</summary>
internal sealed class StateLayer(int number, LayerPart?[] parts, int recordCount, TaskState state) : IStateLayer
{
    /// <summary>Counts up over the layers of a task.</summary>
    public int Number { get; } = number;

    /// <summary>Records that were processed into the layer.</summary>
    public int RecordCount { get; } = recordCount;

    /// <inheritdoc/>
    public int EntryCount { get; } = parts.Sum(part => part?.Count ?? 0);

    /// <summary>What the state covers with this layer; known when its transaction committed.</summary>
    public StatePosition? Position { get; set; }

    /// <summary>The writes to the store with that ordinal; null when there are none.</summary>
    public LayerPart? Part(int storeOrdinal) => parts[storeOrdinal];

    /// <inheritdoc/>
    public void Visit(IReadOnlySet<string> storeNames, StateChangeVisitor visitor)
    {
        Debug.Assert(storeNames.Count > 0, "a changelog belongs to a store");
        state.Visit(this, storeNames, visitor);
    }
}
