using System.Diagnostics;
using System.Text.Json;
using Alloc.Schemas.Avro;

namespace Schemas.Tests.Interop;

/// <summary>Another implementation of Avro, as a child process: Debian's python3-avro.</summary>
internal sealed class PythonAvro : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly Process process;

    private PythonAvro(Process process) => this.process = process;

    public static PythonAvro StartOrSkip()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed.");
        Assert.SkipUnless(
            Run("-c", "import avro.schema, avro.io") == 0, "python3-avro is not installed (make deps installs it).");
        var script = Path.Combine(AppContext.BaseDirectory, "Interop", "avro_peer.py");
        return new PythonAvro(Process.Start(new ProcessStartInfo(Python, [script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(5_000))
        {
            process.Kill();
        }
        process.Dispose();
    }

    /// <summary>What it makes of the bytes: read as the writer's schema, written as the reader's.</summary>
    public Answer Convert(AvroSchema writer, AvroSchema reader, ReadOnlySpan<byte> bytes)
    {
        var request =
            new { writer = writer.ToString(), reader = reader.ToString(), bytes = System.Convert.ToHexString(bytes) };
        process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        process.StandardInput.Flush();
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("python3-avro ended.");
        using var answer = JsonDocument.Parse(line);
        return answer.RootElement.TryGetProperty("error", out var error)
            ? new Answer(null, null, error.GetString())
            : new Answer(
                System.Convert.FromHexString(answer.RootElement.GetProperty("bytes").GetString()!),
                answer.RootElement.GetProperty("canonical").GetString(), null);
    }

    private static int Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <param name="Bytes">The bytes that it writes; null when it refuses.</param>
    /// <param name="Canonical">The writer's schema in canonical form.</param>
    /// <param name="Error">Why it refuses.</param>
    public sealed record Answer(byte[]? Bytes, string? Canonical, string? Error);
}
