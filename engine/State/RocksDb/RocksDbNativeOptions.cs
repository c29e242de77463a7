using System.Runtime.InteropServices;

namespace Alloc.Engine.State.RocksDb;

/// <summary>The part of the C interface that sets options.</summary>
internal static partial class RocksDbOptionsNative
{
    private const string Library = RocksDbNative.Library;

    [LibraryImport(Library)]
    internal static partial nint rocksdb_options_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_destroy(nint options);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_create_if_missing(nint options, byte value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_info_log_level(nint options, int level);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_max_log_file_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_keep_log_file_num(nint options, nuint count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_stats_dump_period_sec(nint options, uint seconds);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_max_open_files(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_max_file_opening_threads(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_skip_stats_update_on_db_open(nint options, byte value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_max_background_jobs(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_write_buffer_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_max_write_buffer_number(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_compaction_style(nint options, int style);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_universal_compaction_options(nint options, nint universalOptions);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_level0_file_num_compaction_trigger(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_level0_slowdown_writes_trigger(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_level0_stop_writes_trigger(nint options, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_compression(nint options, int type);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_bytes_per_sync(nint options, ulong bytes);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_max_manifest_file_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_manifest_preallocation_size(nint options, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_avoid_unnecessary_blocking_io(nint options, byte value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_options_set_block_based_table_factory(nint options, nint tableOptions);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_universal_compaction_options_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_universal_compaction_options_destroy(nint options);

    [LibraryImport(Library)]
    internal static partial void rocksdb_universal_compaction_options_set_size_ratio(nint options, int percent);

    [LibraryImport(Library)]
    internal static partial void rocksdb_universal_compaction_options_set_max_size_amplification_percent(
        nint options, int percent);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_block_based_options_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_block_based_options_destroy(nint options);

    [LibraryImport(Library)]
    internal static partial void rocksdb_block_based_options_set_block_cache(nint options, nint cache);

    [LibraryImport(Library)]
    internal static partial void rocksdb_block_based_options_set_block_size(nint options, nuint bytes);

    /// <summary>The table options own the filter policy from here on.</summary>
    [LibraryImport(Library)]
    internal static partial void rocksdb_block_based_options_set_filter_policy(nint options, nint filterPolicy);

    [LibraryImport(Library)]
    internal static partial void rocksdb_block_based_options_set_cache_index_and_filter_blocks(
        nint options, byte value);

    [LibraryImport(Library)]
    internal static partial void rocksdb_block_based_options_set_format_version(nint options, int version);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_filterpolicy_create_bloom_full(double bitsPerKey);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_lru_cache_options_create();

    [LibraryImport(Library)]
    internal static partial void rocksdb_lru_cache_options_destroy(nint options);

    [LibraryImport(Library)]
    internal static partial void rocksdb_lru_cache_options_set_capacity(nint options, nuint bytes);

    [LibraryImport(Library)]
    internal static partial void rocksdb_lru_cache_options_set_num_shard_bits(nint options, int bits);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_cache_create_lru_opts(nint options);

    [LibraryImport(Library)]
    internal static partial void rocksdb_cache_destroy(nint cache);

    [LibraryImport(Library)]
    internal static partial nuint rocksdb_cache_get_usage(nint cache);

    [LibraryImport(Library)]
    internal static partial nint rocksdb_create_default_env();

    [LibraryImport(Library)]
    internal static partial void rocksdb_env_set_low_priority_background_threads(nint env, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_env_set_high_priority_background_threads(nint env, int count);

    [LibraryImport(Library)]
    internal static partial void rocksdb_env_destroy(nint env);
}
