using System.Buffers;

namespace Alloc.Engine.State;

/// <summary>
/// The layout of a checkpoint: a directory with the database's files and, beside them, the position that it covers.
/// </summary>
internal static class CheckpointFiles
{
    /// <summary>
    /// Written last, so that a checkpoint without it is not whole. The database holds the same position.
    /// </summary>
    private const string PositionFileName = "POSITION";

    private const string DatabaseFolderName = "db";

    /// <summary>What the names of checkpoints end with that are not whole.</summary>
    private const string PartialEnding = ".partial";

    /// <summary>
    /// Writes a checkpoint under a temporary name, nobody else's, and renames it when it is whole and still wanted.
    /// </summary>
    /// <returns>False when it was not wanted any more.</returns>
    /// <exception cref="IOException">The disk failed, or the directory exists.</exception>
    public static bool Write(
        IFileSystem files, string directory, StatePosition position, Action<string> writeDatabase,
        Func<bool>? isStillWanted)
    {
        if (files.DirectoryExists(directory))
        {
            throw new IOException($"There is a checkpoint in {directory} already.");
        }
        // The directory may be shared: two instances can be at one position, the one that had the task and the one that
        // has it.
        var partial = $"{directory}.{Environment.MachineName}-{Environment.ProcessId}{PartialEnding}";
        files.DeleteDirectory(partial);
        files.CreateDirectory(partial);
        try
        {
            writeDatabase(Path.Combine(partial, DatabaseFolderName));
            var buffer = new ArrayBufferWriter<byte>();
            position.Write(buffer);
            files.WriteAllBytes(Path.Combine(partial, PositionFileName), buffer.WrittenSpan);
            if (isStillWanted?.Invoke() == false)
            {
                files.DeleteDirectory(partial);
                return false;
            }
            files.Move(partial, directory);
            return true;
        }
        catch
        {
            files.DeleteDirectory(partial);
            throw;
        }
    }

    /// <summary>The position of a checkpoint; null when there is none, or none that is whole.</summary>
    public static StatePosition? ReadPosition(IFileSystem files, string directory)
    {
        var path = Path.Combine(directory, PositionFileName);
        if (!files.FileExists(path))
        {
            return null;
        }
        try
        {
            return StatePosition.Read(files.ReadAllBytes(path));
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Copies a checkpoint's database to a task's; done as a whole or not at all.</summary>
    public static void Install(IFileSystem files, string directory, string databaseDirectory)
    {
        var partial = databaseDirectory + ".partial";
        files.DeleteDirectory(partial);
        files.CreateDirectory(partial);
        foreach (var file in files.EnumerateFiles(Path.Combine(directory, DatabaseFolderName)))
        {
            var copy = Path.Combine(partial, Path.GetFileName(file));
            if (!file.EndsWith(".sst", StringComparison.Ordinal) || !files.TryLinkFile(file, copy))
            {
                files.CopyFile(file, copy);
            }
        }
        files.DeleteDirectory(databaseDirectory);
        files.Move(partial, databaseDirectory);
    }
}
