using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>Holds the records of both sides of a join, by key.</summary>
internal interface IJoinBuffer
{
    byte[]? Get(EncodedKey key);

    /// <summary>Keeps an entry.</summary>
    /// <returns>The key as it is kept.</returns>
    EncodedKey Put(EncodedKey key, byte[] entry, bool isNew);

    void Delete(EncodedKey key);
}

/// <summary>Defines the store of a join.</summary>
internal sealed class JoinBufferDefinition(string name, byte storeId) : StoreDefinition(
    name, storeId, StorePersistence.Persistent)
{
    public override string Layout => $"{StoreId}:{Name}:join-buffer:{JoinEntry.FormatVersion}";

    internal override TaskStore Create(int ordinal, TaskState state, IStateDatabase database) =>
        new JoinBuffer(this, ordinal, state, database);
}

/// <summary>A task's own join buffer: bytes to bytes, and nothing between.</summary>
internal sealed class JoinBuffer(JoinBufferDefinition definition, int ordinal, TaskState state, IStateDatabase database)
    : EncodedStore(definition, ordinal, state, database), IJoinBuffer
{
    public byte[]? Get(EncodedKey key) => Find(key);

    public EncodedKey Put(EncodedKey key, byte[] entry, bool isNew) => Table[Set(key, entry, isNew)].Key;

    public void Delete(EncodedKey key) => Set(key, null, isNew: false);
}
