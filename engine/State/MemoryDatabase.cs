using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// A database in memory: for stores that are restored at every start, for test drivers and simulations.
/// </summary>
internal sealed class MemoryDatabase(
    Action<string, StatePosition, MemoryDatabase>? checkpointSink = null) : IStateDatabase
{
    private ImmutableSortedSet<Entry> entries = ImmutableSortedSet.Create<Entry>(new EntryComparer());

    public bool IsBehind => false;

    public long TableReaderBytes => 0;

    public bool TryGet<TValue>(
        ReadOnlySpan<byte> key, IDeserializer<TValue> deserializer, [MaybeNullWhen(false)] out TValue value)
        where TValue : class
    {
        var set = Volatile.Read(ref entries);
        if (set.IsEmpty)
        {
            value = null;
            return false;
        }
        var found = set.TryGetValue(new Entry(key.ToArray(), []), out var entry);
        value = found ? deserializer.Deserialize(entry.Value) : null;
        return found;
    }

    public IDatabaseCursor CreateCursor() => new Cursor(Volatile.Read(ref entries));

    public IRunWriter BeginRun() => new Run(this);

    public bool WriteCheckpoint(string directory, StatePosition position, Func<bool>? isStillWanted)
    {
        if (isStillWanted?.Invoke() == false)
        {
            return false;
        }
        (checkpointSink ?? throw new NotSupportedException("This database has no checkpoints."))(
            directory, position, Copy());
        return true;
    }

    /// <summary>The database as it is now, in a database of its own.</summary>
    public MemoryDatabase Copy() => new(checkpointSink) { entries = Volatile.Read(ref entries) };

    public void Dispose()
    {
    }

    private readonly record struct Entry(byte[] Key, byte[] Value);

    private sealed class EntryComparer : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y) => x.Key.AsSpan().SequenceCompareTo(y.Key);
    }

    private sealed class Run(MemoryDatabase database) : IRunWriter
    {
        private readonly ImmutableSortedSet<Entry>.Builder builder = database.entries.ToBuilder();

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            var entry = new Entry(key.ToArray(), value.ToArray());
            builder.Remove(entry);
            builder.Add(entry);
        }

        public void Delete(ReadOnlySpan<byte> key) => builder.Remove(new Entry(key.ToArray(), []));

        public void Complete() => Volatile.Write(ref database.entries, builder.ToImmutable());

        public void Dispose()
        {
        }
    }

    private sealed class Cursor(ImmutableSortedSet<Entry> entries) : IDatabaseCursor
    {
        private int index = int.MaxValue;

        public bool IsValid => index < entries.Count;

        public ReadOnlySpan<byte> Key => entries[index].Key;

        public ReadOnlySpan<byte> Value => entries[index].Value;

        public void Seek(ReadOnlySpan<byte> key)
        {
            var found = entries.IndexOf(new Entry(key.ToArray(), []));
            index = found >= 0 ? found : ~found;
        }

        public void Next() => index++;

        public void Dispose()
        {
        }
    }
}
