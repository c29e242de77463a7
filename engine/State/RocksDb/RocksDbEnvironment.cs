using static Alloc.Engine.State.RocksDb.RocksDbOptionsNative;

namespace Alloc.Engine.State.RocksDb;

/// <summary>
/// What all databases of a process share: one block cache with one limit, one pool of background threads.
/// </summary>
internal sealed class RocksDbEnvironment : IDisposable
{
    private const int WarnLogLevel = 2;
    private const int Lz4Compression = 4;
    private const int UniversalCompaction = 1;
    private const double BloomBitsPerKey = 10;

    /// <summary>
    /// Above what any number of ingested files reaches: writes are held back by the writer, not by stalls.
    /// </summary>
    private const int NeverStall = 1 << 20;

    private readonly CacheHandle cache;

    /// <exception cref="DllNotFoundException">There is no RocksDB for this platform.</exception>
    public RocksDbEnvironment(StateStoreOptions options, IFileSystem files)
    {
        StateOptions = options;
        Files = files;
        cache = new CacheHandle((nuint)options.DatabaseMemoryBytes);
        Options = CreateOptions(options, cache);
        ReadOptions = new ReadOptionsHandle();
        ScanOptions = new ReadOptionsHandle();
        RocksDbNative.rocksdb_readoptions_set_fill_cache(ScanOptions.Value, 0);
        EnvOptions = new EnvOptionsHandle();
        IngestOptions = new IngestOptionsHandle();
        RocksDbNative.rocksdb_ingestexternalfileoptions_set_move_files(IngestOptions.Value, 1);
        RocksDbNative.rocksdb_ingestexternalfileoptions_set_snapshot_consistency(IngestOptions.Value, 1);
        WriteOptions = new WriteOptionsHandle();
        RocksDbNative.rocksdb_writeoptions_disable_WAL(WriteOptions.Value, 1);
        RocksDbNative.rocksdb_writeoptions_set_memtable_insert_hint_per_batch(WriteOptions.Value, 1);
        FlushOptions = new FlushOptionsHandle();
        RocksDbNative.rocksdb_flushoptions_set_wait(FlushOptions.Value, 1);
        SetBackgroundThreads();
    }

    public StateStoreOptions StateOptions { get; }

    public IFileSystem Files { get; }

    public OptionsHandle Options { get; }

    public ReadOptionsHandle ReadOptions { get; }

    /// <summary>For reads of many keys once: they do not push hot blocks out of the cache.</summary>
    public ReadOptionsHandle ScanOptions { get; }

    public EnvOptionsHandle EnvOptions { get; }

    public IngestOptionsHandle IngestOptions { get; }

    public WriteOptionsHandle WriteOptions { get; }

    public FlushOptionsHandle FlushOptions { get; }

    /// <summary>Bytes of the shared cache in use: blocks, indexes and filters of every database.</summary>
    public long CacheUsageBytes => (long)rocksdb_cache_get_usage(cache.Value);

    public void Dispose()
    {
        Options.Dispose();
        ReadOptions.Dispose();
        ScanOptions.Dispose();
        EnvOptions.Dispose();
        IngestOptions.Dispose();
        WriteOptions.Dispose();
        FlushOptions.Dispose();
        cache.Dispose();
    }

    private static OptionsHandle CreateOptions(StateStoreOptions settings, CacheHandle cache)
    {
        var handle = new OptionsHandle();
        var options = handle.Value;
        rocksdb_options_set_create_if_missing(options, 1);
        rocksdb_options_set_info_log_level(options, WarnLogLevel);
        rocksdb_options_set_max_log_file_size(options, 4 << 20);
        rocksdb_options_set_keep_log_file_num(options, 2);
        rocksdb_options_set_stats_dump_period_sec(options, 0);
        rocksdb_options_set_max_manifest_file_size(options, 16 << 20);
        rocksdb_options_set_manifest_preallocation_size(options, 64 << 10);
        rocksdb_options_set_max_open_files(options, settings.MaximumOpenFileCount);
        rocksdb_options_set_max_file_opening_threads(options, 1);
        rocksdb_options_set_skip_stats_update_on_db_open(options, 1);
        rocksdb_options_set_max_background_jobs(options, 2);
        rocksdb_options_set_bytes_per_sync(options, 1 << 20);
        rocksdb_options_set_compression(options, Lz4Compression);
        rocksdb_options_set_avoid_unnecessary_blocking_io(options, 1);
        // A batch goes into one memtable whatever its size, and the writer flushes after each.
        rocksdb_options_set_write_buffer_size(options, 64 << 20);
        rocksdb_options_set_max_write_buffer_number(options, 2);
        SetCompaction(options);
        SetTableFormat(options, cache);
        return handle;
    }

    private static void SetCompaction(nint options)
    {
        var universal = rocksdb_universal_compaction_options_create();
        rocksdb_universal_compaction_options_set_size_ratio(universal, 10);
        rocksdb_universal_compaction_options_set_max_size_amplification_percent(universal, 100);
        rocksdb_options_set_compaction_style(options, UniversalCompaction);
        rocksdb_options_set_universal_compaction_options(options, universal);
        rocksdb_universal_compaction_options_destroy(universal);
        rocksdb_options_set_level0_file_num_compaction_trigger(options, 4);
        rocksdb_options_set_level0_slowdown_writes_trigger(options, NeverStall);
        rocksdb_options_set_level0_stop_writes_trigger(options, NeverStall);
    }

    private static void SetTableFormat(nint options, CacheHandle cache)
    {
        var table = rocksdb_block_based_options_create();
        rocksdb_block_based_options_set_block_cache(table, cache.Value);
        rocksdb_block_based_options_set_block_size(table, 8 << 10);
        rocksdb_block_based_options_set_format_version(table, 5);
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(BloomBitsPerKey));
        // Indexes and filters stay with their open file, not in the cache: a filter is one block of megabytes, and a
        // cache that cannot hold it reads it again for every get. They take some 1.3 bytes a key; see
        // RocksDatabase.TableReaderBytes.
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 0);
        rocksdb_options_set_block_based_table_factory(options, table);
        rocksdb_block_based_options_destroy(table);
    }

    private static void SetBackgroundThreads()
    {
        var env = rocksdb_create_default_env();
        rocksdb_env_set_low_priority_background_threads(env, 1);
        rocksdb_env_set_high_priority_background_threads(env, 1);
        rocksdb_env_destroy(env);
    }
}
