using System.Runtime.InteropServices;

namespace EndToEnd.Tests.Processes;

/// <summary>The signals that a process cannot catch: what a crash and a stall look like from outside.</summary>
internal static partial class NativeSignal
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int processId, int signal)
    {
        if (SendSignal(processId, signal) != 0)
        {
            throw new InvalidOperationException(
                $"signal {signal} to process {processId} failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
