using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Joins;

/// <summary>
/// One side of a windowed join. A record meets those of the other side that wait for its key, and then waits itself;
/// what has waited for nothing leaves when its window and grace are closed.
/// </summary>
internal abstract class JoinProcessor<TKey, TOwn, TOther, TLeft, TRight, TResult>(
    JoinPlan<TKey, TLeft, TRight, TResult> plan, SideOf<TKey, TOwn, TOther> side)
    : IProcessor<TKey, TOwn, TKey, TResult>
    where TKey : notnull
    where TOwn : class
    where TOther : class
    where TLeft : class
    where TRight : class
{
    /// <summary>Records or keys that one call lets go at most: a commit may be due in between.</summary>
    private const int ClosingLimit = 1_000;

    private readonly JoinEntry head = new();
    private readonly JoinKeys keys = new();
    private readonly ByteBuffer value = new();
    private IProcessorContext<TKey, TResult> context = null!;
    private JoinBuffer buffer = null!;
    private JoinChunks chunks = null!;
    private JoinIndexes indexes = null!;
    private IWatermarkTimer? closing;
    private IWatermarkTimer expiry = null!;

    private JoinTimers? OwnIndex => side.IsRight ? indexes.Right : indexes.Left;

    public void Init(IProcessorContext<TKey, TResult> context)
    {
        this.context = context;
        buffer = context.GetStore<JoinBuffer>(plan.Stores.Buffer);
        chunks = new JoinChunks(plan.Stores, plan.With.Limits, keys, buffer, plan.With.Name, context.TaskId);
        indexes = new JoinIndexes(new ContextStores(context), plan.Stores);
        if (OwnIndex is { } own)
        {
            closing = context.CreateWatermarkTimer(side.Claims, Close);
            closing.DueAtMs = HeadOf(own);
        }
        // Whatever is claimed: what is kept may meet a record of either side until both are known beyond it.
        expiry = context.CreateWatermarkTimer(plan.Sources, Expire);
        expiry.DueAtMs = HeadOf(indexes.Expiry);
    }

    public void Process(in Record<TKey, TOwn> record)
    {
        if (record.Value is null)
        {
            context.ReportUnusual(UnusualRecord.NullValue);
            return;
        }
        if (record.Key is null)
        {
            context.ReportUnusual(UnusualRecord.NullKey);
            if (side.IsOuter)
            {
                // It can meet nobody, ever.
                Forward(Alone(default!, record.Value, record.TimestampMs, JoinKind.Unmatched),
                    record.TimestampMs, record.Headers);
            }
            return;
        }
        keys.Set(plan.With.KeySerde, record.Key);
        value.Clear();
        side.OwnSerializer.Serialize(record.Value, value);
        var own = side.Make(record.Key, record.Value, record.TimestampMs);
        (own.Source, own.Length) = value.Segment;
        var isNew = !Load();
        var before = EntryTimes.Of(head, plan.Stores);
        if (plan.Fault == JoinFault.EmitsUnmatchedAtOnce && side.IsOuter)
        {
            Forward(Alone(record.Key, record.Value, record.TimestampMs, JoinKind.Unmatched), record.TimestampMs, null);
        }
        if (Meet(head, in record, in own, out _))
        {
            own.Flags |= RecordFlags.Matched;
        }
        head.Add(in own);
        if (plan.With.Limits.IsFull(head))
        {
            chunks.MakeRoom(head, expiry.WatermarkMs);
        }
        Save(before, isNew);
    }

    /// <summary>Makes a pair's input to the joiner.</summary>
    protected abstract Joined<TKey, TLeft, TRight> Pair(
        TKey key, TOwn own, TOther other, long ownTimestampMs, long otherTimestampMs);

    /// <summary>Makes the same of a record without any other.</summary>
    protected abstract Joined<TKey, TLeft, TRight> Alone(TKey key, TOwn own, long timestampMs, JoinKind kind);

    private static long HeadOf(JoinTimers index) =>
        index.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;

    private bool Load()
    {
        if (buffer.Get(keys.OfHead) is not { } bytes)
        {
            head.Clear();
            return false;
        }
        head.Read(bytes);
        return true;
    }

    /// <summary>Writes the head, and moves the key's timers.</summary>
    private void Save(in EntryTimes before, bool isNew)
    {
        var after = EntryTimes.Of(head, plan.Stores);
        var key = keys.OfHead;
        if (head.IsEmpty)
        {
            buffer.Delete(key);
        }
        else
        {
            key = chunks.Put(key, head, isNew);
        }
        indexes.Move(key, in before, in after);
        expiry.DueAtMs = Math.Min(expiry.DueAtMs, after.ExpiryMs);
        if (closing is not null)
        {
            closing.DueAtMs = Math.Min(closing.DueAtMs, side.IsRight ? after.Dues.RightMs : after.Dues.LeftMs);
        }
    }

    private bool Meet(JoinEntry entry, in Record<TKey, TOwn> record, in BufferedRecord own, out bool hasChanged)
    {
        var isMatched = false;
        hasChanged = false;
        for (var index = 0; index < entry.Chunks.Length; index++)
        {
            var summary = entry.Chunks[index];
            if (!MayMeet(in own, in summary))
            {
                continue;
            }
            var chunk = chunks.Load(in summary);
            isMatched |= Meet(chunk, in record, in own, out var chunkHasChanged);
            if (chunkHasChanged)
            {
                chunks.Change(entry, index, chunk);
                hasChanged = true;
            }
        }
        foreach (ref var other in entry.Records)
        {
            if (other.IsRight == side.IsRight || !side.IsWithin(in own, in other))
            {
                continue;
            }
            isMatched = true;
            if (side.OtherIsOuter && !other.IsMatched)
            {
                other.Flags |= RecordFlags.Matched;
                hasChanged = true;
            }
            var pair = Pair(record.Key, record.Value, side.OtherDeserializer.Deserialize(other.Value),
                own.TimestampMs, other.TimestampMs);
            Forward(pair, Math.Max(own.TimestampMs, other.TimestampMs), record.Headers);
        }
        return isMatched;
    }

    // Records of one side never meet: of however many the key has, those are not read.
    private bool MayMeet(in BufferedRecord own, in ChunkSummary summary) =>
        summary.HasSide(!side.IsRight) && side.MayBeWithin(in own, in summary)
        && !(plan.Fault == JoinFault.SkipsChunksOfBothSides && summary.HasSide(side.IsRight));

    private void Close(long watermarkMs)
    {
        var left = ClosingLimit;
        while (left > 0 && OwnIndex!.TryPeek(out var dueMs, out var key) && dueMs < watermarkMs)
        {
            left -= CloseKey(key, dueMs, watermarkMs, left);
        }
        closing!.DueAtMs = HeadOf(OwnIndex!);
    }

    private int CloseKey(EncodedKey key, long dueMs, long watermarkMs, int limit)
    {
        keys.Set(key.Span);
        Load();
        var before = EntryTimes.Of(head, plan.Stores);
        if ((side.IsRight ? before.Dues.RightMs : before.Dues.LeftMs) != dueMs)
        {
            throw Contradiction(dueMs);
        }
        var typedKey = plan.With.KeySerde.Deserialize(key.Span);
        var closed = CloseIn(head, typedKey, watermarkMs, limit);
        if (plan.Fault == JoinFault.ForgetsWhatLeft)
        {
            OwnIndex!.Hide(dueMs, key);
            return closed;
        }
        Save(in before, isNew: false);
        return closed;
    }

    private int CloseIn(JoinEntry entry, TKey key, long watermarkMs, int limit)
    {
        var closed = 0;
        // Those that came first leave first.
        for (var index = 0; index < entry.Chunks.Length && closed < limit;)
        {
            var summary = entry.Chunks[index];
            if ((side.IsRight ? summary.Dues.RightMs : summary.Dues.LeftMs) >= watermarkMs)
            {
                index++;
                continue;
            }
            var chunk = chunks.Load(in summary);
            closed += CloseIn(chunk, key, watermarkMs, limit - closed);
            index += chunks.Change(entry, index, chunk) ? 1 : 0;
        }
        return closed + CloseRecords(entry, key, watermarkMs, limit - closed);
    }

    private int CloseRecords(JoinEntry entry, TKey key, long watermarkMs, int limit)
    {
        var closed = 0;
        for (var index = 0; index < entry.Records.Length && closed < limit;)
        {
            ref readonly var record = ref entry.Records[index];
            if (record.IsRight != side.IsRight || record.IsMatched || record.DueMs >= watermarkMs)
            {
                index++;
                continue;
            }
            var kind = (record.Flags & RecordFlags.Truncated) != 0 ? JoinKind.Truncated : JoinKind.Unmatched;
            if (kind == JoinKind.Truncated)
            {
                context.ReportUnusual(UnusualRecord.Truncated);
            }
            var alone = Alone(key, side.OwnDeserializer.Deserialize(record.Value), record.TimestampMs, kind);
            entry.RemoveRecord(index);
            closed++;
            Forward(alone, context.ClockMs, null);
        }
        return closed;
    }

    private void Expire(long watermarkMs)
    {
        var index = indexes.Expiry;
        for (var left = ClosingLimit; left > 0 && index.TryPeek(out var dueMs, out var key) && dueMs < watermarkMs;
            left--)
        {
            keys.Set(key.Span[1..]);
            Load();
            var before = EntryTimes.Of(head, plan.Stores);
            if (before.ExpiryMs != dueMs)
            {
                throw Contradiction(dueMs);
            }
            chunks.DeleteAll(head);
            buffer.Delete(keys.OfHead);
            indexes.Move(keys.OfHead, in before, EntryTimes.None);
        }
        expiry.DueAtMs = HeadOf(index);
    }

    private TaskCorruptedException Contradiction(long dueMs) => new(
        $"Join '{plan.With.Name}' has a record due at {dueMs} in its index, but not in its buffer.");

    private void Forward(in Joined<TKey, TLeft, TRight> joined, long timestampMs, RecordHeaders? headers) =>
        context.Forward(new Record<TKey, TResult>(joined.Key, plan.Joiner(in joined), timestampMs, headers));

    private sealed class ContextStores(IProcessorContext context) : IStores
    {
        public TStore GetStore<TStore>(string name)
            where TStore : class => context.GetStore<TStore>(name);
    }
}

/// <summary>The processor of left records.</summary>
internal sealed class LeftJoinProcessor<TKey, TLeft, TRight, TResult>(JoinPlan<TKey, TLeft, TRight, TResult> plan)
    : JoinProcessor<TKey, TLeft, TRight, TLeft, TRight, TResult>(
        plan, new LeftOf<TKey, TLeft, TRight, TResult>(plan))
    where TKey : notnull
    where TLeft : class
    where TRight : class
{
    protected override Joined<TKey, TLeft, TRight> Pair(
        TKey key, TLeft own, TRight other, long ownTimestampMs, long otherTimestampMs) =>
        new(key, own, other, JoinKind.Paired, ownTimestampMs, otherTimestampMs);

    protected override Joined<TKey, TLeft, TRight> Alone(TKey key, TLeft own, long timestampMs, JoinKind kind) =>
        new(key, own, null, kind, timestampMs, long.MinValue);
}

/// <summary>The processor of right records.</summary>
internal sealed class RightJoinProcessor<TKey, TLeft, TRight, TResult>(JoinPlan<TKey, TLeft, TRight, TResult> plan)
    : JoinProcessor<TKey, TRight, TLeft, TLeft, TRight, TResult>(
        plan, new RightOf<TKey, TLeft, TRight, TResult>(plan))
    where TKey : notnull
    where TLeft : class
    where TRight : class
{
    protected override Joined<TKey, TLeft, TRight> Pair(
        TKey key, TRight own, TLeft other, long ownTimestampMs, long otherTimestampMs) =>
        new(key, other, own, JoinKind.Paired, otherTimestampMs, ownTimestampMs);

    protected override Joined<TKey, TLeft, TRight> Alone(TKey key, TRight own, long timestampMs, JoinKind kind) =>
        new(key, null, own, kind, long.MinValue, timestampMs);
}
