using System.Runtime.InteropServices;
using static Alloc.Engine.State.RocksDb.RocksDbNative;
using static Alloc.Engine.State.RocksDb.RocksDbOptionsNative;

namespace Alloc.Engine.State.RocksDb;

/// <summary>Something that RocksDB allocated and that is freed once, when its last user is done with it.</summary>
internal abstract class RocksDbHandle : SafeHandle
{
    protected RocksDbHandle(nint value)
        : base(0, ownsHandle: true) => SetHandle(value);

    public override bool IsInvalid => handle == 0;

    /// <summary>The pointer; valid while the caller keeps this object from being disposed.</summary>
    public nint Value => handle;
}

internal sealed class DatabaseHandle(nint value) : RocksDbHandle(value)
{
    protected override bool ReleaseHandle()
    {
        rocksdb_cancel_all_background_work(handle, 1);
        rocksdb_close(handle);
        return true;
    }
}

/// <summary>An iterator keeps its database open.</summary>
internal sealed class IteratorHandle : RocksDbHandle
{
    private readonly DatabaseHandle database;

    private IteratorHandle(nint value, DatabaseHandle database)
        : base(value) => this.database = database;

    public static IteratorHandle Create(DatabaseHandle database, nint readOptions)
    {
        var added = false;
        database.DangerousAddRef(ref added);
        return new IteratorHandle(rocksdb_create_iterator(database.Value, readOptions), database);
    }

    protected override bool ReleaseHandle()
    {
        rocksdb_iter_destroy(handle);
        database.DangerousRelease();
        return true;
    }
}

internal sealed class CacheHandle(nuint capacity) : RocksDbHandle(Create(capacity))
{
    /// <summary>
    /// Few shards: a shard has its part of the capacity, and a block that is larger than that would never stay in it.
    /// </summary>
    private const int ShardBits = 2;

    protected override bool ReleaseHandle()
    {
        rocksdb_cache_destroy(handle);
        return true;
    }

    private static nint Create(nuint capacity)
    {
        var options = rocksdb_lru_cache_options_create();
        rocksdb_lru_cache_options_set_capacity(options, capacity);
        rocksdb_lru_cache_options_set_num_shard_bits(options, ShardBits);
        var cache = rocksdb_cache_create_lru_opts(options);
        rocksdb_lru_cache_options_destroy(options);
        return cache;
    }
}

internal sealed class OptionsHandle() : RocksDbHandle(rocksdb_options_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_options_destroy(handle);
        return true;
    }
}

internal sealed class ReadOptionsHandle() : RocksDbHandle(rocksdb_readoptions_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_readoptions_destroy(handle);
        return true;
    }
}

internal sealed class WriteOptionsHandle() : RocksDbHandle(rocksdb_writeoptions_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_writeoptions_destroy(handle);
        return true;
    }
}

internal sealed class FlushOptionsHandle() : RocksDbHandle(rocksdb_flushoptions_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_flushoptions_destroy(handle);
        return true;
    }
}

internal sealed class WriteBatchHandle() : RocksDbHandle(rocksdb_writebatch_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_writebatch_destroy(handle);
        return true;
    }
}

internal sealed class EnvOptionsHandle() : RocksDbHandle(rocksdb_envoptions_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_envoptions_destroy(handle);
        return true;
    }
}

internal sealed class FileWriterHandle(EnvOptionsHandle env, OptionsHandle options)
    : RocksDbHandle(rocksdb_sstfilewriter_create(env.Value, options.Value))
{
    protected override bool ReleaseHandle()
    {
        rocksdb_sstfilewriter_destroy(handle);
        return true;
    }
}

internal sealed class IngestOptionsHandle() : RocksDbHandle(rocksdb_ingestexternalfileoptions_create())
{
    protected override bool ReleaseHandle()
    {
        rocksdb_ingestexternalfileoptions_destroy(handle);
        return true;
    }
}
