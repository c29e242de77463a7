namespace Alloc.Engine.State;

/// <summary>A store that other threads may read as it is committed.</summary>
internal interface ICommittedReads<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    IReadOnlyKeyValueStore<TKey, TValue> ReadCommitted();
}

/// <summary>A store that is handed out as it is committed, by the interface that processors know it by.</summary>
internal interface ICommittedStore
{
    object AsCommitted();
}
