using System.Diagnostics;
using Alloc.Tests.Support;

namespace Broker.Tests;

/// <summary>Runs somebody else's Kafka client as a process.</summary>
internal static class OtherClient
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    /// <summary>Runs a program to its end and returns its output; a failure fails the test with what it
    /// wrote.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string input = "")
    {
        var (exitCode, output, error) = await TryRunAsync(program, arguments, input);
        Assert.True(exitCode == 0, $"{program} ended with {exitCode}:\n{output}\n{error}");
        return output;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> TryRunAsync(
        string program, IEnumerable<string> arguments, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not finish:\n{await output}\n{await error}");
        }
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs one of Apache Kafka's tools; skips the test where they are not at hand.</summary>
    public static Task<string> RunKafkaToolAsync(string tool, IEnumerable<string> arguments, string input = "")
    {
        Assert.SkipUnless(Installed.KafkaHome is not null, "Apache Kafka's tools are not at hand: set KAFKA_HOME");
        return RunAsync(Path.Combine(Installed.KafkaHome!, "bin", "kafka-tool"), [tool, .. arguments], input);
    }

    /// <summary>Skips the test where a program is not installed.</summary>
    public static void Require(string program) =>
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
                .Any(p => File.Exists(Path.Combine(p, program))),
            $"{program} is not installed: make deps");

    /// <summary>Runs a script with the system's Python; skips the test where it lacks a module.</summary>
    public static async Task<string> RunPythonAsync(string module, string script, params string[] arguments)
    {
        const string python = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(python), $"{python} is not installed");
        var probe = await TryRunAsync(python, ["-c", $"import {module}"]);
        Assert.SkipUnless(probe.ExitCode == 0, $"Python has no module {module}: make deps");
        return await RunAsync(python, ["-c", script, .. arguments]);
    }
}
