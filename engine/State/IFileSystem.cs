namespace Alloc.Engine.State;

/// <summary>
/// The files that the engine itself reads and writes, as a seam: a simulation fails and loses them at will.
/// </summary>
public interface IFileSystem
{
    bool FileExists(string path);

    bool DirectoryExists(string path);

    void CreateDirectory(string path);

    /// <summary>Deletes a directory with all it holds; nothing if there is none.</summary>
    void DeleteDirectory(string path);

    void DeleteFile(string path);

    /// <summary>Renames a directory or a file; on the same file system this is atomic.</summary>
    void Move(string source, string destination);

    /// <summary>Copies a file and makes the copy durable.</summary>
    void CopyFile(string source, string destination);

    /// <summary>Gives a file that is never written again a second name.</summary>
    /// <returns>False where that is not possible, as across file systems: copy it then.</returns>
    bool TryLinkFile(string source, string destination) => false;

    IReadOnlyList<string> EnumerateFiles(string directory);

    IReadOnlyList<string> EnumerateDirectories(string directory);

    string ReadAllText(string path);

    byte[] ReadAllBytes(string path);

    /// <summary>Writes a file anew, durable when the call returns, never seen half written.</summary>
    void WriteAllBytes(string path, ReadOnlySpan<byte> content);

    /// <summary>Takes an exclusive lock that ends with the process; null if another holder has it.</summary>
    IDisposable? TryLock(string path);
}
