using System.Diagnostics;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// The newest values of a store that are in memory, over the database: what layers wrote that is not in the database
/// yet, and a bounded number of entries that are.
/// </summary>
/// <remarks>
/// A key has one slot with its newest value. The active layer is the list of slots that it wrote; freezing copies them.
/// A slot whose layer is in the database is a cache entry and may be given up.
/// </remarks>
internal abstract class OverlayStore<TKey, TValue>(
    StoreDefinition definition, ISerde<TKey> keySerde, ISerde<TValue> valueSerde, int ordinal, TaskState state,
    IStateDatabase database) : TaskStore(definition, ordinal, state, database)
    where TKey : notnull
    where TValue : class
{
    /// <summary>
    /// Slots looked at when one is added to a full table; more than one, so that the table shrinks again after a peak.
    /// </summary>
    private const int EvictionSteps = 8;

    private readonly SlotTable<TKey, TValue> table = new();
    private readonly ByteBuffer keyBuffer = new();
    private int[] dirty = new int[256];
    private int dirtyCount;
    private int recordDirtyCount;
    private UndoStep[] undo = new UndoStep[16];
    private int undoCount;
    private int unwrittenCount;

    /// <summary>
    /// The slots in the order of their keys; made when somebody first reads a range, and kept up from then on.
    /// </summary>
    private OrderedView<TKey, TValue>? ordered;

    private struct UndoStep
    {
        public int Slot;
        public bool WasAdded;
        public TValue? Value;
        public int Layer;
        public int BornIn;
    }

    public override int DirtyCount => dirtyCount;

    public override int UnwrittenCount => Volatile.Read(ref unwrittenCount);

    protected ISerde<TKey> KeySerde { get; } = new StoredSerde<TKey>(keySerde, state);

    protected ISerde<TValue> ValueSerde { get; } = new StoredSerde<TValue>(valueSerde, state);

    protected SlotTable<TKey, TValue> Table => table;

    /// <summary>Slots kept of entries that are in the database too.</summary>
    protected virtual int CacheCapacity => State.CacheCapacity;

    public override void BeginRecord()
    {
        recordDirtyCount = dirtyCount;
        if (undoCount > 1024)
        {
            Array.Clear(undo);
        }
        undoCount = 0;
    }

    public override void RollbackRecord()
    {
        ordered?.ForgetEmptyRanges();
        while (undoCount > 0)
        {
            ref var step = ref undo[--undoCount];
            ref var slot = ref table[step.Slot];
            if (step.WasAdded)
            {
                Undo(step.Slot);
            }
            else
            {
                slot.Value = step.Value;
                slot.Layer = step.Layer;
                slot.BornIn = step.BornIn;
                OnRestored(slot.Key, slot.Value);
            }
            step.Value = null;
        }
        dirtyCount = recordDirtyCount;
    }

    public override LayerPart? Freeze()
    {
        if (dirtyCount == 0)
        {
            return null;
        }
        var part = CreatePart();
        for (var place = 0; place < dirtyCount; place++)
        {
            var index = dirty[place];
            ref var slot = ref table[index];
            var isNew = slot.BornIn == State.ActiveLayer;
            if (isNew && slot.Value is null)
            {
                // Written and deleted within the layer, and never known to anything below it.
                RemoveSlot(index);
                continue;
            }
            part.Add(new LayerEntry<TKey, TValue>(slot.Key, slot.Value, isNew));
            OnFrozen(part, place);
        }
        dirtyCount = 0;
        recordDirtyCount = 0;
        Interlocked.Add(ref unwrittenCount, part.Count);
        return part;
    }

    public override void Drop(IEnumerable<StateLayer> frozen)
    {
        ordered?.ForgetEmptyRanges();
        undoCount = 0;
        var dropped = new List<TKey>();
        foreach (var index in dirty.AsSpan(0, dirtyCount))
        {
            dropped.Add(table[index].Key);
        }
        dirtyCount = 0;
        recordDirtyCount = 0;
        foreach (var layer in frozen)
        {
            if (layer.Part(Ordinal) is LayerPart<TKey, TValue> part)
            {
                Interlocked.Add(ref unwrittenCount, -part.Count);
                for (var i = 0; i < part.Count; i++)
                {
                    dropped.Add(part[i].Key);
                }
            }
        }
        foreach (var key in dropped)
        {
            var hash = SlotTable<TKey, TValue>.HashOf(key);
            var index = table.Find(key, hash);
            if (index >= 0)
            {
                Undo(index);
            }
            Reload(key, hash);
        }
    }

    public override void RestoreChange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isDelete)
    {
        var typedKey = keySerde.Deserialize(key);
        var after = isDelete ? null : valueSerde.Deserialize(value);
        Definition.Derived?.Change(State, key, Find(typedKey), after);
        Set(typedKey, after, isNew: false);
        OnRestored(typedKey, after);
    }

    public override void Visit(LayerPart part, StateChangeVisitor visitor)
    {
        var entries = (LayerPart<TKey, TValue>)part;
        var scratch = new ByteBuffer();
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            visitor(
                Definition.Name, KeyBytes(entry.Key, scratch),
                entry.Value is null ? null : ValueBytes(entry.Value, scratch));
        }
    }

    public override long WriteRun(LayerGroup group, RunSorter sorter, ByteBuffer scratch, IRunWriter run)
    {
        var parts = Encode(group, sorter);
        sorter.Sort();
        var size = 0L;
        var items = sorter.Items;
        for (var first = 0; first < items.Length;)
        {
            var key = sorter.Key(items[first]);
            var last = first;
            while (last + 1 < items.Length && items[last + 1].KeyLength == key.Length
                && sorter.Key(items[last + 1]).SequenceEqual(key))
            {
                last++;
            }
            var newest = parts[items[first].Layer]![items[first].Entry];
            var oldest = parts[items[last].Layer]!;
            var isNew = oldest[items[last].Entry].IsNew;
            OnWriting(key, oldest, items[last].Entry, newest.Value);
            if (newest.Value is not null)
            {
                scratch.Clear();
                ValueSerde.Serialize(newest.Value, scratch);
                run.Put(key, scratch.Written);
                size += key.Length + scratch.Written.Length;
            }
            else if (!isNew)
            {
                run.Delete(key);
                size += key.Length;
            }
            first = last + 1;
        }
        return size;
    }

    public override void MarkWritten(LayerGroup group)
    {
        var count = 0;
        foreach (var layer in group.Layers)
        {
            count += layer.Part(Ordinal)?.Count ?? 0;
        }
        Interlocked.Add(ref unwrittenCount, -count);
    }

    /// <summary>The newest value; null when there is none.</summary>
    protected TValue? Find(TKey key)
    {
        var hash = SlotTable<TKey, TValue>.HashOf(key);
        var index = table.Find(key, hash);
        if (index >= 0)
        {
            ref var slot = ref table[index];
            slot.State = SlotState.Used;
            return slot.Value;
        }
        if (!Database.TryGet(Encode(key), ValueSerde, out var value))
        {
            return null;
        }
        MakeRoom();
        table[AddSlot(key, hash)].Value = value;
        return value;
    }

    /// <summary>Writes a value, or with null deletes the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="isNew">Whether it is known that the key has no value.</param>
    /// <returns>The key's slot.</returns>
    protected int Set(TKey key, TValue? value, bool isNew)
    {
        var hash = SlotTable<TKey, TValue>.HashOf(key);
        return SetAt(table.Find(key, hash), key, hash, value, isNew);
    }

    /// <summary>As <see cref="Set"/>, of a key whose slot is found already.</summary>
    protected int SetAt(int index, TKey key, int hash, TValue? value, bool isNew)
    {
        var active = State.ActiveLayer;
        TValue? before = null;
        if (index < 0)
        {
            MakeRoom();
            index = AddSlot(key, hash);
            Remember(new UndoStep { Slot = index, WasAdded = true });
            table[index].BornIn = isNew ? active : 0;
        }
        else
        {
            ref var known = ref table[index];
            if (known.Value is null && value is null)
            {
                return index;
            }
            before = known.Value;
            Remember(new UndoStep { Slot = index, Value = known.Value, Layer = known.Layer, BornIn = known.BornIn });
            if (isNew && known.Value is null && known.Layer <= State.WrittenLayer)
            {
                known.BornIn = active;
            }
        }
        if (value is not null && ordered is { HasEmptyRanges: true })
        {
            ordered.Fill(Encode(key));
        }
        ref var slot = ref table[index];
        slot.Value = value;
        slot.State = SlotState.Used;
        if (slot.Layer != active)
        {
            slot.Layer = active;
            if (dirtyCount == dirty.Length)
            {
                Array.Resize(ref dirty, dirtyCount * 2);
            }
            OnFirstWrite(dirtyCount, before);
            dirty[dirtyCount++] = index;
        }
        return index;
    }

    /// <summary>The key's bytes in the database; valid until the next call.</summary>
    protected ReadOnlySpan<byte> Encode(TKey key)
    {
        keyBuffer.Clear();
        keyBuffer.Append(Definition.StoreId);
        KeySerde.Serialize(key, keyBuffer);
        return keyBuffer.Written;
    }

    /// <summary>Entries with from ≤ key bytes &lt; to (with the store's id), ascending: layers over database.</summary>
    protected IEnumerable<KeyValuePair<TKey, TValue>> Scan(byte[] from, byte[] to) => Ordered().Scan(from, to);

    /// <summary>Entries with from ≤ key bytes &lt; to that the database has and no layer hides.</summary>
    protected IEnumerable<KeyValuePair<TKey, TValue>> ScanDatabase(byte[] from, byte[] to)
    {
        using var cursor = Database.CreateCursor();
        for (cursor.Seek(from); cursor.IsValid && cursor.Key.SequenceCompareTo(to) < 0; cursor.Next())
        {
            var key = KeySerde.Deserialize(cursor.Key[1..]);
            var index = table.Find(key, SlotTable<TKey, TValue>.HashOf(key));
            if (index < 0)
            {
                yield return new KeyValuePair<TKey, TValue>(key, ValueSerde.Deserialize(cursor.Value));
            }
            else if (table[index] is { Value: { } value } slot && slot.Layer <= State.WrittenLayer)
            {
                yield return new KeyValuePair<TKey, TValue>(key, value);
            }
        }
    }

    private OrderedView<TKey, TValue> Ordered()
    {
        if (ordered is null)
        {
            ordered = new OrderedView<TKey, TValue>(table, Database, KeySerde, ValueSerde);
            for (var index = 0; index < table.IndexLimit; index++)
            {
                if (table.IsLive(index))
                {
                    ordered.Add(Encode(table[index].Key), index);
                }
            }
        }
        return ordered;
    }

    /// <summary>A key's slot went away with a write that did not come to pass, so that what the database holds for it
    /// shows again.</summary>
    protected virtual void OnUndone(TKey key)
    {
    }

    /// <summary>A key's slot was given up because the database says the same.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; null: the database has none.</param>
    protected virtual void OnGivenUp(TKey key, TValue? value)
    {
    }

    /// <summary>The active layer writes a key for the first time.</summary>
    /// <param name="place">Its place among the keys that the layer wrote; again the same when that was undone.</param>
    /// <param name="before">The value that the key had.</param>
    protected virtual void OnFirstWrite(int place, TValue? before)
    {
    }

    /// <summary>Makes the part that a layer is frozen to.</summary>
    protected virtual LayerPart<TKey, TValue> CreatePart() => new();

    /// <summary>An entry was added to a part.</summary>
    /// <param name="part">The part; the entry is its last.</param>
    /// <param name="place">See <see cref="OnFirstWrite"/>.</param>
    protected virtual void OnFrozen(LayerPart<TKey, TValue> part, int place)
    {
    }

    /// <summary>A group of layers is written: each key once, in order. On the writer's thread.</summary>
    /// <param name="key">The key's bytes, with the store's id.</param>
    /// <param name="oldest">The part of the first layer that wrote it.</param>
    /// <param name="entry">Its place in there.</param>
    /// <param name="value">Its newest value.</param>
    protected virtual void OnWriting(
        ReadOnlySpan<byte> key, LayerPart<TKey, TValue> oldest, int entry, TValue? value)
    {
    }

    /// <summary>The key's own bytes, without the store's id; on any thread.</summary>
    protected virtual byte[] KeyBytes(TKey key, ByteBuffer scratch) => scratch.Serialize(KeySerde, key);

    /// <summary>The value's bytes; on any thread.</summary>
    protected virtual byte[] ValueBytes(TValue value, ByteBuffer scratch) => scratch.Serialize(ValueSerde, value);

    /// <summary>The key as a slot may keep it, when it was looked up with one that may not be kept.</summary>
    protected virtual TKey Own(TKey key) => key;

    /// <summary>
    /// A key has the value again that it had before, or the one that a changelog has; its slot hides the database's.
    /// </summary>
    protected virtual void OnRestored(TKey key, TValue? value)
    {
    }

    private LayerPart<TKey, TValue>?[] Encode(LayerGroup group, RunSorter sorter)
    {
        sorter.Clear();
        var parts = new LayerPart<TKey, TValue>?[group.Layers.Count];
        for (var layer = 0; layer < parts.Length; layer++)
        {
            if (group.Layers[layer].Part(Ordinal) is not LayerPart<TKey, TValue> part)
            {
                continue;
            }
            parts[layer] = part;
            for (var i = 0; i < part.Count; i++)
            {
                sorter.BeginKey(Definition.StoreId);
                KeySerde.Serialize(part[i].Key, sorter.Keys);
                sorter.EndKey(layer, i);
            }
        }
        return parts;
    }

    private void Remember(in UndoStep step)
    {
        if (!State.IsInRecord)
        {
            return;
        }
        if (undoCount == undo.Length)
        {
            Array.Resize(ref undo, undoCount * 2);
        }
        undo[undoCount++] = step;
    }

    /// <summary>
    /// Takes the committed value of a key that has no slot from the layers that are not in the database, if they have
    /// it.
    /// </summary>
    private void Reload(TKey key, int hash)
    {
        if (State.TryFindCommitted<TKey, TValue>(Ordinal, key, out var found) && found.Layer > State.WrittenLayer)
        {
            var index = table.Find(key, hash);
            index = index >= 0 ? index : AddSlot(key, hash);
            ref var slot = ref table[index];
            slot.Value = found.Value;
            slot.Layer = found.Layer;
            OnRestored(key, found.Value);
        }
    }

    private int AddSlot(TKey key, int hash)
    {
        var index = table.Add(Own(key), hash);
        ordered?.Add(Encode(key), index);
        return index;
    }

    private void RemoveSlot(int index)
    {
        ordered?.Remove(Encode(table[index].Key));
        table.RemoveAt(index);
    }

    private void Undo(int index)
    {
        var key = table[index].Key;
        RemoveSlot(index);
        OnUndone(key);
    }

    private void MakeRoom()
    {
        var limit = CacheCapacity + dirtyCount + UnwrittenCount;
        if (table.Count < limit)
        {
            return;
        }
        var steps = EvictionSteps;
        while (table.Count >= limit)
        {
            var index = table.NextIdle(State.WrittenLayer, ref steps);
            if (index < 0)
            {
                return;
            }
            Debug.Assert(table[index].Layer != State.ActiveLayer, "what the active layer wrote stays");
            var (key, value) = (table[index].Key, table[index].Value);
            RemoveSlot(index);
            OnGivenUp(key, value);
        }
    }
}
