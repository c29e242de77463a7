using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Alloc.Engine.State;

/// <summary>The newest value of a key that is in memory.</summary>
internal struct Slot<TKey, TValue>
    where TValue : class
{
    public TKey Key;

    /// <summary>Null: the key has no value, and what the database holds for it is no longer true.</summary>
    public TValue? Value;

    /// <summary>The layer that wrote it; 0 for a value that was read from the database.</summary>
    public int Layer;

    /// <summary>
    /// The layer that wrote the key when the database was known not to have it; 0 when that was not known.
    /// </summary>
    public int BornIn;

    internal int Hash;

    /// <summary>The next slot of the bucket or of the free list, -1 at its end.</summary>
    internal int Next;

    internal SlotState State;
}

/// <summary>Whether a slot holds a key, and whether it was used since the clock's hand came by.</summary>
internal enum SlotState : byte
{
    Free,
    Idle,
    Used,
}

/// <summary>
/// A hash table whose entries keep their index while they live, so that lists of dirty entries and of undo steps are
/// lists of integers. Used by one thread.
/// </summary>
internal sealed class SlotTable<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private const int InitialSize = 256;

    private int[] buckets = new int[InitialSize];
    private Slot<TKey, TValue>[] slots = new Slot<TKey, TValue>[InitialSize];
    private int used;
    private int freeHead = -1;
    private int hand;

    /// <summary>Keys in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Slots ever used: every index is below it.</summary>
    public int IndexLimit => used;

    public ref Slot<TKey, TValue> this[int index] => ref slots[index];

    public bool IsLive(int index) => slots[index].State != SlotState.Free;

    /// <summary>The index of a key, or -1.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its <see cref="HashOf"/>.</param>
    public int Find(TKey key, int hash)
    {
        var entries = slots;
        var index = buckets[hash & (buckets.Length - 1)] - 1;
        while ((uint)index < (uint)entries.Length)
        {
            ref var slot = ref entries[index];
            if (slot.Hash == hash && EqualityComparer<TKey>.Default.Equals(slot.Key, key))
            {
                return index;
            }
            index = slot.Next;
        }
        return -1;
    }

    /// <summary>Adds a key that is not there and returns its index. References to slots may move.</summary>
    public int Add(TKey key, int hash)
    {
        int index;
        if (freeHead >= 0)
        {
            index = freeHead;
            freeHead = slots[index].Next;
        }
        else
        {
            if (used == slots.Length)
            {
                Grow();
            }
            index = used++;
        }
        ref var bucket = ref buckets[hash & (buckets.Length - 1)];
        slots[index] = new Slot<TKey, TValue> { Key = key, Hash = hash, Next = bucket - 1, State = SlotState.Used };
        bucket = index + 1;
        Count++;
        return index;
    }

    /// <summary>Removes the slot at an index, which a later key may take.</summary>
    public void RemoveAt(int index)
    {
        ref var slot = ref slots[index];
        Debug.Assert(slot.State != SlotState.Free, "a slot is removed once");
        ref var bucket = ref buckets[slot.Hash & (buckets.Length - 1)];
        if (bucket - 1 == index)
        {
            bucket = slot.Next + 1;
        }
        else
        {
            var previous = bucket - 1;
            while (slots[previous].Next != index)
            {
                previous = slots[previous].Next;
            }
            slots[previous].Next = slot.Next;
        }
        slot = new Slot<TKey, TValue> { Next = freeHead, State = SlotState.Free };
        freeHead = index;
        Count--;
    }

    /// <summary>
    /// The next slot under the clock's hand that may be given up: written, and not used since the hand came by last.
    /// Gives up after <paramref name="steps"/> slots.
    /// </summary>
    /// <param name="writtenLayer">Slots of this layer and earlier ones are in the database.</param>
    /// <param name="steps">Slots to look at.</param>
    /// <returns>The slot's index, or -1.</returns>
    public int NextIdle(int writtenLayer, ref int steps)
    {
        while (steps-- > 0)
        {
            hand = hand + 1 < used ? hand + 1 : 0;
            ref var slot = ref slots[hand];
            if (slot.State == SlotState.Used && slot.Layer <= writtenLayer && slot.Value is not null)
            {
                slot.State = SlotState.Idle;
            }
            else if (slot.State != SlotState.Free && slot.Layer <= writtenLayer)
            {
                return hand;
            }
        }
        return -1;
    }

    /// <summary>The table's own hash of a key: the type's, spread over all bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HashOf(TKey key)
    {
        var hash = (uint)key.GetHashCode() * 0x9E3779B1u;
        return (int)(hash ^ (hash >> 15));
    }

    private void Grow()
    {
        var size = slots.Length * 2;
        Array.Resize(ref slots, size);
        buckets = new int[size];
        for (var index = 0; index < used; index++)
        {
            ref var slot = ref slots[index];
            if (slot.State != SlotState.Free)
            {
                ref var bucket = ref buckets[slot.Hash & (size - 1)];
                slot.Next = bucket - 1;
                bucket = index + 1;
            }
        }
    }
}
