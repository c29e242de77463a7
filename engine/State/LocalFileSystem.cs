using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Alloc.Engine.State;

/// <summary>The machine's own files.</summary>
public sealed partial class LocalFileSystem : IFileSystem
{
    private const int ReadOnly = 0;

    /// <summary>The one instance: it has no state.</summary>
    public static LocalFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <inheritdoc/>
    public void DeleteFile(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void Move(string source, string destination)
    {
        if (Directory.Exists(source))
        {
            Directory.Move(source, destination);
        }
        else
        {
            File.Move(source, destination, overwrite: true);
        }
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(destination))!);
    }

    /// <inheritdoc/>
    public void CopyFile(string source, string destination)
    {
        using var input = new FileStream(
            source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var output = new FileStream(destination, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        input.CopyTo(output, 1 << 20);
        output.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public bool TryLinkFile(string source, string destination) =>
        !OperatingSystem.IsWindows() && Link(source, destination) == 0;

    /// <inheritdoc/>
    public IReadOnlyList<string> EnumerateFiles(string directory) =>
        [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyList<string> EnumerateDirectories(string directory) =>
        [.. Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public string ReadAllText(string path) => File.ReadAllText(path);

    /// <inheritdoc/>
    public byte[] ReadAllBytes(string path) => File.ReadAllBytes(path);

    /// <inheritdoc/>
    public void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        var partial = path + ".partial";
        using (var output = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            output.Write(content);
            output.Flush(flushToDisk: true);
        }
        Move(partial, path);
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        try
        {
            // FileShare.None is an exclusive lock of the operating system, which lets go of it when the process ends.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Makes names in a directory durable, which a file's own flush does not.</summary>
    private static void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
        {
            throw Failure(directory);
        }
        try
        {
            if (Sync(descriptor) != 0)
            {
                throw Failure(directory);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string directory) =>
        new($"{directory} cannot be made durable: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Link(string source, string destination);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
