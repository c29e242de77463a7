using System.Diagnostics;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// Ends the processes that tests started when the test process ends, however it ends: a small shell in a session of its
/// own reads from a pipe that only the test process holds open, and at the end of the pipe kills what is still noted.
/// </summary>
internal static class Leash
{
    private const string Script = """
        pids=" "
        kafkas=
        while read -r what which; do
          case $what in
            hold) pids="$pids$which " ;;
            let) case $pids in *" $which "*) pids="${pids%%" $which "*} ${pids#*" $which "}" ;; esac ;;
            kafka) kafkas="$kafkas $which" ;;
          esac
        done
        for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
        for directory in $kafkas; do
          [ -f "$directory/kafka.pid" ] && kill -9 "$(cat "$directory/kafka.pid")" 2>/dev/null
        done
        exit 0
        """;

    private static readonly Lock Gate = new();
    private static readonly Process Shell = StartShell();

    /// <summary>Notes a process that runs.</summary>
    public static void Hold(int pid) => Tell($"hold {pid}");

    /// <summary>A process has ended; its number may soon be another's.</summary>
    public static void Let(int pid) => Tell($"let {pid}");

    /// <summary>
    /// Notes a folder of <c>kafka-up</c>; its file with the process number is there as long as Kafka runs.
    /// </summary>
    public static void HoldKafka(string directory) => Tell($"kafka {directory}");

    private static void Tell(string line)
    {
        lock (Gate)
        {
            Shell.StandardInput.WriteLine(line);
            Shell.StandardInput.Flush();
        }
    }

    private static Process StartShell()
    {
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true, UseShellExecute = false };
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        return Process.Start(start) ?? throw new InvalidOperationException("setsid did not start.");
    }
}
