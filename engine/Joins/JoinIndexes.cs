using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>The stores of a join and which sides are outer.</summary>
internal sealed record JoinStores(string Name, bool LeftIsOuter, bool RightIsOuter)
{
    public string Buffer => $"{Name}-buffer";

    public string DueLeft => $"{Name}-due-left";

    public string DueRight => $"{Name}-due-right";

    public string Expiry => $"{Name}-expiry";

    /// <summary>Makes the definitions; always in one order, so that numbers are the same at each start.</summary>
    public List<StoreDefinition> Define(Func<byte> nextId)
    {
        var definitions = new List<StoreDefinition>
        {
            new JoinBufferDefinition(Buffer, nextId()) { Derived = new JoinDerivedIndex(this) },
            Index(Expiry, nextId()),
        };
        if (LeftIsOuter)
        {
            definitions.Add(Index(DueLeft, nextId()));
        }
        if (RightIsOuter)
        {
            definitions.Add(Index(DueRight, nextId()));
        }
        return definitions;
    }

    private static TimeIndexDefinition<EncodedKey> Index(string name, byte id) =>
        new(name, id, EncodedKey.Serde, StorePersistence.Persistent, isDerived: true);
}

/// <summary>When a key's entry wants attention.</summary>
/// <param name="Dues">Records that are to leave as unmatched.</param>
/// <param name="ExpiryMs">All of it, when nothing in it is to leave.</param>
/// <param name="HasChunks">Whether there are chunks to delete with it.</param>
internal readonly record struct EntryTimes(JoinDues Dues, long ExpiryMs, bool HasChunks)
{
    public static EntryTimes None { get; } = new(JoinDues.None, long.MaxValue, false);

    public static EntryTimes Of(JoinEntry entry, JoinStores stores)
    {
        if (entry.IsEmpty)
        {
            return None;
        }
        var dues = entry.Dues(stores.LeftIsOuter, stores.RightIsOuter);
        return new EntryTimes(
            dues, dues == JoinDues.None ? entry.LastDueMs() : long.MaxValue, entry.Chunks.Length > 0);
    }
}

/// <summary>The time indexes of a join: each key is in each of them at most once.</summary>
internal sealed class JoinIndexes
{
    private readonly ByteBuffer expiryKey = new();

    public JoinIndexes(IStores stores, JoinStores names)
    {
        Expiry = stores.GetStore<ITimeIndex<EncodedKey>>(names.Expiry);
        Left = names.LeftIsOuter ? stores.GetStore<ITimeIndex<EncodedKey>>(names.DueLeft) : null;
        Right = names.RightIsOuter ? stores.GetStore<ITimeIndex<EncodedKey>>(names.DueRight) : null;
    }

    /// <summary>Keys with a left record that is to leave; null where the left side is inner.</summary>
    public ITimeIndex<EncodedKey>? Left { get; }

    public ITimeIndex<EncodedKey>? Right { get; }

    /// <summary>Keys of which nothing is to leave: a byte that is 1 where there are chunks, then the key.</summary>
    public ITimeIndex<EncodedKey> Expiry { get; }

    /// <summary>A key's entry changed.</summary>
    /// <param name="head">The key of its head, as the buffer keeps it: the indexes keep the same bytes.</param>
    /// <param name="before">Its times before.</param>
    /// <param name="after">Its times now.</param>
    public void Move(EncodedKey head, in EntryTimes before, in EntryTimes after)
    {
        Move(Left, head, before.Dues.LeftMs, after.Dues.LeftMs);
        Move(Right, head, before.Dues.RightMs, after.Dues.RightMs);
        if (before.ExpiryMs == after.ExpiryMs && before.HasChunks == after.HasChunks)
        {
            return;
        }
        if (before.ExpiryMs != long.MaxValue)
        {
            Expiry.Remove(before.ExpiryMs, ExpiryKey(head, before.HasChunks));
        }
        if (after.ExpiryMs != long.MaxValue)
        {
            Expiry.AddNew(after.ExpiryMs, ExpiryKey(head, after.HasChunks));
        }
    }

    private static void Move(ITimeIndex<EncodedKey>? index, EncodedKey head, long beforeMs, long afterMs)
    {
        if (index is null || beforeMs == afterMs)
        {
            return;
        }
        var key = head.From(1);
        if (beforeMs != long.MaxValue)
        {
            index.Remove(beforeMs, key);
        }
        if (afterMs != long.MaxValue)
        {
            index.AddNew(afterMs, key);
        }
    }

    // Without chunks it is the head's own key.
    private EncodedKey ExpiryKey(EncodedKey head, bool hasChunks)
    {
        if (!hasChunks)
        {
            return head;
        }
        expiryKey.Clear();
        expiryKey.Append(1);
        expiryKey.Append(head.Span[1..]);
        return EncodedKey.Over(expiryKey);
    }
}

/// <summary>Makes a join's time indexes again from its entries.</summary>
internal sealed class JoinDerivedIndex(JoinStores names) : DerivedIndex
{
    public override void Change(IStores stores, ReadOnlySpan<byte> key, object? before, object? after)
    {
        if (key[0] == JoinKeys.Head)
        {
            new JoinIndexes(stores, names).Move(EncodedKey.CopyOf(key), Times(before), Times(after));
        }
    }

    private EntryTimes Times(object? bytes)
    {
        if (bytes is null)
        {
            return EntryTimes.None;
        }
        var entry = new JoinEntry();
        entry.Read((byte[])bytes);
        return EntryTimes.Of(entry, names);
    }
}

/// <summary>The keys of a join's buffer: a head is 0 and the key, a chunk is 1, its number and the key.</summary>
internal sealed class JoinKeys
{
    public const byte Head = 0;
    private const byte Chunk = 1;
    private readonly ByteBuffer head = new();
    private readonly ByteBuffer chunk = new();

    /// <summary>The bytes of the key at hand.</summary>
    public ReadOnlySpan<byte> Key => head.Written[1..];

    /// <summary>The head of the key at hand; valid until the next key.</summary>
    public EncodedKey OfHead { get; private set; }

    public void Set<TKey>(ISerializer<TKey> serializer, TKey key)
    {
        head.Clear();
        head.Append(Head);
        serializer.Serialize(key, head);
        OfHead = EncodedKey.Over(head);
    }

    public void Set(ReadOnlySpan<byte> key)
    {
        head.Clear();
        head.Append(Head);
        head.Append(key);
        OfHead = EncodedKey.Over(head);
    }

    /// <summary>A chunk of the key at hand; valid until the next call.</summary>
    public EncodedKey OfChunk(int number)
    {
        chunk.Clear();
        chunk.Append(Chunk);
        EntryWriter.Int64(chunk, number);
        chunk.Append(Key);
        return EncodedKey.Over(chunk);
    }
}
