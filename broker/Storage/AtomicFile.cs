namespace Alloc.Broker.Storage;

/// <summary>Replaces small files so that a crash leaves the old contents or the new ones.</summary>
internal static class AtomicFile
{
    /// <summary>Writes <paramref name="contents"/> to stable storage under <paramref name="path"/>.</summary>
    public static void Write(Disk disk, string path, ReadOnlySpan<byte> contents)
    {
        Replace(disk, path, contents, isSynced: true);
        disk.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes <paramref name="contents"/> to the operating system only; the caller has the file and its
    /// directory synced.</summary>
    public static void WriteUnsynced(Disk disk, string path, ReadOnlySpan<byte> contents) =>
        Replace(disk, path, contents, isSynced: false);

    private static void Replace(Disk disk, string path, ReadOnlySpan<byte> contents, bool isSynced)
    {
        var temporary = path + ".new";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            disk.Write(file, contents, 0);
            if (isSynced)
            {
                disk.Sync(file);
            }
        }
        File.Move(temporary, path, overwrite: true);
    }
}
