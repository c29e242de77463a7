using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Windows;

namespace Alloc.Engine.Dsl;

/// <summary>A number of records, in a store.</summary>
/// <param name="Value">How many.</param>
public sealed record Counted(long Value)
{
    /// <summary>Eight bytes, big-endian.</summary>
    public static ISerde<Counted> Serde { get; } = new CountedSerde();

    private sealed class CountedSerde : ISerde<Counted>
    {
        public void Serialize(Counted value, System.Buffers.IBufferWriter<byte> output) =>
            Serdes.Int64.Serialize(value.Value, output);

        public Counted Deserialize(ReadOnlySpan<byte> data) => new(Serdes.Int64.Deserialize(data));
    }
}

/// <summary>A stream by its keys, to be aggregated. After Kafka Streams' interface of this name.</summary>
/// <remarks>Records without key or value are dropped and counted.</remarks>
public sealed class KGroupedStream<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    internal KGroupedStream(KStream<TKey, TValue> stream, ISerde<TKey> keys)
    {
        Stream = stream;
        Keys = keys;
    }

    internal KStream<TKey, TValue> Stream { get; }

    internal ISerde<TKey> Keys { get; }

    /// <summary>Folds the records of each key; each record's new aggregate is handed on.</summary>
    /// <param name="name">The store's name.</param>
    /// <param name="initializer">What a key begins with.</param>
    /// <param name="aggregator">Adds a record; null deletes the key's aggregate.</param>
    /// <param name="aggregates">Writes aggregates.</param>
    public KTable<TKey, TAggregate> Aggregate<TAggregate>(
        string name, Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate?> aggregator,
        ISerde<TAggregate> aggregates)
        where TAggregate : class
    {
        var builder = Stream.Builder;
        var node = builder.Take($"{name}-aggregate");
        builder.Nodes.AddProcessor(
            node, () => new AggregateProcessor<TKey, TValue, TAggregate>(name, initializer, aggregator), Stream.Name);
        builder.Nodes.AddStateStore(
            StoreDefinition.KeyValue(name, builder.NextStoreId(), Keys, aggregates), node);
        return new KTable<TKey, TAggregate>(builder, node, Stream.Sources, name);
    }

    /// <summary>Folds the records of each key into one of their kind; the first is what it begins with.</summary>
    public KTable<TKey, TValue> Reduce(string name, Func<TValue, TValue, TValue> reducer, ISerde<TValue> values) =>
        Aggregate<TValue>(name, () => null!, (_, value, sum) => sum is null ? value : reducer(sum, value), values);

    /// <summary>Counts the records of each key.</summary>
    public KTable<TKey, Counted> Count(string name) =>
        Aggregate(name, () => new Counted(0), (_, _, sum) => new Counted(checked(sum.Value + 1)), Counted.Serde);

    /// <summary>The records by key and window.</summary>
    /// <exception cref="TopologyException">The windows are none.</exception>
    public WindowedKStream<TKey, TValue> WindowedBy(TimeWindows windows)
    {
        windows.RequireValid();
        return new WindowedKStream<TKey, TValue>(this, windows);
    }
}

/// <summary>Folds records by key.</summary>
internal sealed class AggregateProcessor<TKey, TValue, TAggregate>(
    string storeName, Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate?> aggregator)
    : IProcessor<TKey, TValue, TKey, TAggregate>
    where TKey : notnull
    where TValue : class
    where TAggregate : class
{
    private IProcessorContext<TKey, TAggregate> context = null!;
    private IKeyValueStore<TKey, TAggregate> store = null!;

    public void Init(IProcessorContext<TKey, TAggregate> context)
    {
        this.context = context;
        store = context.GetStore<IKeyValueStore<TKey, TAggregate>>(storeName);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (record.Key is null || record.Value is null)
        {
            context.ReportUnusual(record.Key is null ? UnusualRecord.NullKey : UnusualRecord.NullValue);
            return;
        }
        var aggregate = aggregator(record.Key, record.Value, store.Get(record.Key) ?? initializer());
        if (aggregate is null)
        {
            store.Delete(record.Key);
        }
        else
        {
            store.Put(record.Key, aggregate);
        }
        context.Forward(new Record<TKey, TAggregate>(record.Key, aggregate!, record.TimestampMs, record.Headers));
    }
}
