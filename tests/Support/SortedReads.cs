using System.Buffers;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Tests.Support;

/// <summary>A store of a few entries in memory, in the order of the keys' bytes.</summary>
internal sealed class SortedReads<TKey, TValue>(ISerde<TKey> keys, IEnumerable<KeyValuePair<TKey, TValue>> entries)
    : IReadOnlyKeyValueStore<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private readonly List<(byte[] Bytes, KeyValuePair<TKey, TValue> Entry)> sorted =
    [
        .. entries.Select(e => (Bytes(keys, e.Key), e)).OrderBy(e => e.Item1, Comparer<byte[]>.Create(Compare)),
    ];

    public TValue? Get(TKey key)
    {
        var bytes = Bytes(keys, key);
        return sorted.FirstOrDefault(e => Compare(e.Bytes, bytes) == 0).Entry.Value;
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to)
    {
        var (first, end) = (Bytes(keys, from), Bytes(keys, to));
        return sorted.Where(e => Compare(e.Bytes, first) >= 0 && Compare(e.Bytes, end) < 0).Select(e => e.Entry);
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Prefix(ReadOnlyMemory<byte> keyPrefix) =>
        sorted.Where(e => e.Bytes.AsSpan().StartsWith(keyPrefix.Span)).Select(e => e.Entry);

    public IEnumerable<KeyValuePair<TKey, TValue>> All() => sorted.Select(e => e.Entry);

    private static byte[] Bytes(ISerde<TKey> keys, TKey key)
    {
        var buffer = new ArrayBufferWriter<byte>();
        keys.Serialize(key, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static int Compare(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);
}
