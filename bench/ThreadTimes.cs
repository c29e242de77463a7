using System.Globalization;

namespace Alloc.Bench;

/// <summary>The processor time that a process and its threads have used, as Linux counts it: in hundredths.</summary>
/// <param name="Total">Of the process, threads that ended included.</param>
/// <param name="Threads">Of its threads that run, by name: the first 15 characters of it.</param>
internal sealed record ThreadTimes(TimeSpan Total, IReadOnlyList<(string Name, TimeSpan Time)> Threads)
{
    // What the kernel counts in for all who read it, whatever its own clock.
    private const double TicksPerSecond = 100;

    // Fields after the name: the state is the first; time in the program and time in the kernel follow each other.
    private const int ProgramField = 11;

    /// <summary>Reads them; nothing where the system does not say.</summary>
    public static ThreadTimes Read(int processId)
    {
        var process = $"/proc/{processId}";
        var threads = Directory.Exists(process + "/task") ? Directory.GetDirectories(process + "/task") : [];
        return new ThreadTimes(
            Stat(process) is { } all ? all.Time : TimeSpan.Zero,
            [.. threads.Select(Stat).OfType<(string Name, TimeSpan Time)>()]);
    }

    /// <summary>Time of the threads whose names begin so.</summary>
    public TimeSpan Of(string prefix) => Of(name => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Time of the threads that are chosen by their names.</summary>
    public TimeSpan Of(Func<string, bool> isChosen) => TimeSpan.FromSeconds(
        Threads.Where(t => isChosen(t.Name)).Sum(t => t.Time.TotalSeconds));

    /// <summary>A line of Linux's <c>stat</c>; a name may contain blanks and parentheses.</summary>
    public static (string Name, TimeSpan Time) Parse(string line)
    {
        var (open, close) = (line.IndexOf('(', StringComparison.Ordinal), line.LastIndexOf(')'));
        var fields = line[(close + 2)..].Split(' ');
        return (
            line[(open + 1)..close],
            TimeSpan.FromSeconds((Ticks(fields[ProgramField]) + Ticks(fields[ProgramField + 1])) / TicksPerSecond));
    }

    private static long Ticks(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    private static (string Name, TimeSpan Time)? Stat(string directory)
    {
        try
        {
            return Parse(File.ReadAllText(Path.Combine(directory, "stat")));
        }
        catch (IOException)
        {
            // It has ended.
            return null;
        }
    }
}
