using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Dsl;

/// <summary>The last value of each key, in a store. After Kafka Streams' interface of this name.</summary>
public sealed class KTable<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private readonly StreamsBuilder builder;
    private readonly IReadOnlyList<StreamSource> sources;

    internal KTable(
        StreamsBuilder builder, string name, IReadOnlyList<StreamSource> sources, string storeName)
    {
        this.builder = builder;
        this.sources = sources;
        Name = name;
        StoreName = storeName;
    }

    /// <summary>The node that writes the table.</summary>
    public string Name { get; }

    /// <summary>Its store, an <see cref="IReadOnlyKeyValueStore{TKey, TValue}"/>.</summary>
    public string StoreName { get; }

    /// <summary>Its changes, each as it happens; a deleted key has no value.</summary>
    public KStream<TKey, TValue> ToStream() => new(builder, Name, sources, null);
}

/// <summary>Keeps a table up with its topic, and hands changes on.</summary>
internal sealed class TableProcessor<TKey, TValue>(string storeName) : IProcessor<TKey, TValue, TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private IProcessorContext<TKey, TValue> context = null!;
    private IKeyValueStore<TKey, TValue> store = null!;

    public void Init(IProcessorContext<TKey, TValue> context)
    {
        this.context = context;
        store = context.GetStore<IKeyValueStore<TKey, TValue>>(storeName);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (record.Key is null)
        {
            context.ReportUnusual(UnusualRecord.NullKey);
            return;
        }
        if (record.Value is null)
        {
            store.Delete(record.Key);
        }
        else
        {
            store.Put(record.Key, record.Value);
        }
        context.Forward(in record);
    }
}

/// <summary>Looks each record's key up in a table.</summary>
internal sealed class TableJoinProcessor<TKey, TValue, TTable, TResult>(
    string storeName, Func<TKey, TValue, TTable?, TResult> joiner, bool isLeft)
    : IProcessor<TKey, TValue, TKey, TResult>
    where TKey : notnull
    where TValue : class
    where TTable : class
{
    private IProcessorContext<TKey, TResult> context = null!;
    private IKeyValueStore<TKey, TTable> table = null!;

    public void Init(IProcessorContext<TKey, TResult> context)
    {
        this.context = context;
        table = context.GetStore<IKeyValueStore<TKey, TTable>>(storeName);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (record.Value is null)
        {
            context.ReportUnusual(UnusualRecord.NullValue);
            return;
        }
        if (record.Key is null)
        {
            context.ReportUnusual(UnusualRecord.NullKey);
        }
        var found = record.Key is null ? null : table.Get(record.Key);
        if (found is not null || isLeft)
        {
            context.Forward(new Record<TKey, TResult>(
                record.Key!, joiner(record.Key!, record.Value, found), record.TimestampMs, record.Headers));
        }
    }
}
