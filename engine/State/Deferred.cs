namespace Alloc.Engine.State;

/// <summary>Reads the store when the sequence is read, each time anew.</summary>
internal sealed class Deferred<TKey, TValue>(Func<IEnumerable<KeyValuePair<TKey, TValue>>> read)
    : IEnumerable<KeyValuePair<TKey, TValue>>
{
    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => read().GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
