using Alloc.Engine.Dsl;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Windows;

/// <summary>A stream by key and window, to be aggregated.</summary>
public sealed class WindowedKStream<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private readonly KGroupedStream<TKey, TValue> group;
    private readonly TimeWindows windows;

    internal WindowedKStream(KGroupedStream<TKey, TValue> group, TimeWindows windows)
    {
        this.group = group;
        this.windows = windows;
    }

    /// <summary>Counts the records of each key and window.</summary>
    public WindowedKTable<TKey, Counted> Count(string name) =>
        Aggregate(name, () => new Counted(0), (_, _, sum) => new Counted(checked(sum.Value + 1)), Counted.Serde);

    /// <summary>
    /// Folds the records of each key and window. A window takes records until its source is known beyond its end and
    /// grace; then it is closed and its aggregate deleted. What comes later is counted as late.
    /// </summary>
    /// <param name="name">The store's name.</param>
    /// <param name="initializer">What a window begins with.</param>
    /// <param name="aggregator">Adds a record.</param>
    /// <param name="aggregates">Writes aggregates.</param>
    public WindowedKTable<TKey, TAggregate> Aggregate<TAggregate>(
        string name, Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        ISerde<TAggregate> aggregates)
        where TAggregate : class
    {
        var stream = group.Stream;
        var builder = stream.Builder;
        var node = builder.Take($"{name}-aggregate");
        var (plan, topics) = (new WindowPlan(name, windows), stream.SourceTopics);
        builder.Nodes.UseWatermarks().AddProcessor(
            node, () => new WindowProcessor<TKey, TValue, TAggregate>(plan, topics, initializer, aggregator),
            stream.Name);
        var keys = new WindowedSerde<TKey>(group.Keys, windows.SizeMs);
        builder.Nodes.AddStateStore(
            new KeyValueStoreDefinition<Windowed<TKey>, TAggregate>(
                name, builder.NextStoreId(), keys, aggregates, StorePersistence.Persistent, EntryForm.Objects)
            {
                Derived = new WindowDerivedIndex<TKey>(plan, keys),
            }, node);
        builder.Nodes.AddStateStore(
            new TimeIndexDefinition<Windowed<TKey>>(
                plan.Closing, builder.NextStoreId(), keys, StorePersistence.Persistent, isDerived: true), node);
        return new WindowedKTable<TKey, TAggregate>(builder, node, stream.Sources, name);
    }
}

/// <summary>An aggregate for each key and window that is open.</summary>
public sealed class WindowedKTable<TKey, TAggregate>
    where TKey : notnull
    where TAggregate : class
{
    private readonly StreamsBuilder builder;
    private readonly string node;
    private readonly IReadOnlyList<StreamSource> sources;

    internal WindowedKTable(
        StreamsBuilder builder, string node, IReadOnlyList<StreamSource> sources, string storeName)
    {
        this.builder = builder;
        this.node = node;
        this.sources = sources;
        StoreName = storeName;
    }

    /// <summary>Its store of open windows, an <see cref="IReadOnlyKeyValueStore{TKey, TValue}"/>.</summary>
    public string StoreName { get; }

    /// <summary>Each change of each window, as it happens.</summary>
    public KStream<Windowed<TKey>, TAggregate> ToStream(string? name = null) => Take(isClosed: false, name, "updates");

    /// <summary>
    /// Nothing until a window closes, then its aggregate, once, with the clock of that moment as timestamp.
    /// </summary>
    public KStream<Windowed<TKey>, TAggregate> Suppress(string? name = null) => Take(isClosed: true, name, "suppress");

    private KStream<Windowed<TKey>, TAggregate> Take(bool isClosed, string? name, string operation)
    {
        var taker = builder.Take(name, StoreName, operation);
        builder.Nodes.AddProcessor(
            taker, () => new StepProcessor<Windowed<TKey>, WindowUpdate<TAggregate>, Windowed<TKey>, TAggregate>(
                (in Record<Windowed<TKey>, WindowUpdate<TAggregate>> record,
                    IProcessorContext<Windowed<TKey>, TAggregate> context) =>
                {
                    if (record.Value.IsClosed == isClosed)
                    {
                        context.Forward(new Record<Windowed<TKey>, TAggregate>(
                            record.Key, record.Value.Aggregate, record.TimestampMs, record.Headers));
                    }
                }), node);
        // The key has its window now; whoever makes a plain key of it says so by SelectKey.
        return new KStream<Windowed<TKey>, TAggregate>(builder, taker, sources, null);
    }
}
