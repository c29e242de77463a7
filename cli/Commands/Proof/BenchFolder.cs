using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Proof;

/// <summary>Where a benchmark keeps its data while it runs: a folder that was named and stays, or one that
/// goes.</summary>
internal sealed class BenchFolder : IDisposable
{
    private readonly DirectoryInfo? temporary;

    public BenchFolder(CommandContext context)
    {
        var named = context.Get(BenchCommand.Work);
        temporary = named is null ? Directory.CreateTempSubdirectory("alloc-bench-") : null;
        Path = temporary?.FullName ?? System.IO.Path.GetFullPath(named!);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public void Dispose() => temporary?.Delete(recursive: true);
}
