namespace Alloc.Tests.Support;

/// <summary>Other people's software that tests use where it is at hand; they skip where it is not.</summary>
internal static class Installed
{
    /// <summary>
    /// Folder of an Apache Kafka with its tools: KAFKA_HOME, or a folder shared/kafka beside or above the checkout;
    /// null if absent.
    /// </summary>
    public static string? KafkaHome { get; } = FindKafka();

    /// <summary>
    /// Where <c>make deps</c> puts clients for Node.js: ALLOC_NODE_CLIENTS, or a folder in the user's cache.
    /// </summary>
    public static string NodeModules { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("ALLOC_NODE_CLIENTS") is { Length: > 0 } named
            ? named
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "alloc", "node-clients"),
        "node_modules");

    /// <summary>
    /// A program of Prometheus' or Alertmanager's: on the PATH, or where <c>make deps</c> unpacks it (ALLOC_MONITORING,
    /// or a folder in the user's cache); null if absent.
    /// </summary>
    public static string? Monitor(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append(Path.Combine(
            Environment.GetEnvironmentVariable("ALLOC_MONITORING") is { Length: > 0 } named
                ? named
                : Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "alloc", "monitoring"),
            "usr", "bin"))
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Whether a package for Node.js is there.</summary>
    public static bool HasNodeModule(string package) => Directory.Exists(Path.Combine(NodeModules, package));

    private static string? FindKafka()
    {
        if (Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } named)
        {
            return IsKafka(named) ? named : null;
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, "shared", "kafka") is var candidate && IsKafka(candidate))
            {
                return candidate;
            }
        }
        return null;
    }

    private static bool IsKafka(string folder) =>
        File.Exists(Path.Combine(folder, "bin", "kafka-up")) && File.Exists(Path.Combine(folder, "bin", "kafka-tool"));
}
