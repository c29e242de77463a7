using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Kafka;

/// <summary>
/// Kafka client properties from a file and from -X: what clusters with TLS, SASL or own time-outs need.
/// </summary>
internal static class KafkaProperties
{
    public static Dictionary<string, string> Read(string? file, IEnumerable<string> pairs)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value, where) in PropertyFile.Read(file, "--kafka-config")
            .Concat(pairs.Select(p => PropertyFile.Pair(p, "-X"))))
        {
            properties[key] = AllocClientOptions.ReservedKafkaProperties.Contains(key)
                ? throw AllocException.Usage($"{where}: {key} is set by alloc and cannot be changed.")
                : value;
        }
        return properties;
    }
}
