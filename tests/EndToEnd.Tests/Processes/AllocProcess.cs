using System.Diagnostics;
using Alloc.Tests.Support;

namespace EndToEnd.Tests.Processes;

/// <summary>What a finished process left behind.</summary>
internal sealed record ProcessResult(int ExitCode, string Out, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Out}\n{Error}";
}

/// <summary>
/// The built <c>alloc</c> as a child process: started, watched, killed outright. Every wait has a deadline, and fails
/// with what the process has said so far.
/// </summary>
internal sealed class AllocProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly List<string> outLines = [];
    private readonly List<string> errorLines = [];
    private readonly Lock gate = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly Task readers;
    private bool isDisposed;

    private AllocProcess(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["NO_COLOR"] = "1";
        start.Environment["DOTNET_gcServer"] = "0";
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }
        process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        Leash.Hold(process.Id);
        process.StandardInput.Close();
        readers = Task.WhenAll(Read(process.StandardOutput, outLines), Read(process.StandardError, errorLines));
    }

    /// <summary>The executable that was built with the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "alloc");

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Everything said so far, on both streams.</summary>
    public string Said
    {
        get
        {
            lock (gate)
            {
                return $"--- out\n{string.Join('\n', outLines)}\n--- error\n{string.Join('\n', errorLines)}";
            }
        }
    }

    public static AllocProcess Start(params string[] arguments) => new(Program, arguments, null);

    /// <summary>Starts it with settings from the environment, as a container does.</summary>
    public static AllocProcess StartIn(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new(Program, arguments, environment);

    /// <summary>Starts another program that in turn starts alloc: <c>prlimit</c>, for instance.</summary>
    public static AllocProcess StartWith(string program, IEnumerable<string> arguments) =>
        new(program, arguments, null);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<ProcessResult> RunAsync(TimeSpan deadline, params string[] arguments)
    {
        await using var child = Start(arguments);
        return await child.WaitForExitAsync(deadline);
    }

    /// <summary>A port that stays free for this test, also while its server is down.</summary>
    public static int FreePort() => LeasedPorts.Take();

    /// <summary>Waits until a line of either stream contains the text, and returns the line.</summary>
    public async Task<string> WaitForLineAsync(string text, TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        while (true)
        {
            lock (gate)
            {
                var line = outLines.Concat(errorLines).FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal));
                if (line is not null)
                {
                    return line;
                }
            }
            if (process.HasExited && readers.IsCompleted)
            {
                Assert.Fail($"alloc ended with {process.ExitCode} before it said '{text}':\n{Said}");
            }
            try
            {
                await changed.WaitAsync(TimeSpan.FromMilliseconds(200), timer.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"alloc did not say '{text}' within {deadline.TotalSeconds:0} s:\n{Said}");
            }
        }
    }

    public async Task<ProcessResult> WaitForExitAsync(TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        try
        {
            await process.WaitForExitAsync(timer.Token);
            await readers.WaitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"alloc still ran after {deadline.TotalSeconds:0} s:\n{Said}");
        }
        return new ProcessResult(process.ExitCode, string.Join('\n', outLines), string.Join('\n', errorLines));
    }

    /// <summary>Kills it outright, as a crash would, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
        {
            NativeSignal.Send(process.Id, NativeSignal.Kill);
        }
        await process.WaitForExitAsync();
    }

    public void Signal(int signal) => NativeSignal.Send(process.Id, signal);

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }
        isDisposed = true;
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        Leash.Let(process.Id);
        process.Dispose();
        changed.Dispose();
    }

    private async Task Read(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (gate)
            {
                lines.Add(line);
            }
            changed.Release();
        }
    }
}
