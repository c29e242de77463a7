using System.Runtime.InteropServices;

namespace Alloc.Host.Roles;

/// <summary>Lets a thread stand back where others want the same cores.</summary>
internal static partial class StandBack
{
    private const int Process = 0;
    private const uint CallingThread = 0;

    /// <summary>
    /// About a third of the share of an ordinary thread, and the whole core where nobody else wants it.
    /// </summary>
    private const int Niceness = 5;

    /// <summary>
    /// The calling thread stands back from now on, and with it the threads that it makes. Searches and ages may be
    /// late, decisions may not. Where the system does not know it, nothing happens.
    /// </summary>
    public static void ForThisThread()
    {
        if (OperatingSystem.IsLinux())
        {
            // On Linux this is about one thread, not the process. A refusal costs nothing but the courtesy.
            _ = SetPriority(Process, CallingThread, Niceness);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
