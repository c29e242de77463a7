using System.Diagnostics.CodeAnalysis;
using Alloc.Engine.Processing;
using static Alloc.Engine.State.RocksDb.RocksDbNative;

namespace Alloc.Engine.State.RocksDb;

/// <summary>
/// One task's database: one column family, no write-ahead log (the log of the topic is it), two ways of writing.
/// </summary>
/// <remarks>
/// A database is written in one way from its opening to its closing. A memtable that ingested files would overtake
/// cannot exist at the opening: it was flushed when the database was closed, and is gone, with its position, after a
/// crash.
/// </remarks>
internal sealed unsafe class RocksDatabase : IStateDatabase
{
    private readonly RocksDbEnvironment environment;
    private readonly DatabaseHandle handle;
    private readonly string directory;
    private readonly string stagingDirectory;
    private readonly TaskId task;
    private int stagedCount;

    private RocksDatabase(
        RocksDbEnvironment environment, DatabaseHandle handle, string directory, string stagingDirectory, TaskId task)
    {
        this.task = task;
        this.environment = environment;
        this.handle = handle;
        this.directory = directory;
        this.stagingDirectory = stagingDirectory;
    }

    /// <summary>Told of damage, on the thread that met it.</summary>
    public Action<TaskCorruptedException>? Damaged { get; set; }

    /// <inheritdoc/>
    public bool IsBehind => Property("rocksdb.num-files-at-level0") >= environment.StateOptions.MaximumLevel0FileCount;

    /// <inheritdoc/>
    public long TableReaderBytes => Property("rocksdb.estimate-table-readers-mem");

    /// <summary>Opens a database, a new one if there is none.</summary>
    /// <param name="environment">What databases share.</param>
    /// <param name="directory">The database's own directory.</param>
    /// <param name="stagingDirectory">An empty directory on the same file system, for files under way into the
    /// database.</param>
    /// <param name="task">The task whose database it is.</param>
    /// <exception cref="TaskCorruptedException">The database is damaged.</exception>
    /// <exception cref="StateStoreException">It cannot be opened for another reason.</exception>
    public static RocksDatabase Open(
        RocksDbEnvironment environment, string directory, string stagingDirectory, TaskId task)
    {
        var db = rocksdb_open(environment.Options.Value, directory, out var error);
        RocksDbError.Check(error, RocksDbError.Opening, directory, task);
        return new RocksDatabase(environment, new DatabaseHandle(db), directory, stagingDirectory, task);
    }

    /// <summary>Throws what an error means, and tells of damage.</summary>
    internal void Check(nint error, string operation)
    {
        try
        {
            RocksDbError.Check(error, operation, directory, task);
        }
        catch (TaskCorruptedException damage)
        {
            Damaged?.Invoke(damage);
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryGet<TValue>(
        ReadOnlySpan<byte> key, IDeserializer<TValue> deserializer, [MaybeNullWhen(false)] out TValue value)
        where TValue : class
    {
        nint slice;
        nint error;
        fixed (byte* keyStart = key)
        {
            slice = rocksdb_get_pinned(
                handle.Value, environment.ReadOptions.Value, keyStart, (nuint)key.Length, out error);
        }
        if (error != 0)
        {
            Check(error, RocksDbError.Reading);
        }
        if (slice == 0)
        {
            value = null;
            return false;
        }
        try
        {
            // Valid until the slice is destroyed, and not a moment longer.
            var start = rocksdb_pinnableslice_value(slice, out var size);
            value = deserializer.Deserialize(new ReadOnlySpan<byte>(start, checked((int)size)));
            return true;
        }
        finally
        {
            rocksdb_pinnableslice_destroy(slice);
        }
    }

    /// <inheritdoc/>
    public IDatabaseCursor CreateCursor() =>
        new RocksDbCursor(IteratorHandle.Create(handle, environment.ScanOptions.Value), this);

    /// <inheritdoc/>
    public IRunWriter BeginRun() => environment.StateOptions.WritePath == StateWritePath.Ingest
        ? new FileRunWriter(this, Path.Combine(stagingDirectory, $"{stagedCount++:D6}.sst"))
        : new BatchRunWriter(this);

    /// <inheritdoc/>
    public bool WriteCheckpoint(string directory, StatePosition position, Func<bool>? isStillWanted) =>
        CheckpointFiles.Write(environment.Files, directory, position, CopyTo, isStillWanted);

    /// <summary>Closes the database when the last cursor is gone.</summary>
    public void Dispose() => handle.Dispose();

    private long Property(string name) =>
        rocksdb_property_int(handle.Value, name, out var value) == 0 ? (long)value : 0;

    /// <summary>
    /// Links the database's files into a directory, or copies them to another file system; flushes the memtable first.
    /// </summary>
    private void CopyTo(string target)
    {
        var checkpoint = rocksdb_checkpoint_object_create(handle.Value, out var error);
        Check(error, "Taking a checkpoint of");
        try
        {
            rocksdb_checkpoint_create(checkpoint, target, 0, out error);
            Check(error, "Taking a checkpoint of");
        }
        finally
        {
            rocksdb_checkpoint_object_destroy(checkpoint);
        }
    }

    private sealed class FileRunWriter : IRunWriter
    {
        private readonly RocksDatabase database;
        private readonly string path;
        private readonly FileWriterHandle writer;
        private bool isComplete;

        public FileRunWriter(RocksDatabase database, string path)
        {
            this.database = database;
            this.path = path;
            writer = new FileWriterHandle(database.environment.EnvOptions, database.environment.Options);
            rocksdb_sstfilewriter_open(writer.Value, path, out var error);
            Check(error);
        }

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            nint error;
            fixed (byte* keyStart = key)
            fixed (byte* valueStart = value)
            {
                rocksdb_sstfilewriter_put(
                    writer.Value, keyStart, (nuint)key.Length, valueStart, (nuint)value.Length, out error);
            }
            Check(error);
        }

        public void Delete(ReadOnlySpan<byte> key)
        {
            nint error;
            fixed (byte* keyStart = key)
            {
                rocksdb_sstfilewriter_delete(writer.Value, keyStart, (nuint)key.Length, out error);
            }
            Check(error);
        }

        public void Complete()
        {
            rocksdb_sstfilewriter_finish(writer.Value, out var error);
            Check(error);
            fixed (byte* pathStart = NullTerminated(path))
            {
                var paths = pathStart;
                rocksdb_ingest_external_file(
                    database.handle.Value, &paths, 1, database.environment.IngestOptions.Value, out error);
            }
            Check(error);
            isComplete = true;
        }

        public void Dispose()
        {
            writer.Dispose();
            if (!isComplete)
            {
                database.environment.Files.DeleteFile(path);
            }
        }

        private static byte[] NullTerminated(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text), 0];

        private void Check(nint error) => database.Check(error, "Writing");
    }

    private sealed class BatchRunWriter(RocksDatabase database) : IRunWriter
    {
        private readonly WriteBatchHandle batch = new();

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            fixed (byte* keyStart = key)
            fixed (byte* valueStart = value)
            {
                rocksdb_writebatch_put(batch.Value, keyStart, (nuint)key.Length, valueStart, (nuint)value.Length);
            }
        }

        public void Delete(ReadOnlySpan<byte> key)
        {
            fixed (byte* keyStart = key)
            {
                rocksdb_writebatch_delete(batch.Value, keyStart, (nuint)key.Length);
            }
        }

        /// <summary>
        /// One batch enters one memtable as a whole, so that a flush, RocksDB's own too, never parts data and position.
        /// </summary>
        public void Complete()
        {
            rocksdb_write(database.handle.Value, database.environment.WriteOptions.Value, batch.Value, out var error);
            database.Check(error, "Writing");
            rocksdb_flush(database.handle.Value, database.environment.FlushOptions.Value, out error);
            database.Check(error, "Writing");
        }

        public void Dispose() => batch.Dispose();
    }
}
