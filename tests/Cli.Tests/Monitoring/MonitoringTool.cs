using System.Diagnostics;
using Alloc.Tests.Support;

namespace Cli.Tests.Monitoring;

/// <summary>A run of one of Prometheus' or Alertmanager's own tools.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Out">Its standard output.</param>
/// <param name="Said">That, and its standard error.</param>
internal sealed record MonitoringTool(int ExitCode, string Out, string Said)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>Runs it; skips the test where it is not at hand.</summary>
    public static async Task<MonitoringTool> RunAsync(string program, params string[] arguments)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var path = Installed.Monitor(program);
        Assert.SkipUnless(path is not null, $"{program} is not installed: make deps unpacks Debian's");
        var start = new ProcessStartInfo(path!, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation).WaitAsync(Deadline, cancellation);
        return new MonitoringTool(process.ExitCode, await output, $"{await output}{await error}");
    }
}
