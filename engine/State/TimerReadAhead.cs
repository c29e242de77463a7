namespace Alloc.Engine.State;

/// <summary>
/// The timers that only the database holds, read some hundreds at a time in the order in which they are due.
/// </summary>
internal sealed class TimerReadAhead(byte storeId, IStateDatabase database)
{
    private const int BatchSize = 256;

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
            Read(mark);
        }
    }

    /// <summary>Reads on from the earliest timer without changing what is read ahead.</summary>
    public TimerScan Scan(Func<TimedKey, bool> isCovered) => new(this, isCovered);

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

    private void Read(Mark mark)
    {
        timers.Clear();
        next = 0;
        using var cursor = CursorAt(mark);
        for (; IsTimer(cursor); cursor.Next())
        {
            if (timers.Count == BatchSize)
            {
                unread = new Mark(timers[^1], IsBeginning: false, IsAfter: true);
                return;
            }
            timers.Add(Serde.Deserialize(cursor.Key[1..]));
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
            for (; index < source.timers.Count; index++)
            {
                timer = source.timers[index];
                if (!isCovered(timer))
                {
                    return true;
                }
            }
            if (cursor is null)
            {
                if (source.unread is not { } mark
                    || (hasLimit && !mark.IsBeginning && Order.Compare(mark.Timer, limit) >= 0))
                {
                    timer = default;
                    return false;
                }
                cursor = source.CursorAt(mark);
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
