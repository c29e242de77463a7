using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>Which of an entry's times an index is of.</summary>
internal enum JoinTimerKind
{
    /// <summary>Left records that are to leave.</summary>
    Left,

    /// <summary>Right records that are to leave.</summary>
    Right,

    /// <summary>Entries of which nothing is to leave.</summary>
    Expiry,
}

/// <summary>Defines a time index of a join. It is written as any time index is.</summary>
internal sealed class JoinTimersDefinition(JoinStores stores, JoinTimerKind kind, string name, byte storeId)
    : StoreDefinition(name, storeId, StorePersistence.Persistent)
{
    public override bool IsDerived => true;

    public override string Layout => $"{StoreId}:{Name}:time-index:{nameof(EncodedKey)}";

    public JoinTimerKind Kind => kind;

    internal override TaskStore Create(int ordinal, TaskState state, IStateDatabase database) =>
        new JoinTimers(this, ordinal, state, database, state.GetStore<JoinBuffer>(stores.Buffer));
}

/// <summary>
/// A time index whose entries follow from those of a join's buffer. In memory it is a queue, and whether an entry of it
/// is still true the buffer says; in the database it is written with the buffer's entries, by what they were and are.
/// So a timer that is set and removed within seconds, as most are, is one place in a queue.
/// </summary>
/// <remarks>
/// What is in memory is in the queue, what is not in <see cref="TimerReadAhead"/>, some timers in both. The latter is
/// exact: what the buffer contradicts is not read, and what changes is taken from it. An entry that the buffer gives up
/// is in the database.
/// </remarks>
internal sealed class JoinTimers : TaskStore
{
    private readonly JoinTimerKind kind;
    private readonly JoinBuffer buffer;
    private readonly ByteBuffer head = new();
    private readonly ByteBuffer expiryKey = new();
    private readonly ByteBuffer changedKeys = new();
    private readonly List<TimerChange> changes = [];
    private readonly TimerQueue queue;
    private readonly TimerReadAhead readAhead;
    private readonly Func<TimedKey, bool> isContradicted;
    private HashSet<TimedKey>? hidden;
    private bool isEarliestKnown;
    private bool hasEarliest;
    private TimedKey earliest;

    public JoinTimers(
        JoinTimersDefinition definition, int ordinal, TaskState state, IStateDatabase database, JoinBuffer buffer)
        : base(definition, ordinal, state, database)
    {
        this.buffer = buffer;
        kind = definition.Kind;
        isContradicted = IsContradicted;
        queue = new TimerQueue(IsTrue);
        readAhead = new TimerReadAhead(definition.StoreId, database, isContradicted);
        buffer.Attach(this);
    }

    /// <summary>A timer that a run adds or removes.</summary>
    private readonly record struct TimerChange(long DueAtMs, int KeyStart, int KeyLength, bool IsAdded);

    public override int DirtyCount => 0;

    public override int UnwrittenCount => 0;

    public override void BeginRecord()
    {
    }

    // The buffer has said what is true again.
    public override void RollbackRecord() => isEarliestKnown = false;

    public override LayerPart? Freeze() => null;

    public override void Drop(IEnumerable<StateLayer> frozen) => ReadAgain();

    public override void RestoreChange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isDelete) =>
        throw new InvalidOperationException("It follows its buffer, and has no changelog.");

    public override void Visit(LayerPart part, StateChangeVisitor visitor)
    {
    }

    public override void MarkWritten(LayerGroup group)
    {
    }

    public bool TryPeek(out long dueAtMs, out EncodedKey key)
    {
        if (!isEarliestKnown)
        {
            FindEarliest();
        }
        (dueAtMs, key) = hasEarliest ? (earliest.DueAtMs, earliest.Key) : (long.MaxValue, default);
        return hasEarliest;
    }

    /// <summary>The buffer's entry of a key has changed.</summary>
    /// <param name="headKey">The key of its head, as the buffer keeps it: the same bytes are kept here.</param>
    /// <param name="before">Its times before.</param>
    /// <param name="after">Its times now.</param>
    public void Move(EncodedKey headKey, in EntryTimes before, in EntryTimes after)
    {
        if (AreAlike(in before, in after))
        {
            return;
        }
        if (Of(in before) is var beforeMs && beforeMs != long.MaxValue)
        {
            Remove(beforeMs, KeyOf(headKey, before.HasChunks));
        }
        if (Of(in after) is var afterMs && afterMs != long.MaxValue)
        {
            Add(afterMs, KeyOf(headKey, after.HasChunks));
        }
    }

    /// <summary>For a fault that is planted on purpose: forgets a timer that is true.</summary>
    public void Hide(long dueAtMs, EncodedKey key)
    {
        (hidden ??= []).Add(new TimedKey(dueAtMs, key.Own()));
        Remove(dueAtMs, key);
    }

    public IEnumerable<KeyValuePair<long, EncodedKey>> Until(long untilMs)
    {
        using var inMemory = queue.InOrder().GetEnumerator();
        using var stored = readAhead.Scan(isContradicted);
        var hasQueued = inMemory.MoveNext();
        while (true)
        {
            var hasStored = stored.TryPeek(hasQueued, hasQueued ? inMemory.Current : default, out var timer);
            var order = !hasQueued ? 1 : !hasStored ? -1 : TimerOrder.Instance.Compare(inMemory.Current, timer);
            if (!hasQueued && !hasStored)
            {
                yield break;
            }
            timer = order <= 0 ? inMemory.Current : timer;
            if (order >= 0)
            {
                stored.Next();
            }
            if (order <= 0)
            {
                hasQueued = inMemory.MoveNext();
            }
            if (timer.DueAtMs > untilMs)
            {
                yield break;
            }
            yield return new KeyValuePair<long, EncodedKey>(timer.DueAtMs, timer.Key);
        }
    }

    /// <summary>The buffer has given an entry up, which the database has.</summary>
    public void IsStored(EncodedKey key, in EntryTimes times)
    {
        if (Of(in times) is var dueAtMs && dueAtMs != long.MaxValue)
        {
            readAhead.Add(new TimedKey(dueAtMs, KeyOf(key, times.HasChunks)).Owned());
        }
    }

    /// <summary>What the database holds counts again, whatever was known of it.</summary>
    public void ReadAgain()
    {
        readAhead.Reset();
        isEarliestKnown = false;
    }

    /// <summary>A group begins to be written. On the writer's thread.</summary>
    public void BeginRun()
    {
        changes.Clear();
        changedKeys.Clear();
    }

    /// <summary>An entry of the buffer is written. On the writer's thread.</summary>
    public void Change(ReadOnlySpan<byte> key, in EntryTimes before, in EntryTimes after)
    {
        if (AreAlike(in before, in after))
        {
            return;
        }
        Change(Of(in before), key, before.HasChunks, isAdded: false);
        Change(Of(in after), key, after.HasChunks, isAdded: true);
    }

    public override long WriteRun(LayerGroup group, RunSorter sorter, ByteBuffer scratch, IRunWriter run)
    {
        sorter.Clear();
        for (var index = 0; index < changes.Count; index++)
        {
            var change = changes[index];
            sorter.BeginKey(Definition.StoreId);
            TimedKeySerde.Write(
                change.DueAtMs, changedKeys.Slice(change.KeyStart, change.KeyLength), sorter.Keys);
            sorter.EndKey(0, index);
        }
        sorter.Sort();
        var size = 0L;
        foreach (ref readonly var item in sorter.Items)
        {
            var key = sorter.Key(in item);
            size += key.Length;
            if (changes[item.Entry].IsAdded)
            {
                run.Put(key, default);
            }
            else
            {
                run.Delete(key);
            }
        }
        return size;
    }

    private void Add(long dueAtMs, EncodedKey key)
    {
        if (queue.Count > 4096 && queue.Count > 2 * buffer.EntryCount)
        {
            queue.Purge();
        }
        var timer = new TimedKey(dueAtMs, key.Own());
        queue.Add(timer);
        if (isEarliestKnown && (!hasEarliest || TimerOrder.Instance.Compare(timer, earliest) < 0))
        {
            earliest = timer;
            hasEarliest = true;
        }
    }

    private void Remove(long dueAtMs, EncodedKey key)
    {
        var timer = new TimedKey(dueAtMs, key);
        readAhead.Remove(timer);
        if (isEarliestKnown && hasEarliest && timer == earliest)
        {
            isEarliestKnown = false;
        }
    }

    private void Change(long dueAtMs, ReadOnlySpan<byte> key, bool hasChunks, bool isAdded)
    {
        if (dueAtMs == long.MaxValue)
        {
            return;
        }
        var start = changedKeys.Length;
        if (kind == JoinTimerKind.Expiry)
        {
            changedKeys.Append((byte)(hasChunks ? 1 : 0));
        }
        changedKeys.Append(key);
        changes.Add(new TimerChange(dueAtMs, start, changedKeys.Length - start, isAdded));
    }

    private long Of(in EntryTimes times) => kind switch
    {
        JoinTimerKind.Left => times.Dues.LeftMs,
        JoinTimerKind.Right => times.Dues.RightMs,
        _ => times.ExpiryMs,
    };

    private bool AreAlike(in EntryTimes before, in EntryTimes after) => Of(in before) == Of(in after)
        && (kind != JoinTimerKind.Expiry || before.HasChunks == after.HasChunks);

    // What is kept of an entry by the key of its head: for its expiry, without chunks, that key itself.
    private EncodedKey KeyOf(EncodedKey headKey, bool hasChunks)
    {
        if (kind != JoinTimerKind.Expiry)
        {
            return headKey.From(1);
        }
        if (!hasChunks)
        {
            return headKey;
        }
        expiryKey.Clear();
        expiryKey.Append(1);
        expiryKey.Append(headKey.Span[1..]);
        return EncodedKey.Over(expiryKey);
    }

    private void FindEarliest()
    {
        hasEarliest = queue.TryPeek(out earliest);
        if (readAhead.TryPeek(hasEarliest, earliest, IsHidden, out var stored)
            && (!hasEarliest || TimerOrder.Instance.Compare(stored, earliest) < 0))
        {
            earliest = stored;
            hasEarliest = true;
        }
        isEarliestKnown = true;
    }

    private bool IsHidden(TimedKey timer) => hidden?.Contains(timer) == true;

    // In memory, and so.
    private bool IsTrue(TimedKey timer) =>
        buffer.TryGetTimes(HeadOf(timer), out var times) && Says(in times, timer) && !IsHidden(timer);

    // In memory, and not so.
    private bool IsContradicted(TimedKey timer) =>
        IsHidden(timer) || (buffer.TryGetTimes(HeadOf(timer), out var times) && !Says(in times, timer));

    private bool Says(in EntryTimes times, TimedKey timer) => Of(in times) == timer.DueAtMs
        && (kind != JoinTimerKind.Expiry || timer.Key.Span[0] == (times.HasChunks ? 1 : 0));

    private EncodedKey HeadOf(TimedKey timer)
    {
        var key = timer.Key.Span;
        if (kind == JoinTimerKind.Expiry && key[0] == JoinKeys.Head)
        {
            return timer.Key;
        }
        head.Clear();
        head.Append(JoinKeys.Head);
        head.Append(kind == JoinTimerKind.Expiry ? key[1..] : key);
        return EncodedKey.Over(head);
    }
}
