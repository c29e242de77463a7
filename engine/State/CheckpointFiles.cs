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

    /// <summary>Writes a checkpoint under a temporary name and renames it when it is whole.</summary>
    /// <exception cref="IOException">The disk failed, or the directory exists.</exception>
    public static void Write(IFileSystem files, string directory, StatePosition position, Action<string> writeDatabase)
    {
        if (files.DirectoryExists(directory))
        {
            throw new IOException($"There is a checkpoint in {directory} already.");
        }
        var partial = directory + ".partial";
        files.DeleteDirectory(partial);
        files.CreateDirectory(partial);
        try
        {
            writeDatabase(Path.Combine(partial, DatabaseFolderName));
            var buffer = new ArrayBufferWriter<byte>();
            position.Write(buffer);
            files.WriteAllBytes(Path.Combine(partial, PositionFileName), buffer.WrittenSpan);
            files.Move(partial, directory);
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
