using System.Runtime.InteropServices;
using Alloc.Client;

namespace Alloc.Bench;

/// <summary>Stops a process where it is, and lets it go on: it keeps what it has, and uses no core meanwhile.</summary>
internal static partial class ProcessPause
{
    // Of Linux: signal(7).
    private const int Continue = 18;
    private const int Stop = 19;

    /// <summary>Runs work while a process of ours stands still.</summary>
    /// <exception cref="AllocException">The system does not let it.</exception>
    public static void During(int processId, Action work)
    {
        Send(processId, Stop);
        try
        {
            work();
        }
        finally
        {
            Send(processId, Continue);
        }
    }

    private static void Send(int processId, int signal)
    {
        if (SendSignal(processId, signal) != 0)
        {
            throw AllocException.Failed(
                $"Process {processId} cannot be paused: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
