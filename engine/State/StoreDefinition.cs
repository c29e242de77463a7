using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>Where a store's committed entries are kept.</summary>
public enum StorePersistence
{
    /// <summary>In the task's RocksDB: survives restarts, may exceed memory.</summary>
    Persistent,

    /// <summary>In memory: restored from its changelog at every start.</summary>
    InMemory,
}

/// <summary>What entries are in memory until they are written to the database, and while they are cached.</summary>
public enum EntryForm
{
    /// <summary>
    /// Objects: nothing is decoded or encoded between two uses. For entries that are used again and again.
    /// </summary>
    Objects,

    /// <summary>
    /// Bytes: an entry is two objects without references, whatever it is made of. For stores of many entries of which
    /// most are written, and read a few times at most: the garbage collector would have to go through all their
    /// objects.
    /// </summary>
    Bytes,
}

/// <summary>A store's shape: its name, its place in the task's key space, and how entries are written.</summary>
public abstract class StoreDefinition
{
    private protected StoreDefinition(string name, byte storeId, StorePersistence persistence)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfZero(storeId);
        ArgumentOutOfRangeException.ThrowIfEqual(storeId, byte.MaxValue);
        Name = name;
        StoreId = storeId;
        Persistence = persistence;
    }

    /// <summary>The store's name, unique in a topology.</summary>
    public string Name { get; }

    /// <summary>
    /// The first byte of the store's keys in the task's database, 1 to 254, never reused for another store.
    /// </summary>
    public byte StoreId { get; }

    /// <summary>Where committed entries are kept.</summary>
    public StorePersistence Persistence { get; }

    /// <summary>A line that changes when the store's layout does; part of the topology's fingerprint.</summary>
    public abstract string Layout { get; }

    /// <summary>
    /// Whether another store says all that this one holds: it has no changelog, and is made again from the other one's
    /// when that is restored.
    /// </summary>
    public virtual bool IsDerived => false;

    /// <summary>What follows from this store's entries; null for most.</summary>
    internal DerivedIndex? Derived { get; init; }

    /// <summary>Makes a task's instance of the store.</summary>
    internal abstract TaskStore Create(int ordinal, TaskState state, IStateDatabase database);

    /// <summary>A map from key to value, ordered by the key's bytes.</summary>
    public static KeyValueStoreDefinition<TKey, TValue> KeyValue<TKey, TValue>(
        string name, byte storeId, ISerde<TKey> keySerde, ISerde<TValue> valueSerde,
        StorePersistence persistence = StorePersistence.Persistent, EntryForm form = EntryForm.Objects)
        where TKey : notnull
        where TValue : class => new(name, storeId, keySerde, valueSerde, persistence, form);

    /// <summary>
    /// A set of (time, key), ordered by time and then by the key's bytes, with its earliest entry at hand.
    /// </summary>
    public static TimeIndexDefinition<TKey> TimeIndex<TKey>(
        string name, byte storeId, ISerde<TKey> keySerde, StorePersistence persistence = StorePersistence.Persistent)
        where TKey : notnull => new(name, storeId, keySerde, persistence);
}

/// <summary>Defines an <see cref="IKeyValueStore{TKey, TValue}"/>.</summary>
public sealed class KeyValueStoreDefinition<TKey, TValue> : StoreDefinition
    where TKey : notnull
    where TValue : class
{
    internal KeyValueStoreDefinition(
        string name, byte storeId, ISerde<TKey> keySerde, ISerde<TValue> valueSerde, StorePersistence persistence,
        EntryForm form)
        : base(name, storeId, persistence)
    {
        Form = form;
        KeySerde = keySerde;
        ValueSerde = valueSerde;
    }

    /// <summary>Writes keys so that bytes compare as keys do.</summary>
    public ISerde<TKey> KeySerde { get; }

    /// <summary>Writes values.</summary>
    public ISerde<TValue> ValueSerde { get; }

    /// <summary>What entries are in memory; may change between two starts.</summary>
    public EntryForm Form { get; }

    /// <inheritdoc/>
    public override string Layout => $"{StoreId}:{Name}:key-value:{typeof(TKey).Name}:{typeof(TValue).Name}";

    internal override TaskStore Create(int ordinal, TaskState state, IStateDatabase database) =>
        Form == EntryForm.Bytes
            ? new EncodedKeyValueStore<TKey, TValue>(this, ordinal, state, database)
            : new KeyValueStore<TKey, TValue>(this, ordinal, state, database);
}

/// <summary>Defines an <see cref="ITimeIndex{TKey}"/>.</summary>
public sealed class TimeIndexDefinition<TKey> : StoreDefinition
    where TKey : notnull
{
    private readonly bool isDerived;

    internal TimeIndexDefinition(
        string name, byte storeId, ISerde<TKey> keySerde, StorePersistence persistence, bool isDerived = false)
        : base(name, storeId, persistence)
    {
        KeySerde = keySerde;
        this.isDerived = isDerived;
    }

    /// <inheritdoc/>
    public override bool IsDerived => isDerived;

    /// <summary>Writes keys so that bytes compare as keys do.</summary>
    public ISerde<TKey> KeySerde { get; }

    /// <inheritdoc/>
    public override string Layout => $"{StoreId}:{Name}:time-index:{typeof(TKey).Name}";

    internal override TaskStore Create(int ordinal, TaskState state, IStateDatabase database) =>
        new TimeIndex<TKey>(this, ordinal, state, database);
}
