using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// A task's own key-value store whose entries are bytes in memory: see <see cref="EntryForm.Bytes"/>.
/// </summary>
internal sealed class EncodedKeyValueStore<TKey, TValue>(
    KeyValueStoreDefinition<TKey, TValue> definition, int ordinal, TaskState state, IStateDatabase database)
    : EncodedStore(definition, ordinal, state, database), IKeyValueStore<TKey, TValue>, ICommittedReads<TKey, TValue>,
        ICommittedStore, ISnapshotStore
    where TKey : notnull
    where TValue : class
{
    private readonly ByteBuffer keyBuffer = new();
    private readonly ByteBuffer valueBuffer = new();
    private readonly StoredSerde<TKey> keys = new(definition.KeySerde, state);
    private readonly StoredSerde<TValue> values = new(definition.ValueSerde, state);

    /// <summary>
    /// The last value that was read or put, which a record mostly uses again, and the very bytes that it stands for.
    /// </summary>
    private byte[]? lastBytes;
    private TValue? lastValue;

    public TValue? Get(TKey key) => Find(LookUp(key)) is { } bytes ? Decode(bytes) : null;

    public void Put(TKey key, TValue value) => Set(LookUp(key), Encode(value), isNew: false);

    public void PutNew(TKey key, TValue value) => Set(LookUp(key), Encode(value), isNew: true);

    public void Delete(TKey key) => Set(LookUp(key), null, isNew: false);

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to)
    {
        var first = Encode(LookUp(from)).ToArray();
        var end = Encode(LookUp(to)).ToArray();
        return first.AsSpan().SequenceCompareTo(end) < 0
            ? new Deferred<TKey, TValue>(() => Scan(first, end).Select(Typed)) : [];
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix)
    {
        byte[] first = [Definition.StoreId, .. keyPrefix.Span];
        return new Deferred<TKey, TValue>(() => Scan(first, MergedScan.EndOfPrefix(first)).Select(Typed));
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Stored(TKey from)
    {
        var first = Encode(LookUp(from)).ToArray();
        return ScanDatabase(first, MergedScan.EndOfPrefix([Definition.StoreId])).Select(Typed);
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => Prefix(default);

    public IReadOnlyKeyValueStore<TKey, TValue> ReadCommitted() => new DecodedView<TKey, TValue>(
        new CommittedView<EncodedKey, byte[]>(
            Definition.StoreId, KeySerde, KeyBytes, ValueSerde, Ordinal, State, Database),
        keys, values);

    public object AsCommitted() => new ReadOnlyStore<TKey, TValue>(ReadCommitted());

    public object AsOf(StateSnapshot moment) => new ReadOnlyStore<TKey, TValue>(new DecodedView<TKey, TValue>(
        new SnapshotView<EncodedKey, byte[]>(this, KeySerde, ValueSerde, moment), keys, values));

    private EncodedKey LookUp(TKey key)
    {
        keyBuffer.Clear();
        keys.Serialize(key, keyBuffer);
        return EncodedKey.Over(keyBuffer);
    }

    private byte[] Encode(TValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lastValue = value;
        return lastBytes = valueBuffer.Serialize(values, value);
    }

    private TValue Decode(byte[] bytes)
    {
        if (!ReferenceEquals(bytes, lastBytes))
        {
            lastValue = values.Deserialize(bytes);
            lastBytes = bytes;
        }
        return lastValue!;
    }

    private KeyValuePair<TKey, TValue> Typed(KeyValuePair<EncodedKey, byte[]> entry) =>
        new(keys.Deserialize(entry.Key.Span), values.Deserialize(entry.Value));
}

/// <summary>Committed entries of a store of bytes, decoded for each reader.</summary>
internal sealed class DecodedView<TKey, TValue>(
    IReadOnlyKeyValueStore<EncodedKey, byte[]> encoded, ISerde<TKey> keys, ISerde<TValue> values)
    : IReadOnlyKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    public TValue? Get(TKey key) => encoded.Get(Encode(key)) is { } bytes ? values.Deserialize(bytes) : null;

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to) =>
        encoded.Range(Encode(from), Encode(to)).Select(Typed);

    public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix) =>
        encoded.Prefix(keyPrefix).Select(Typed);

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => encoded.All().Select(Typed);

    private EncodedKey Encode(TKey key)
    {
        var buffer = new ByteBuffer();
        keys.Serialize(key, buffer);
        return EncodedKey.Over(buffer);
    }

    private KeyValuePair<TKey, TValue> Typed(KeyValuePair<EncodedKey, byte[]> entry) =>
        new(keys.Deserialize(entry.Key.Span), values.Deserialize(entry.Value));
}
