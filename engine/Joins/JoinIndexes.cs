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
            new JoinBufferDefinition(this, nextId()),
            new JoinTimersDefinition(this, JoinTimerKind.Expiry, Expiry, nextId()),
        };
        if (LeftIsOuter)
        {
            definitions.Add(new JoinTimersDefinition(this, JoinTimerKind.Left, DueLeft, nextId()));
        }
        if (RightIsOuter)
        {
            definitions.Add(new JoinTimersDefinition(this, JoinTimerKind.Right, DueRight, nextId()));
        }
        return definitions;
    }
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
    public JoinIndexes(IStores stores, JoinStores names)
    {
        Expiry = stores.GetStore<JoinTimers>(names.Expiry);
        Left = names.LeftIsOuter ? stores.GetStore<JoinTimers>(names.DueLeft) : null;
        Right = names.RightIsOuter ? stores.GetStore<JoinTimers>(names.DueRight) : null;
    }

    /// <summary>Keys with a left record that is to leave; null where the left side is inner.</summary>
    public JoinTimers? Left { get; }

    public JoinTimers? Right { get; }

    /// <summary>Keys of which nothing is to leave: a byte that is 1 where there are chunks, then the key.</summary>
    public JoinTimers Expiry { get; }

    /// <summary>A key's entry changed.</summary>
    /// <param name="head">The key of its head, as the buffer keeps it: the indexes keep the same bytes.</param>
    /// <param name="before">Its times before.</param>
    /// <param name="after">Its times now.</param>
    public void Move(EncodedKey head, in EntryTimes before, in EntryTimes after)
    {
        Left?.Move(head, in before, in after);
        Right?.Move(head, in before, in after);
        Expiry.Move(head, in before, in after);
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
