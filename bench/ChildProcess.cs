using System.Diagnostics;
using System.Text;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>A process that a benchmark starts, times and kills; its last words are kept for the error text.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptCharacters = 8_192;
    private readonly Process process;
    private readonly StringBuilder said = new();
    private readonly Lock gate = new();
    private bool isDisposed;

    private ChildProcess(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public string Said
    {
        get
        {
            lock (gate)
            {
                return said.ToString();
            }
        }
    }

    /// <summary>Starts this very program with other arguments.</summary>
    public static ChildProcess Alloc(params string[] arguments) =>
        new(Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown."),
            arguments, null);

    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        new(program, arguments, environment);

    /// <summary>Runs a program to its end and returns what it said.</summary>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await using var child = Start(program, arguments);
        await child.process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return child.process.ExitCode == 0
            ? child.Said
            : throw AllocException.Failed($"{program} ended with {child.process.ExitCode}:\n{child.Said}");
    }

    /// <summary>Waits for a condition; fails with the child's last words when it ends or the time is over.</summary>
    public async Task WaitForAsync(
        Func<Task<bool>> condition, TimeSpan deadline, string what, CancellationToken cancellation,
        TimeSpan? every = null)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(deadline);
        using var ticks = new PeriodicTimer(every ?? TimeSpan.FromMilliseconds(5));
        while (!await condition().ConfigureAwait(false))
        {
            if (process.HasExited)
            {
                throw AllocException.Failed(
                    $"The process that was to become {what} ended with {process.ExitCode}:\n{Said}");
            }
            try
            {
                await ticks.WaitForNextTickAsync(timer.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw AllocException.Unavailable($"Not {what} within {DurationWords.Show(deadline)}:\n{Said}");
            }
        }
    }

    /// <summary>Kills it outright, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
        await process.WaitForExitAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }
        isDisposed = true;
        await KillAsync().ConfigureAwait(false);
        process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }
        lock (gate)
        {
            said.AppendLine(line);
            if (said.Length > KeptCharacters)
            {
                said.Remove(0, said.Length - KeptCharacters);
            }
        }
    }
}
