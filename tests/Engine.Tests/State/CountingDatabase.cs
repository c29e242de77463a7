using System.Diagnostics.CodeAnalysis;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>A database in memory that counts what is written to it and read from it.</summary>
internal sealed class CountingDatabase : IStateDatabase
{
    private readonly MemoryDatabase inner = new();

    public int PutCount { get; private set; }

    public int DeleteCount { get; private set; }

    public int GetCount { get; private set; }

    public int CursorCount { get; private set; }

    /// <summary>Entries that cursors stood at or went past.</summary>
    public int EntryCount { get; private set; }

    public bool IsBehind => false;

    public long TableReaderBytes => 0;

    public bool TryGet<TValue>(
        ReadOnlySpan<byte> key, IDeserializer<TValue> deserializer, [MaybeNullWhen(false)] out TValue value)
        where TValue : class
    {
        GetCount++;
        return inner.TryGet(key, deserializer, out value);
    }

    public IDatabaseCursor CreateCursor()
    {
        CursorCount++;
        return new Cursor(this, inner.CreateCursor());
    }

    public IRunWriter BeginRun() => new Run(this, inner.BeginRun());

    public bool WriteCheckpoint(string directory, StatePosition position, Func<bool>? isStillWanted) =>
        throw new NotSupportedException();

    public void Dispose() => inner.Dispose();

    private sealed class Run(CountingDatabase database, IRunWriter inner) : IRunWriter
    {
        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            database.PutCount++;
            inner.Put(key, value);
        }

        public void Delete(ReadOnlySpan<byte> key)
        {
            database.DeleteCount++;
            inner.Delete(key);
        }

        public void Complete() => inner.Complete();

        public void Dispose() => inner.Dispose();
    }

    private sealed class Cursor(CountingDatabase database, IDatabaseCursor inner) : IDatabaseCursor
    {
        public bool IsValid => inner.IsValid;

        public ReadOnlySpan<byte> Key => inner.Key;

        public ReadOnlySpan<byte> Value => inner.Value;

        public void Seek(ReadOnlySpan<byte> key)
        {
            database.EntryCount++;
            inner.Seek(key);
        }

        public void Next()
        {
            database.EntryCount++;
            inner.Next();
        }

        public void Dispose() => inner.Dispose();
    }
}
