using Alloc.Client;

namespace Alloc.Bench.Truth;

/// <summary>Commands of <c>alloc</c> on the cluster of a run, as people give them.</summary>
internal static class AllocCommand
{
    /// <summary>Runs one to its end.</summary>
    public static Task RunAsync(
        AllocClientOptions settings, CancellationToken cancellation, params string[] arguments) =>
        ChildProcess.RunAsync(
            Environment.ProcessPath!,
            [
                .. arguments, "--bootstrap", settings.Bootstrap, "--registry", settings.Registry.ToString(),
                "--topic-prefix", settings.TopicPrefix,
            ], cancellation);
}
