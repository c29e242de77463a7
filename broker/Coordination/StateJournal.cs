using System.Buffers.Binary;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;
using Microsoft.Win32.SafeHandles;

namespace Alloc.Broker.Coordination;

/// <summary>
/// The coordinators' durable log: one file, <c>state-N.journal</c>, that opens with a snapshot of all state and goes on
/// with one record per change. When changes outgrow the snapshot the owner begins file N + 1, and the old one is
/// removed once the new one is durable: recovery reads little and the directory stays small.
/// </summary>
/// <remarks>
/// <para>
/// One file for groups and transactions gives their changes one order, so that one fsync makes a decision durable
/// together with the pending offsets it decides on.
/// </para>
/// <para>
/// A record is <c>magic int16, crc int32, size int32, durable int64, payload</c>; the CRC-32C covers what follows it,
/// and <c>durable</c> is how far the file was known to be on disk when the record was appended. It tells a torn tail
/// (cut off) from damage to what was promised (refused): a record that cannot be read is damage if a later one can and
/// says that the file was durable beyond it, or if the machine has not restarted since.
/// </para>
/// <para>All but <see cref="Sync"/> belongs to the owner loop.</para>
/// </remarks>
internal sealed class StateJournal : IStateJournal, IDisposable
{
    internal const int FrameSize = 18;
    internal const short Magic = unchecked((short)0xA10C);
    private const int FormatVersion = 1;
    private const long MinimumRewriteBytes = 1 << 20;
    private readonly string directory;
    private readonly Disk disk;
    private readonly Lock fileLock = new();
    private SafeFileHandle file;
    private string path;
    private string[] superseded = [];
    private byte[] frame = new byte[512];
    private long number;
    private long position;
    private long snapshotSize;
    private long durable;

    private StateJournal(string directory, Disk disk, long number, SafeFileHandle file, string path)
    {
        this.directory = directory;
        this.disk = disk;
        this.number = number;
        this.file = file;
        this.path = path;
    }

    /// <summary>Bytes in the current file.</summary>
    public long Size => position;

    /// <summary>True when the changes outweigh the snapshot so far that <see cref="Rewrite"/> pays.</summary>
    public bool WantsRewrite =>
        position - snapshotSize > Math.Max(MinimumRewriteBytes, 4 * snapshotSize)
            && Volatile.Read(ref superseded).Length == 0;

    /// <summary>
    /// Opens the journal in a directory, handing each record of it to <paramref name="replay"/> in order.
    /// </summary>
    /// <param name="directory">Created if absent.</param>
    /// <param name="disk">Writes and syncs.</param>
    /// <param name="mode">Whether un-synced writes may be missing.</param>
    /// <param name="replay">Called for each record but the journal's own.</param>
    /// <exception cref="JournalDamagedException">A record that was durable cannot be read.</exception>
    public static StateJournal Open(string directory, Disk disk, RecoveryMode mode, JournalReplay replay)
    {
        Directory.CreateDirectory(directory);
        var files = JournalFile.List(directory);
        for (var i = files.Count - 1; i >= 0; i--)
        {
            // A file without the end of its snapshot was being begun at the crash: the one before it is whole.
            var found = JournalFile.Read(files[i].Path, mode);
            if (found.HasSnapshot)
            {
                return Resume(directory, disk, files, i, found, replay);
            }
        }

        var number = files.Count == 0 ? 1 : files[^1].Number + 1;
        var path = JournalFile.PathOf(directory, number);
        var journal = new StateJournal(directory, disk, number, Create(path), path);
        journal.Begin(static _ => { });
        journal.Sync();
        disk.SyncDirectory(directory);
        return journal;
    }

    /// <inheritdoc />
    public void Append(ReadOnlySpan<byte> record)
    {
        var size = FrameSize + record.Length;
        if (frame.Length < size)
        {
            frame = new byte[int.Max(size, 2 * frame.Length)];
        }

        BinaryPrimitives.WriteInt16BigEndian(frame, Magic);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(6), record.Length);
        BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(10), Volatile.Read(ref durable));
        record.CopyTo(frame.AsSpan(FrameSize));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(2), Crc32C.Compute(frame.AsSpan(6..size)));
        try
        {
            disk.Write(file, frame.AsSpan(0, size), position);
        }
        catch (IOException exception)
        {
            // What was written of it stands beyond the end and is overwritten by the next record.
            throw new StorageException($"{path} could not be written: {exception.Message}", exception);
        }

        position += size;
    }

    /// <summary>
    /// Waits until all that was appended before the call is on disk, and removes a file that it replaces.
    /// </summary>
    /// <exception cref="IOException">The disk failed: the process must stop, since what is in memory may never reach
    /// it.</exception>
    public void Sync()
    {
        lock (fileLock)
        {
            var end = Volatile.Read(ref position);
            disk.Sync(file);
            Volatile.Write(ref durable, end);
            if (superseded.Length > 0)
            {
                disk.SyncDirectory(directory);
                Array.ForEach(superseded, File.Delete);
                Volatile.Write(ref superseded, []);
            }
        }
    }

    /// <summary>Begins the next file with a snapshot; the one before stays until the new one is durable.</summary>
    /// <param name="snapshot">Appends every record that describes the state now.</param>
    /// <exception cref="StorageException">The disk did not take it; the journal goes on in the file it has.</exception>
    public void Rewrite(Action<IStateJournal> snapshot)
    {
        lock (fileLock)
        {
            var (oldFile, oldPath, oldPosition, oldDurable) = (file, path, position, durable);
            var nextPath = JournalFile.PathOf(directory, number + 1);
            file = Create(nextPath);
            try
            {
                (path, position) = (nextPath, 0);
                Volatile.Write(ref durable, 0);
                Begin(snapshot);
            }
            catch (StorageException)
            {
                file.Dispose();
                File.Delete(nextPath);
                (file, path, position) = (oldFile, oldPath, oldPosition);
                Volatile.Write(ref durable, oldDurable);
                throw;
            }

            oldFile.Dispose();
            number++;
            Volatile.Write(ref superseded, [.. superseded, oldPath]);
        }
    }

    public void Dispose() => file.Dispose();

    private static StateJournal Resume(
        string directory, Disk disk, List<(long Number, string Path)> files, int index, JournalFile found,
        JournalReplay replay)
    {
        foreach (var (start, size) in found.Records)
        {
            replay(found.Bytes.AsSpan(start, size));
        }

        var (number, path) = files[index];
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.SetLength(handle, found.ValidSize);

        // A newer file that was being begun goes now, since the next one takes its name; older ones once this one is
        // durable.
        foreach (var (_, unfinished) in files.Skip(index + 1))
        {
            File.Delete(unfinished);
        }

        return new StateJournal(directory, disk, number, handle, path)
        {
            position = found.ValidSize,
            snapshotSize = found.SnapshotSize,
            superseded = [.. files.Take(index).Select(f => f.Path)],
        };
    }

    private static SafeFileHandle Create(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} could not be made: {exception.Message}", exception);
        }
    }

    private void Begin(Action<IStateJournal> snapshot)
    {
        var writer = new RecordWriter();
        Append(writer.Start(JournalRecordKind.Header).Int32(FormatVersion).Written);
        snapshot(this);
        Append(writer.Start(JournalRecordKind.SnapshotEnd).Written);
        snapshotSize = position;
    }
}

/// <summary>Takes one record of the journal while it is recovered.</summary>
internal delegate void JournalReplay(ReadOnlySpan<byte> record);
