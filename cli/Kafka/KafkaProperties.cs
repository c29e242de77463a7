using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Kafka;

/// <summary>
/// Kafka client properties from a file and from -X: what clusters with TLS, SASL or own time-outs need.
/// </summary>
internal static class KafkaProperties
{
    /// <summary>What Alloc sets itself, because its guarantees rest on it.</summary>
    private static readonly string[] Reserved =
        ["enable.auto.commit", "isolation.level", "transactional.id", "enable.idempotence", "partitioner", "group.id",
            "bootstrap.servers"];

    public static Dictionary<string, string> Read(string? file, IEnumerable<string> pairs)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value, where) in PropertyFile.Read(file, "--kafka-config")
            .Concat(pairs.Select(p => PropertyFile.Pair(p, "-X"))))
        {
            properties[key] = Reserved.Contains(key)
                ? throw AllocException.Usage($"{where}: {key} is set by alloc and cannot be changed.")
                : value;
        }
        return properties;
    }
}
