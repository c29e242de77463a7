using Microsoft.Win32.SafeHandles;

namespace Alloc.Broker.Storage;

/// <summary>The two operations of the disk that can fail at any time: tests put failures here.</summary>
internal class Disk
{
    /// <summary>Writes all of <paramref name="bytes"/> at <paramref name="position"/>.</summary>
    /// <exception cref="IOException">No space is left, or the device failed; part of the bytes may be
    /// written.</exception>
    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position) =>
        RandomAccess.Write(file, bytes, position);

    /// <summary>Waits until everything written to the file is on stable storage.</summary>
    /// <exception cref="IOException">It may not be; nothing that was not synced before can be trusted.</exception>
    public virtual void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>Waits until a directory's entries (files created, renamed or removed in it) are on stable
    /// storage.</summary>
    public virtual void SyncDirectory(string directory) => Posix.SyncDirectory(directory);
}
