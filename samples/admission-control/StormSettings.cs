using System.Globalization;
using Alloc.Client;

namespace Alloc.Samples.AdmissionControl;

/// <summary>What a storm is made of, and where it blows.</summary>
internal sealed record StormSettings
{
    public string Bootstrap { get; private init; } = "localhost:9092";

    public Uri Registry { get; private init; } = new("http://localhost:8081");

    public Uri Console { get; private init; } = new("http://localhost:8233");

    public string Pool { get; private init; } = "premiere";

    public int Orders { get; private init; }

    public int Callers { get; private init; }

    /// <summary>Between two orders.</summary>
    public TimeSpan Interval { get; private init; }

    /// <summary>How long one attempt waits for its answer.</summary>
    public TimeSpan Attempt { get; private init; }

    /// <summary>The longest time that a stage behind the holds may need to drain.</summary>
    public TimeSpan DrainLimit { get; private init; }

    public AdmissionOptions Admission { get; private init; } = new();

    /// <summary><c>[bootstrap] [registry] [console] [pool] [name=number …]</c></summary>
    /// <exception cref="AllocException">A name is not known, or what it is given is no number.</exception>
    public static StormSettings Of(string[] args)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["orders"] = 40,
            ["callers"] = 10,
            ["every-ms"] = 50,
            ["attempt-ms"] = 1_000,
            ["deadline-ms"] = 5_000,
            ["drain-limit-s"] = 60,
            ["permits"] = 8,
            ["queue"] = 16,
        };
        var words = new List<string>();
        foreach (var arg in args)
        {
            var parts = arg.Split('=', 2);
            if (parts.Length == 1)
            {
                words.Add(arg);
            }
            else if (!numbers.ContainsKey(parts[0])
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                throw AllocException.Usage(
                    $"{arg} is not understood: a number may be given to {string.Join(", ", numbers.Keys)}.");
            }
            else
            {
                numbers[parts[0]] = number;
            }
        }
        var usual = new StormSettings();
        return usual with
        {
            Bootstrap = words.ElementAtOrDefault(0) ?? usual.Bootstrap,
            Registry = words.ElementAtOrDefault(1) is { } registry ? new Uri(registry) : usual.Registry,
            Console = words.ElementAtOrDefault(2) is { } console ? new Uri(console) : usual.Console,
            Pool = words.ElementAtOrDefault(3) ?? usual.Pool,
            Orders = numbers["orders"],
            Callers = numbers["callers"],
            Interval = TimeSpan.FromMilliseconds(numbers["every-ms"]),
            Attempt = TimeSpan.FromMilliseconds(numbers["attempt-ms"]),
            DrainLimit = TimeSpan.FromSeconds(numbers["drain-limit-s"]),
            Admission = usual.Admission with
            {
                Permits = numbers["permits"],
                QueueCount = numbers["queue"],
                Deadline = TimeSpan.FromMilliseconds(numbers["deadline-ms"]),
            },
        };
    }
}
