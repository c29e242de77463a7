using System.Runtime.InteropServices;

namespace Alloc.Cli.CommandLine;

/// <summary>
/// Ctrl-C and SIGTERM ask the running command to finish; a second one ends the process at once, which no command needs
/// to survive any better than kill -9.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private static readonly TimeSpan Echo = TimeSpan.FromMilliseconds(300);
    private readonly CliHost host;
    private long firstAt;

    public Interrupts(CliHost host)
    {
        this.host = host;
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
        source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (source.IsCancellationRequested)
        {
            // A terminal and a supervisor may both pass on one Ctrl-C.
            if (host.Time.GetElapsedTime(firstAt) < Echo)
            {
                return;
            }
            host.Error.WriteLine("alloc: stopped at once");
            Environment.Exit(ExitCode.Interrupted);
        }
        firstAt = host.Time.GetTimestamp();
        source.Cancel();
    }
}
