using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Windows;

/// <summary>What happened to a window.</summary>
/// <param name="Aggregate">Its aggregate.</param>
/// <param name="IsClosed">Whether it takes no more.</param>
internal readonly record struct WindowUpdate<TAggregate>(TAggregate Aggregate, bool IsClosed);

/// <summary>The windows of an aggregate and the names of its stores.</summary>
internal sealed record WindowPlan(string Name, TimeWindows Windows)
{
    public string Closing => $"{Name}-closing";

    /// <summary>A window is closed when its source is known beyond this.</summary>
    public long DueMs(long endMs) => endMs + Windows.GraceMs;
}

/// <summary>Makes the index of windows by their closing again from the windows.</summary>
internal sealed class WindowDerivedIndex<TKey>(WindowPlan plan, IDeserializer<Windowed<TKey>> keys) : DerivedIndex
    where TKey : notnull
{
    public override void Change(IStores stores, ReadOnlySpan<byte> key, object? before, object? after)
    {
        if ((before is null) == (after is null))
        {
            return;
        }
        var window = keys.Deserialize(key);
        var index = stores.GetStore<ITimeIndex<Windowed<TKey>>>(plan.Closing);
        if (after is null)
        {
            index.Remove(plan.DueMs(window.EndMs), window);
        }
        else
        {
            index.Add(plan.DueMs(window.EndMs), window);
        }
    }
}

/// <summary>Folds records by key and window, and closes windows.</summary>
internal sealed class WindowProcessor<TKey, TValue, TAggregate>(
    WindowPlan plan, IReadOnlyList<string> sources, Func<TAggregate> initializer,
    Func<TKey, TValue, TAggregate, TAggregate> aggregator)
    : IProcessor<TKey, TValue, Windowed<TKey>, WindowUpdate<TAggregate>>
    where TKey : notnull
    where TValue : class
    where TAggregate : class
{
    /// <summary>Windows that one call closes at most: a commit may be due in between.</summary>
    private const int ClosingLimit = 1_000;

    private readonly TimeWindows windows = plan.Windows;
    private IProcessorContext<Windowed<TKey>, WindowUpdate<TAggregate>> context = null!;
    private IKeyValueStore<Windowed<TKey>, TAggregate> store = null!;
    private ITimeIndex<Windowed<TKey>> index = null!;
    private SourceWatermarks watermarks = null!;
    private IWatermarkTimer closing = null!;

    public void Init(IProcessorContext<Windowed<TKey>, WindowUpdate<TAggregate>> context)
    {
        this.context = context;
        store = context.GetStore<IKeyValueStore<Windowed<TKey>, TAggregate>>(plan.Name);
        index = context.GetStore<ITimeIndex<Windowed<TKey>>>(plan.Closing);
        watermarks = new SourceWatermarks(context, sources);
        closing = context.CreateWatermarkTimer(sources, Close);
        Arm();
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (record.Key is null || record.Value is null)
        {
            context.ReportUnusual(record.Key is null ? UnusualRecord.NullKey : UnusualRecord.NullValue);
            return;
        }
        // A window whose sources are all known beyond it has closed, whichever of them this record is from.
        var closedToMs = Math.Max(watermarks.WatermarkMs, closing.WatermarkMs);
        var isTaken = false;
        for (var startMs = windows.FirstStartMs(record.TimestampMs); startMs <= record.TimestampMs;
            startMs += windows.AdvanceMs)
        {
            var window = new Windowed<TKey>(record.Key, startMs, startMs + windows.SizeMs);
            var dueMs = plan.DueMs(window.EndMs);
            if (dueMs >= closedToMs)
            {
                isTaken = true;
                Add(in record, window, dueMs);
            }
        }
        if (!isTaken)
        {
            context.ReportLate(watermarks.SourceOfRecord);
        }
    }

    private void Add(in Record<TKey, TValue> record, Windowed<TKey> window, long dueMs)
    {
        var before = store.Get(window);
        var after = aggregator(record.Key, record.Value, before ?? initializer());
        if (before is null)
        {
            store.PutNew(window, after);
            index.AddNew(dueMs, window);
            closing.DueAtMs = Math.Min(closing.DueAtMs, dueMs);
        }
        else
        {
            store.Put(window, after);
        }
        context.Forward(new Record<Windowed<TKey>, WindowUpdate<TAggregate>>(
            window, new WindowUpdate<TAggregate>(after, IsClosed: false), record.TimestampMs, record.Headers));
    }

    private void Close(long watermarkMs)
    {
        for (var left = ClosingLimit; left > 0 && index.TryPeek(out var dueMs, out var window) && dueMs < watermarkMs;
            left--)
        {
            var aggregate = store.Get(window) ?? throw new TaskCorruptedException(
                $"Window {window} is in the index of '{plan.Name}', but not in its store.");
            index.Remove(dueMs, window);
            store.Delete(window);
            context.Forward(new Record<Windowed<TKey>, WindowUpdate<TAggregate>>(
                window, new WindowUpdate<TAggregate>(aggregate, IsClosed: true), context.ClockMs));
        }
        Arm();
    }

    private void Arm() => closing.DueAtMs = index.TryPeek(out var dueMs, out _) ? dueMs : long.MaxValue;
}
