using static Alloc.Engine.State.RocksDb.RocksDbNative;

namespace Alloc.Engine.State.RocksDb;

/// <summary>A database as it was when the cursor was made. Keeps the database open while it lives.</summary>
internal sealed unsafe class RocksDbCursor(IteratorHandle iterator, RocksDatabase database) : IDatabaseCursor
{
    public bool IsValid => rocksdb_iter_valid(iterator.Value) != 0;

    public ReadOnlySpan<byte> Key
    {
        get
        {
            var start = rocksdb_iter_key(iterator.Value, out var size);
            return new ReadOnlySpan<byte>(start, checked((int)size));
        }
    }

    public ReadOnlySpan<byte> Value
    {
        get
        {
            var start = rocksdb_iter_value(iterator.Value, out var size);
            return new ReadOnlySpan<byte>(start, checked((int)size));
        }
    }

    public void Seek(ReadOnlySpan<byte> key)
    {
        fixed (byte* keyStart = key)
        {
            rocksdb_iter_seek(iterator.Value, keyStart, (nuint)key.Length);
        }
        Check();
    }

    public void Next()
    {
        rocksdb_iter_next(iterator.Value);
        Check();
    }

    public void Dispose() => iterator.Dispose();

    /// <summary>An iterator that met damage looks like one at its end.</summary>
    private void Check()
    {
        if (!IsValid)
        {
            rocksdb_iter_get_error(iterator.Value, out var error);
            database.Check(error, RocksDbError.Reading);
        }
    }
}
