namespace Alloc.Engine.State;

/// <summary>
/// Reads of a store. From a processor: everything written so far; from another thread: what is committed.
/// </summary>
public interface IReadOnlyKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    /// <summary>The value, or null.</summary>
    TValue? Get(TKey key);

    /// <summary>Entries with from ≤ key &lt; to, ascending by the key's bytes.</summary>
    /// <param name="from">The first key, included.</param>
    /// <param name="to">The end, excluded.</param>
    IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to);

    /// <summary>Entries whose key's bytes begin with these bytes, ascending.</summary>
    IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix);

    /// <summary>All entries, ascending.</summary>
    IEnumerable<KeyValuePair<TKey, TValue>> All();
}

/// <summary>
/// A map from key to value. What is put may stay the very object
/// until it is written (<see cref="EntryForm"/>): it must not be changed afterwards.
/// Used on the stream thread only; an enumeration sees the state as it was when it began or later, and must end before
/// the next write.
/// </summary>
public interface IKeyValueStore<TKey, TValue> : IReadOnlyKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    /// <summary>Sets the value.</summary>
    void Put(TKey key, TValue value);

    /// <summary>Sets the value of a key that has none, as a <c>Get</c> just told.</summary>
    /// <remarks>
    /// If such an entry is deleted before it was written to disk, nothing of it is ever written. For a key that has a
    /// value in the database, the old value would come back when the new one is deleted.
    /// </remarks>
    void PutNew(TKey key, TValue value) => Put(key, value);

    /// <summary>
    /// Entries from a key on, ascending, that the database has and nothing newer in memory replaces: entries that were
    /// written lately may be missing. For sweeps through large stores, which cost what they read and nothing for what
    /// is in memory.
    /// </summary>
    IEnumerable<KeyValuePair<TKey, TValue>> Stored(TKey from);

    /// <summary>Removes the entry if there is one.</summary>
    void Delete(TKey key);
}

/// <summary>
/// A set of (time, key), ordered by time and then by the key's bytes. The earliest entry costs no search.
/// </summary>
public interface ITimeIndex<TKey>
    where TKey : notnull
{
    /// <summary>The earliest entry; false when the index is empty.</summary>
    bool TryPeek(out long dueAtMs, out TKey key);

    /// <summary>Adds an entry; adding one that is there does nothing.</summary>
    void Add(long dueAtMs, TKey key);

    /// <summary>Adds an entry that is known not to be there.</summary>
    /// <remarks>
    /// Worth saying: a timer that is removed before it was written to disk, as most are, then costs nothing there. If
    /// the database does have it, removing it later would leave it behind.
    /// </remarks>
    void AddNew(long dueAtMs, TKey key) => Add(dueAtMs, key);

    /// <summary>Removes an entry if it is there.</summary>
    void Remove(long dueAtMs, TKey key);

    /// <summary>Entries with time ≤ <paramref name="untilMs"/>, earliest first.</summary>
    IEnumerable<KeyValuePair<long, TKey>> Until(long untilMs);
}
