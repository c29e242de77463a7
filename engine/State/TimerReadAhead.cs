namespace Alloc.Engine.State;

/// <summary>
/// The timers that only the database holds, read some hundreds at a time in the order in which they are due.
/// </summary>
/// <param name="storeId">The store whose keys they are.</param>
/// <param name="database">Where they are.</param>
/// <param name="isHidden">Timers that are not taken from the database when it is read; null: all are.</param>
internal sealed class TimerReadAhead(byte storeId, IStateDatabase database, Func<TimedKey, bool>? isHidden = null)
{
    private const int BatchSize = 256;

    /// <summary>Timers that are kept at most; then what is due last is read again when its time comes.</summary>
    private const int TimerLimit = 4 * BatchSize;

    private static readonly TimedKeySerde Serde = TimedKeySerde.Instance;
    private static readonly TimerOrder Order = TimerOrder.Instance;
    private readonly List<TimedKey> timers = [];
    private readonly ByteBuffer keyBuffer = new();
    private int next;

    /// <summary>Timers from here on are unread; null: from the beginning.</summary>
    private Mark? unread = new Mark(default, IsBeginning: true, IsAfter: false);

    private readonly record struct Mark(TimedKey Timer, bool IsBeginning, bool IsAfter);

    /// <summary>The earliest timer that no slot covers.</summary>
    /// <param name="hasLimit">Whether there is a limit.</param>
    /// <param name="limit">A timer that a slot has: nothing is read if what is unread comes after it.</param>
    /// <param name="isCovered">Whether a slot tells about a timer, so that what the database holds for it does not
    /// count.</param>
    /// <param name="timer">The timer.</param>
    public bool TryPeek(bool hasLimit, TimedKey limit, Func<TimedKey, bool> isCovered, out TimedKey timer)
    {
        while (true)
        {
            for (; next < timers.Count; next++)
            {
                timer = timers[next];
                if (!isCovered(timer))
                {
                    return true;
                }
            }
            if (unread is not { } mark
                || (hasLimit && !mark.IsBeginning && Order.Compare(mark.Timer, limit) >= 0))
            {
                timer = default;
                return false;
            }
            timers.Clear();
            next = 0;
            Read(mark);
        }
    }

    /// <summary>Reads on from the earliest timer, first what is read ahead, of which there may be more then.</summary>
    public TimerScan Scan(Func<TimedKey, bool> isCovered) => new(this, isCovered);

    /// <summary>No slot covers a timer any more, and the database has it.</summary>
    public void Add(TimedKey timer)
    {
        if (IsUnread(timer))
        {
            return;
        }
        var place = PlaceOf(timer, out var isThere);
        if (isThere)
        {
            return;
        }
        if (next > BatchSize)
        {
            timers.RemoveRange(0, next);
            place -= next;
            next = 0;
        }
        timers.Insert(place, timer);
        if (timers.Count - next > TimerLimit)
        {
            timers.RemoveRange(next + BatchSize, timers.Count - next - BatchSize);
            unread = new Mark(timers[^1], IsBeginning: false, IsAfter: true);
        }
    }

    /// <summary>No slot covers a timer any more, and the database does not have it.</summary>
    public void Remove(TimedKey timer)
    {
        if (!IsUnread(timer))
        {
            var place = PlaceOf(timer, out var isThere);
            if (isThere)
            {
                timers.RemoveAt(place);
            }
        }
    }

    /// <summary>Forgets what it read.</summary>
    public void Reset()
    {
        timers.Clear();
        next = 0;
        unread = new Mark(default, IsBeginning: true, IsAfter: false);
    }

    /// <summary>No slot covers a timer any more: it counts again if the database has it.</summary>
    public void Uncover(TimedKey timer)
    {
        if (unread is { } mark && !mark.IsBeginning && Order.Compare(timer, mark.Timer) > 0)
        {
            return;
        }
        if (unread is { IsBeginning: true })
        {
            return;
        }
        var keep = timers.Count;
        while (keep > next && Order.Compare(timers[keep - 1], timer) >= 0)
        {
            keep--;
        }
        timers.RemoveRange(keep, timers.Count - keep);
        unread = new Mark(timer, IsBeginning: false, IsAfter: false);
    }

    private bool IsUnread(TimedKey timer)
    {
        if (unread is not { } mark)
        {
            return false;
        }
        var order = mark.IsBeginning ? 1 : Order.Compare(timer, mark.Timer);
        return order > 0 || (order == 0 && !mark.IsAfter);
    }

    private int PlaceOf(TimedKey timer, out bool isThere)
    {
        var place = timers.BinarySearch(next, timers.Count - next, timer, Order);
        isThere = place >= 0;
        return isThere ? place : ~place;
    }

    // Adds a batch to what is read ahead.
    private void Read(Mark mark)
    {
        var end = timers.Count + BatchSize;
        using var cursor = CursorAt(mark);
        for (; IsTimer(cursor); cursor.Next())
        {
            if (timers.Count == end)
            {
                unread = new Mark(timers[^1], IsBeginning: false, IsAfter: true);
                return;
            }
            var timer = Serde.Deserialize(cursor.Key[1..]);
            if (isHidden?.Invoke(timer) != true)
            {
                timers.Add(timer);
            }
        }
        unread = null;
    }

    private IDatabaseCursor CursorAt(Mark mark)
    {
        keyBuffer.Clear();
        keyBuffer.Append(storeId);
        if (!mark.IsBeginning)
        {
            Serde.Serialize(mark.Timer, keyBuffer);
        }
        var cursor = database.CreateCursor();
        cursor.Seek(keyBuffer.Written);
        if (mark.IsAfter && cursor.IsValid && cursor.Key.SequenceEqual(keyBuffer.Written))
        {
            cursor.Next();
        }
        return cursor;
    }

    private bool IsTimer(IDatabaseCursor cursor) => cursor.IsValid && cursor.Key[0] == storeId;

    /// <summary>
    /// Timers that only the database holds, in order: what is read ahead, and then, if need be, the database.
    /// </summary>
    internal sealed class TimerScan(TimerReadAhead source, Func<TimedKey, bool> isCovered) : IDisposable
    {
        private int index = source.next;
        private IDatabaseCursor? cursor;

        /// <summary>The next timer, unless it comes after the limit, which is a timer that a slot has.</summary>
        public bool TryPeek(bool hasLimit, TimedKey limit, out TimedKey timer)
        {
            while (cursor is null)
            {
                for (; index < source.timers.Count; index++)
                {
                    timer = source.timers[index];
                    if (!isCovered(timer))
                    {
                        return true;
                    }
                }
                if (source.unread is not { } mark
                    || (hasLimit && !mark.IsBeginning && Order.Compare(mark.Timer, limit) >= 0))
                {
                    timer = default;
                    return false;
                }
                if (source.timers.Count - source.next < TimerLimit)
                {
                    source.Read(mark);
                }
                else
                {
                    cursor = source.CursorAt(mark);
                }
            }
            for (; source.IsTimer(cursor); cursor.Next())
            {
                timer = Serde.Deserialize(cursor.Key[1..]);
                if (!isCovered(timer))
                {
                    return true;
                }
            }
            timer = default;
            return false;
        }

        public void Next()
        {
            if (index < source.timers.Count)
            {
                index++;
            }
            else
            {
                cursor!.Next();
            }
        }

        public void Dispose() => cursor?.Dispose();
    }
}
