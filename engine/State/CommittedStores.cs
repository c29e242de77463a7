using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>The stores of a task as they are committed, for other threads.</summary>
internal sealed class CommittedStores(Func<string, object> find) : IStores
{
    public TStore GetStore<TStore>(string name)
        where TStore : class =>
        (find(name) as ICommittedStore)?.AsCommitted() as TStore
            ?? throw new TopologyException($"The store '{name}' is not a {typeof(TStore).Name}.");
}

/// <summary>A store that is only read, for code that takes a task's store and must not write.</summary>
internal sealed class ReadOnlyStore<TKey, TValue>(IReadOnlyKeyValueStore<TKey, TValue> committed)
    : IKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    public TValue? Get(TKey key) => committed.Get(key);

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to) => committed.Range(from, to);

    public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix) =>
        committed.Prefix(keyPrefix);

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => committed.All();

    public IEnumerable<KeyValuePair<TKey, TValue>> Stored(TKey from) =>
        throw new NotSupportedException("Committed stores are not swept.");

    public void Put(TKey key, TValue value) => throw new NotSupportedException("Committed stores are read only.");

    public void Delete(TKey key) => throw new NotSupportedException("Committed stores are read only.");
}

/// <summary>A time index that is only read.</summary>
internal sealed class ReadOnlyTimeIndex<TKey>(
    IReadOnlyKeyValueStore<TimedKey, Present> committed, ISerde<TKey> keys) : ITimeIndex<TKey>
    where TKey : notnull
{
    public bool TryPeek(out long dueAtMs, out TKey key)
    {
        foreach (var entry in committed.All())
        {
            dueAtMs = entry.Key.DueAtMs;
            key = keys.Deserialize(entry.Key.Key.Span);
            return true;
        }
        dueAtMs = long.MaxValue;
        key = default!;
        return false;
    }

    public IEnumerable<KeyValuePair<long, TKey>> Until(long untilMs) => committed.All()
        .TakeWhile(entry => entry.Key.DueAtMs <= untilMs)
        .Select(entry => new KeyValuePair<long, TKey>(entry.Key.DueAtMs, keys.Deserialize(entry.Key.Key.Span)));

    public void Add(long dueAtMs, TKey key) => throw new NotSupportedException("Committed stores are read only.");

    public void Remove(long dueAtMs, TKey key) => throw new NotSupportedException("Committed stores are read only.");
}
