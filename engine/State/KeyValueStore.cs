namespace Alloc.Engine.State;

/// <summary>A task's own key-value store.</summary>
internal sealed class KeyValueStore<TKey, TValue>(
    KeyValueStoreDefinition<TKey, TValue> definition, int ordinal, TaskState state, IStateDatabase database)
    : OverlayStore<TKey, TValue>(definition, definition.KeySerde, definition.ValueSerde, ordinal, state, database),
        IKeyValueStore<TKey, TValue>, ICommittedReads<TKey, TValue>, ICommittedStore,
        ISnapshotStore
    where TKey : notnull
    where TValue : class
{
    public TValue? Get(TKey key) => Find(key);

    public void Put(TKey key, TValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Set(key, value, isNew: false);
    }

    public void PutNew(TKey key, TValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Set(key, value, isNew: true);
    }

    public void Delete(TKey key) => Set(key, null, isNew: false);

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to)
    {
        var first = Encode(from).ToArray();
        var end = Encode(to).ToArray();
        return first.AsSpan().SequenceCompareTo(end) < 0 ? new Deferred<TKey, TValue>(() => Scan(first, end)) : [];
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix)
    {
        byte[] first = [Definition.StoreId, .. keyPrefix.Span];
        return new Deferred<TKey, TValue>(() => Scan(first, MergedScan.EndOfPrefix(first)));
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Stored(TKey from)
    {
        var first = Encode(from).ToArray();
        return ScanDatabase(first, MergedScan.EndOfPrefix([Definition.StoreId]));
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => Prefix(default);

    public IReadOnlyKeyValueStore<TKey, TValue> ReadCommitted() =>
        new CommittedView<TKey, TValue>(
            Definition.StoreId, KeySerde, KeyBytes, ValueSerde, Ordinal, State, Database);

    public object AsCommitted() => new ReadOnlyStore<TKey, TValue>(ReadCommitted());

    public object AsOf(StateSnapshot moment) => new ReadOnlyStore<TKey, TValue>(
        new SnapshotView<TKey, TValue>(this, KeySerde, ValueSerde, moment));
}
