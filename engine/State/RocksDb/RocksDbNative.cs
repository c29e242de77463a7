using System.Runtime.InteropServices;

namespace Alloc.Engine.State.RocksDb;

/// <summary>
/// The functions of RocksDB's C interface (<c>rocksdb/c.h</c>) that the engine uses, as they are declared there. The
/// package of RocksDB brings the library under this name for every platform, where .NET finds it by itself.
/// </summary>
/// <remarks>
/// Every <c>error</c> is a text that RocksDB allocated, or null; <see cref="RocksDbError.Check"/> reads and frees it.
/// Sizes are <c>size_t</c>, booleans <c>unsigned char</c>.
/// </remarks>
internal static unsafe partial class RocksDbNative
{
    internal const string Library = "rocksdb";

    // A database.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint rocksdb_open(nint options, string path, out nint error);

    [LibraryImport(Library)]
    internal static partial void rocksdb_close(nint db);

    [LibraryImport(Library)]
    internal static partial void rocksdb_cancel_all_background_work(nint db, byte wait);

    [LibraryImport(Library)]
    internal static partial void rocksdb_flush(nint db, nint flushOptions, out nint error);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rocksdb_property_int(nint db, string name, out ulong value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_free(nint memory);

    // Reads.
    [LibraryImport(Library)]
    internal static partial nint rocksdb_get_pinned(
        nint db, nint readOptions, byte* key, nuint keySize, out nint error);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial byte* rocksdb_pinnableslice_value(nint slice, out nuint size);

    [LibraryImport(Library)]
    internal static partial void rocksdb_pinnableslice_destroy(nint slice);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_create_iterator(nint db, nint readOptions);

    [LibraryImport(Library)]
    internal static partial void rocksdb_iter_destroy(nint iterator);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial byte rocksdb_iter_valid(nint iterator);

    [LibraryImport(Library)]
    internal static partial void rocksdb_iter_seek(nint iterator, byte* key, nuint keySize);

    [LibraryImport(Library)]
    internal static partial void rocksdb_iter_next(nint iterator);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial byte* rocksdb_iter_key(nint iterator, out nuint size);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial byte* rocksdb_iter_value(nint iterator, out nuint size);

    [LibraryImport(Library)]
    internal static partial void rocksdb_iter_get_error(nint iterator, out nint error);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_readoptions_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_readoptions_destroy(nint readOptions);

    [LibraryImport(Library)]
    internal static partial void rocksdb_readoptions_set_fill_cache(nint readOptions, byte value);

    // Writes through the memtable.
    [LibraryImport(Library)]
    internal static partial nint rocksdb_writeoptions_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_writeoptions_destroy(nint writeOptions);

    [LibraryImport(Library)]
    internal static partial void rocksdb_writeoptions_disable_WAL(nint writeOptions, int disable);

    [LibraryImport(Library)]
    internal static partial void rocksdb_writeoptions_set_memtable_insert_hint_per_batch(nint writeOptions, byte value);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_writebatch_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_writebatch_destroy(nint batch);

    [LibraryImport(Library)]
    internal static partial void rocksdb_writebatch_clear(nint batch);

    [LibraryImport(Library)]
    internal static partial void rocksdb_writebatch_put(
        nint batch, byte* key, nuint keySize, byte* value, nuint valueSize);

    [LibraryImport(Library)]
    internal static partial void rocksdb_writebatch_delete(nint batch, byte* key, nuint keySize);

    [LibraryImport(Library)]
    internal static partial void rocksdb_write(nint db, nint writeOptions, nint batch, out nint error);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_flushoptions_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_flushoptions_destroy(nint flushOptions);

    [LibraryImport(Library)]
    internal static partial void rocksdb_flushoptions_set_wait(nint flushOptions, byte value);

    // Files that are written aside and taken in whole.
    [LibraryImport(Library)]
    internal static partial nint rocksdb_envoptions_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_envoptions_destroy(nint envOptions);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_sstfilewriter_create(nint envOptions, nint options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void rocksdb_sstfilewriter_open(nint writer, string path, out nint error);

    [LibraryImport(Library)]
    internal static partial void rocksdb_sstfilewriter_put(
        nint writer, byte* key, nuint keySize, byte* value, nuint valueSize, out nint error);

    [LibraryImport(Library)]
    internal static partial void rocksdb_sstfilewriter_delete(nint writer, byte* key, nuint keySize, out nint error);

    [LibraryImport(Library)]
    internal static partial void rocksdb_sstfilewriter_finish(nint writer, out nint error);

    [LibraryImport(Library)]
    internal static partial void rocksdb_sstfilewriter_destroy(nint writer);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_ingestexternalfileoptions_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_ingestexternalfileoptions_destroy(nint ingestOptions);

    [LibraryImport(Library)]
    internal static partial void rocksdb_ingestexternalfileoptions_set_move_files(nint ingestOptions, byte value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_ingestexternalfileoptions_set_snapshot_consistency(
        nint ingestOptions, byte value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_ingest_external_file(
        nint db, byte** paths, nuint pathCount, nint ingestOptions, out nint error);

    // Checkpoints.
    [LibraryImport(Library)]
    internal static partial nint rocksdb_checkpoint_object_create(nint db, out nint error);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void rocksdb_checkpoint_create(
        nint checkpoint, string directory, ulong logSizeForFlush, out nint error);

    [LibraryImport(Library)]
    internal static partial void rocksdb_checkpoint_object_destroy(nint checkpoint);
}
