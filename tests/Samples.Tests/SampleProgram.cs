using EndToEnd.Tests.Processes;

[assembly: AssemblyFixture(typeof(SharedDev))]

namespace Samples.Tests;

/// <summary>A sample as it was built, in its own folder: it runs with no more than it brings itself.</summary>
internal static class SampleProgram
{
    /// <summary>The longest that a run may take on a busy machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory);

    /// <summary>The folder of the samples.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>Starts a sample in C#.</summary>
    /// <param name="folder">Its folder below samples/.</param>
    /// <param name="program">The name of its program.</param>
    /// <param name="arguments">What it is given.</param>
    // bin/<configuration>/<framework>, as the tests themselves were built.
    public static AllocProcess Start(string folder, string program, params string[] arguments) =>
        AllocProcess.StartWith(
            Path.Combine(Folder, folder, "bin", Output.Parent!.Name, Output.Name, program), arguments);

    /// <summary>Runs one to its end.</summary>
    public static async Task<ProcessResult> RunAsync(string folder, string program, params string[] arguments)
    {
        await using var sample = Start(folder, program, arguments);
        return await sample.WaitForExitAsync(Deadline);
    }

    private static string FindFolder()
    {
        var root = Output;
        while (!File.Exists(Path.Combine(root.FullName, "Streams.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("Streams.sln is not above the test's folder.");
        }
        return Path.Combine(root.FullName, "samples");
    }
}
