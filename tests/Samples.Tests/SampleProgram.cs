using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Samples;

/// <summary>A sample as it was built, in its own folder: it runs with no more than it brings itself.</summary>
internal static class SampleProgram
{
    /// <summary>Runs a sample to its end.</summary>
    /// <param name="folder">Its folder below samples/.</param>
    /// <param name="program">The name of its program.</param>
    /// <param name="deadline">How long it may take.</param>
    /// <param name="arguments">What it is given.</param>
    public static async Task<ProcessResult> RunAsync(
        string folder, string program, TimeSpan deadline, params string[] arguments)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output;
        while (!File.Exists(Path.Combine(root.FullName, "Streams.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("Streams.sln is not above the test's folder.");
        }
        // bin/<configuration>/<framework>, as the tests themselves were built.
        await using var sample = AllocProcess.StartWith(
            Path.Combine(root.FullName, "samples", folder, "bin", output.Parent!.Name, output.Name, program),
            arguments);
        return await sample.WaitForExitAsync(deadline);
    }
}
