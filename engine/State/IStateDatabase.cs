using System.Diagnostics.CodeAnalysis;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>Where committed layers end up: an ordered map from bytes to bytes.</summary>
/// <remarks>One thread reads, one thread writes, and any thread may use a cursor.</remarks>
internal interface IStateDatabase : IDisposable
{
    /// <summary>Reads a value and decodes it where it lies.</summary>
    bool TryGet<TValue>(
        ReadOnlySpan<byte> key, IDeserializer<TValue> deserializer, [MaybeNullWhen(false)] out TValue value)
        where TValue : class;

    /// <summary>The database as it is now; later writes do not show. Lives on when the database is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The database is closed.</exception>
    IDatabaseCursor CreateCursor();

    /// <summary>Begins a set of writes that takes effect as a whole.</summary>
    IRunWriter BeginRun();

    /// <summary>
    /// Whether reads suffer from writes that were not compacted yet, so that writing should wait if it can.
    /// </summary>
    bool IsBehind { get; }

    /// <summary>Bytes in memory for indexes and filters of files.</summary>
    long TableReaderBytes { get; }

    /// <summary>Writes a copy of the database with its position into a directory that does not exist.</summary>
    /// <returns>False when it was not wanted any more once it was whole.</returns>
    bool WriteCheckpoint(string directory, StatePosition position, Func<bool>? isStillWanted);
}

/// <summary>A position in the ascending keys of a database.</summary>
internal interface IDatabaseCursor : IDisposable
{
    /// <summary>False before the first <see cref="Seek"/> and behind the last key.</summary>
    bool IsValid { get; }

    /// <summary>The key; valid until the cursor moves.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>The value; valid until the cursor moves.</summary>
    ReadOnlySpan<byte> Value { get; }

    /// <summary>Goes to the first key that is not before <paramref name="key"/>.</summary>
    void Seek(ReadOnlySpan<byte> key);

    /// <summary>Goes to the next key.</summary>
    void Next();
}

/// <summary>Writes in ascending order, each key once. Without <see cref="Complete"/> nothing is written.</summary>
internal interface IRunWriter : IDisposable
{
    void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    void Delete(ReadOnlySpan<byte> key);

    /// <summary>Makes the writes take effect; when it returns, they survive a crash.</summary>
    void Complete();
}
