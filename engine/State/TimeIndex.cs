namespace Alloc.Engine.State;

/// <summary>A task's own time index.</summary>
/// <remarks>
/// The earliest entry is the lesser of two: of the slots, kept in a queue that forgets removed entries late; and of what
/// only the database holds, read ahead in the order of time. A slot that goes away uncovers what the database holds for
/// its entry, so the read-ahead is cut there.
/// </remarks>
internal sealed class TimeIndex<TKey> : OverlayStore<TimedKey<TKey>, Present>, ITimeIndex<TKey>
    where TKey : notnull
{
    private readonly TimerOrder<TKey> order;
    private readonly TimerQueue<TKey> queue;
    private readonly TimerReadAhead<TKey> readAhead;
    private readonly Func<TimedKey<TKey>, bool> hasSlot;
    private bool isEarliestKnown;
    private bool hasEarliest;
    private TimedKey<TKey> earliest;

    public TimeIndex(TimeIndexDefinition<TKey> definition, int ordinal, TaskState state, IStateDatabase database)
        : base(definition, new TimedKeySerde<TKey>(definition.KeySerde), Present.Serde, ordinal, state, database)
    {
        order = new TimerOrder<TKey>(KeySerde);
        hasSlot = HasSlot;
        queue = new TimerQueue<TKey>(order, IsPresent);
        readAhead = new TimerReadAhead<TKey>(definition.StoreId, KeySerde, order, database);
    }

    /// <summary>Entries are read in order or removed unread: there is nothing to gain from keeping those that are in the database.</summary>
    protected override int CacheCapacity => 0;

    public bool TryPeek(out long dueAtMs, out TKey key)
    {
        if (!isEarliestKnown)
        {
            FindEarliest();
        }
        dueAtMs = hasEarliest ? earliest.DueAtMs : long.MaxValue;
        key = earliest.Key;
        return hasEarliest;
    }

    public void Add(long dueAtMs, TKey key) => Add(new TimedKey<TKey>(dueAtMs, key), isNew: false);

    public void AddNew(long dueAtMs, TKey key) => Add(new TimedKey<TKey>(dueAtMs, key), isNew: true);

    public void Remove(long dueAtMs, TKey key)
    {
        var entry = new TimedKey<TKey>(dueAtMs, key);
        Set(entry, null, isNew: false);
        if (isEarliestKnown && hasEarliest && dueAtMs == earliest.DueAtMs && entry.Equals(earliest))
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
            if (isSlot && (!hasStored || order.Compare(slots.Current, timer) < 0))
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
            yield return new KeyValuePair<long, TKey>(timer.DueAtMs, timer.Key);
        }
    }

    protected override void OnRemoved(TimedKey<TKey> key, bool isChange)
    {
        readAhead.Uncover(key);
        isEarliestKnown &= !isChange;
    }

    protected override void OnRestored(TimedKey<TKey> key, Present? value)
    {
        if (value is not null)
        {
            Push(key);
        }
        isEarliestKnown = false;
    }

    private void Add(TimedKey<TKey> entry, bool isNew)
    {
        var index = Table.Find(entry, SlotTable<TimedKey<TKey>, Present>.HashOf(entry));
        if (index >= 0 && Table[index].Value is not null)
        {
            return;
        }
        Set(entry, Present.Instance, isNew);
        Push(entry);
        if (isEarliestKnown && (!hasEarliest || order.Compare(entry, earliest) < 0))
        {
            earliest = entry;
            hasEarliest = true;
        }
    }

    private void Push(TimedKey<TKey> entry)
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
            && (!hasEarliest || order.Compare(stored, earliest) < 0))
        {
            earliest = stored;
            hasEarliest = true;
        }
        isEarliestKnown = true;
    }

    private bool HasSlot(TimedKey<TKey> entry) => Table.Find(entry, SlotTable<TimedKey<TKey>, Present>.HashOf(entry)) >= 0;

    private bool IsPresent(TimedKey<TKey> entry)
    {
        var index = Table.Find(entry, SlotTable<TimedKey<TKey>, Present>.HashOf(entry));
        return index >= 0 && Table[index].Value is not null;
    }
}
