using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>Defines the store of a join.</summary>
internal class JoinBufferDefinition(JoinStores stores, byte storeId) : StoreDefinition(
    stores.Buffer, storeId, StorePersistence.Persistent)
{
    public JoinStores Stores { get; } = stores;

    public override string Layout => $"{StoreId}:{Name}:join-buffer:{JoinEntry.FormatVersion}";

    internal override TaskStore Create(int ordinal, TaskState state, IStateDatabase database) =>
        new JoinBuffer(this, ordinal, state, database);
}

/// <summary>
/// Holds the records of both sides of a join, by key: bytes to bytes, and nothing between. What its time indexes hold
/// follows from its entries: it says what they have to write with a group of layers, and what is so again when writes
/// did not come to pass.
/// </summary>
internal class JoinBuffer(JoinBufferDefinition definition, int ordinal, TaskState state, IStateDatabase database)
    : EncodedStore(definition, ordinal, state, database)
{
    private readonly List<JoinTimers> timers = [];
    private readonly JoinEntry entry = new();

    /// <summary>Of the writer's thread.</summary>
    private readonly JoinEntry written = new();
    private byte[]?[] before = new byte[256][];

    public void Attach(JoinTimers index) => timers.Add(index);

    public virtual byte[]? Get(EncodedKey key) => Find(key);

    /// <summary>Keeps an entry.</summary>
    /// <returns>The key as it is kept.</returns>
    public virtual EncodedKey Put(EncodedKey key, byte[] entry, bool isNew) => Table[Write(key, entry, isNew)].Key;

    public virtual void Delete(EncodedKey key) => Write(key, null, isNew: false);

    /// <summary>The times of an entry that is in memory; false when it is not, and the database tells.</summary>
    public bool TryGetTimes(EncodedKey head, out EntryTimes times)
    {
        var index = Table.Find(head, SlotTable<EncodedKey, byte[]>.HashOf(head));
        times = index < 0 ? EntryTimes.None : TimesOf(entry, Table[index].Value);
        return index >= 0;
    }

    /// <summary>Entries in memory.</summary>
    public int EntryCount => Table.Count;

    public override void RestoreChange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isDelete)
    {
        var typed = EncodedKey.CopyOf(key);
        var after = isDelete ? null : value.ToArray();
        if (!IsHead(key))
        {
            Write(typed, after, isNew: false);
            return;
        }
        var timesBefore = TimesOf(entry, Find(typed));
        var kept = Table[Write(typed, after, isNew: false)].Key;
        Move(kept, in timesBefore, TimesOf(entry, after));
    }

    public override long WriteRun(LayerGroup group, RunSorter sorter, ByteBuffer scratch, IRunWriter run)
    {
        foreach (var index in timers)
        {
            index.BeginRun();
        }
        return base.WriteRun(group, sorter, scratch, run);
    }

    protected override void OnWriting(
        ReadOnlySpan<byte> key, LayerPart<EncodedKey, byte[]> oldest, int entry, byte[]? value)
    {
        if (!IsHead(key[1..]))
        {
            return;
        }
        var timesBefore = TimesOf(written, ((JoinPart)oldest).Before(entry));
        var timesAfter = TimesOf(written, value);
        foreach (var index in timers)
        {
            index.Change(key[2..], in timesBefore, in timesAfter);
        }
    }

    protected override void OnFirstWrite(int place, byte[]? before)
    {
        if (place == this.before.Length)
        {
            Array.Resize(ref this.before, 2 * place);
        }
        this.before[place] = before;
    }

    protected override LayerPart<EncodedKey, byte[]> CreatePart() => new JoinPart();

    protected override void OnFrozen(LayerPart<EncodedKey, byte[]> part, int place)
    {
        ((JoinPart)part).AddBefore(before[place]);
        before[place] = null;
    }

    protected override void OnGivenUp(EncodedKey key, byte[]? value)
    {
        if (IsHead(key.Span))
        {
            var times = TimesOf(entry, value);
            foreach (var index in timers)
            {
                index.IsStored(key, in times);
            }
        }
    }

    protected override void OnRestored(EncodedKey key, byte[]? value)
    {
        if (IsHead(key.Span))
        {
            Move(key, EntryTimes.None, TimesOf(entry, value));
        }
    }

    protected override void OnUndone(EncodedKey key)
    {
        foreach (var index in timers)
        {
            index.ReadAgain();
        }
    }

    private static bool IsHead(ReadOnlySpan<byte> key) => key[0] == JoinKeys.Head;

    private void Move(EncodedKey head, in EntryTimes timesBefore, in EntryTimes timesAfter)
    {
        foreach (var index in timers)
        {
            index.Move(head, in timesBefore, in timesAfter);
        }
    }

    private int Write(EncodedKey key, byte[]? value, bool isNew)
    {
        var hash = SlotTable<EncodedKey, byte[]>.HashOf(key);
        var index = Table.Find(key, hash);
        if (index < 0 && !isNew && IsHead(key.Span) && Find(key) is not null)
        {
            // Given up since it was read; what there was before has to be known.
            index = Table.Find(key, hash);
        }
        return SetAt(index, key, hash, value, isNew);
    }

    private EntryTimes TimesOf(JoinEntry scratch, byte[]? bytes)
    {
        if (bytes is null)
        {
            return EntryTimes.None;
        }
        scratch.Read(bytes);
        return EntryTimes.Of(scratch, definition.Stores);
    }

    /// <summary>What a layer wrote, with what there was before.</summary>
    private sealed class JoinPart : LayerPart<EncodedKey, byte[]>
    {
        private const int ChunkSize = 1024;
        private readonly List<byte[]?[]> chunks = [];

        public byte[]? Before(int index) => chunks[index / ChunkSize][index % ChunkSize];

        /// <summary>Of the entry that was added last.</summary>
        public void AddBefore(byte[]? value)
        {
            var index = Count - 1;
            if (index == chunks.Count * ChunkSize)
            {
                chunks.Add(new byte[ChunkSize][]);
            }
            chunks[^1][index % ChunkSize] = value;
        }
    }
}
