using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>A task's own time index.</summary>
/// <remarks>
/// The earliest entry is the lesser of two: of the slots, kept in a queue that forgets removed entries late; and of
/// what only the database holds, read ahead in the order of time. It is kept true when a slot goes away: one that is
/// given up tells what the database holds, and for one that is undone the read-ahead is cut.
/// </remarks>
internal sealed class TimeIndex<TKey> : OverlayStore<TimedKey, Present>, ITimeIndex<TKey>, ICommittedStore
    where TKey : notnull
{
    private readonly ISerde<TKey> typedKeys;
    private readonly ByteBuffer typedKey = new();
    private readonly TimerQueue queue;
    private readonly TimerReadAhead readAhead;
    private readonly Func<TimedKey, bool> hasSlot;
    private bool isEarliestKnown;
    private bool hasEarliest;
    private TimedKey earliest;
    private bool isEarliestDecoded;
    private TKey earliestKey = default!;

    public TimeIndex(TimeIndexDefinition<TKey> definition, int ordinal, TaskState state, IStateDatabase database)
        : base(definition, TimedKeySerde.Instance, Present.Serde, ordinal, state, database)
    {
        typedKeys = definition.KeySerde;
        hasSlot = HasSlot;
        queue = new TimerQueue(IsPresent);
        readAhead = new TimerReadAhead(definition.StoreId, database);
    }

    /// <summary>
    /// Entries are read in order or removed unread: there is nothing to gain from keeping those that are in the
    /// database.
    /// </summary>
    protected override int CacheCapacity => 0;

    public bool TryPeek(out long dueAtMs, out TKey key)
    {
        if (!isEarliestKnown)
        {
            FindEarliest();
        }
        if (!isEarliestDecoded)
        {
            earliestKey = hasEarliest ? Typed(earliest.Key) : default!;
            isEarliestDecoded = true;
        }
        dueAtMs = hasEarliest ? earliest.DueAtMs : long.MaxValue;
        key = earliestKey;
        return hasEarliest;
    }

    public object AsCommitted() => new ReadOnlyTimeIndex<TKey>(
        new CommittedView<TimedKey, Present>(
            Definition.StoreId, KeySerde, KeyBytes, ValueSerde, Ordinal, State, Database),
        typedKeys);

    public void Add(long dueAtMs, TKey key) => Add(dueAtMs, key, isNew: false);

    public void AddNew(long dueAtMs, TKey key) => Add(dueAtMs, key, isNew: true);

    public void Remove(long dueAtMs, TKey key)
    {
        var entry = LookUp(dueAtMs, key);
        Set(entry, null, isNew: false);
        if (isEarliestKnown && hasEarliest && entry == earliest)
        {
            isEarliestKnown = false;
        }
    }

    public IEnumerable<KeyValuePair<long, TKey>> Until(long untilMs)
    {
        // Reads ahead, so that what follows begins in memory.
        if (!TryPeek(out var firstMs, out _) || firstMs > untilMs)
        {
            yield break;
        }
        using var slots = queue.InOrder().GetEnumerator();
        using var stored = readAhead.Scan(hasSlot);
        var isSlot = slots.MoveNext();
        while (true)
        {
            var hasStored = stored.TryPeek(isSlot, isSlot ? slots.Current : default, out var timer);
            if (isSlot && (!hasStored || TimerOrder.Instance.Compare(slots.Current, timer) < 0))
            {
                timer = slots.Current;
                isSlot = slots.MoveNext();
            }
            else if (hasStored)
            {
                stored.Next();
            }
            else
            {
                yield break;
            }
            if (timer.DueAtMs > untilMs)
            {
                yield break;
            }
            yield return new KeyValuePair<long, TKey>(timer.DueAtMs, Typed(timer.Key));
        }
    }

    protected override void OnUndone(TimedKey key)
    {
        readAhead.Uncover(key);
        isEarliestKnown = false;
    }

    protected override void OnGivenUp(TimedKey key, Present? value)
    {
        if (value is not null)
        {
            readAhead.Add(key);
        }
        else
        {
            readAhead.Remove(key);
        }
    }

    protected override void OnRestored(TimedKey key, Present? value)
    {
        if (value is not null)
        {
            Push(key);
        }
        isEarliestKnown = false;
    }

    protected override TimedKey Own(TimedKey key) => key.Owned();

    private TKey Typed(EncodedKey key) => typedKeys.Deserialize(key.Span);

    private TimedKey LookUp(long dueAtMs, TKey key)
    {
        typedKey.Clear();
        typedKeys.Serialize(key, typedKey);
        return new TimedKey(dueAtMs, EncodedKey.Over(typedKey));
    }

    private void Add(long dueAtMs, TKey key, bool isNew)
    {
        var entry = LookUp(dueAtMs, key);
        var hash = SlotTable<TimedKey, Present>.HashOf(entry);
        var index = Table.Find(entry, hash);
        if (index >= 0 && Table[index].Value is not null)
        {
            return;
        }
        entry = Table[SetAt(index, entry, hash, Present.Instance, isNew)].Key;
        Push(entry);
        if (isEarliestKnown && (!hasEarliest || TimerOrder.Instance.Compare(entry, earliest) < 0))
        {
            earliest = entry;
            hasEarliest = true;
            isEarliestDecoded = false;
        }
    }

    private void Push(TimedKey entry)
    {
        queue.Add(entry);
        if (queue.Count > 4096 && queue.Count > 2 * Table.Count)
        {
            queue.Purge();
        }
    }

    private void FindEarliest()
    {
        hasEarliest = queue.TryPeek(out earliest);
        if (readAhead.TryPeek(hasEarliest, earliest, hasSlot, out var stored)
            && (!hasEarliest || TimerOrder.Instance.Compare(stored, earliest) < 0))
        {
            earliest = stored;
            hasEarliest = true;
        }
        isEarliestKnown = true;
        isEarliestDecoded = false;
    }

    private bool HasSlot(TimedKey entry) => Table.Find(entry, SlotTable<TimedKey, Present>.HashOf(entry)) >= 0;

    private bool IsPresent(TimedKey entry)
    {
        var index = Table.Find(entry, SlotTable<TimedKey, Present>.HashOf(entry));
        return index >= 0 && Table[index].Value is not null;
    }
}
