namespace EndToEnd.Tests.Processes;

/// <summary>A directory that lives as long as its test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("alloc-e2e-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A child that was just killed may still hold a file; the system's temporary directory is cleaned anyway.
        }
    }
}
