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
        if (!string.IsNullOrEmpty(file))
        {
            if (!File.Exists(file))
            {
                throw AllocException.Usage($"--kafka-config: {file} does not exist.");
            }
            var number = 0;
            foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
            {
                number++;
                if (line.Length > 0 && line[0] != '#')
                {
                    Add(properties, line, $"{file}:{number}");
                }
            }
        }
        foreach (var pair in pairs)
        {
            Add(properties, pair, "-X");
        }
        return properties;
    }

    private static void Add(Dictionary<string, string> properties, string pair, string where)
    {
        var equals = pair.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw AllocException.Usage($"{where}: '{pair}' is not key=value.");
        }
        var key = pair[..equals].Trim();
        if (Reserved.Contains(key))
        {
            throw AllocException.Usage($"{where}: {key} is set by alloc and cannot be changed.");
        }
        properties[key] = pair[(equals + 1)..].Trim();
    }
}
