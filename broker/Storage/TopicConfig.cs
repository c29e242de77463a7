using System.Collections.Frozen;
using System.Globalization;
using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>Type of a setting's value, by its number in DescribeConfigs.</summary>
internal enum ConfigType : sbyte
{
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// <summary>A topic setting that the broker knows (names and meanings as in Kafka's documentation).</summary>
internal sealed record ConfigDefinition(string Name, ConfigType Type, string Default, Func<string, bool> IsValid);

/// <summary>
/// A topic's settings. Those that this broker acts on have properties; the others of Kafka's are kept, validated and
/// shown, as clients set and read them.
/// </summary>
internal sealed class TopicConfig
{
    private static readonly FrozenDictionary<string, ConfigDefinition> Known = Define().ToFrozenDictionary(d => d.Name);
    private readonly Dictionary<string, string> overrides;
    private readonly long timestampBeforeMaxMs;
    private readonly long timestampAfterMaxMs;

    /// <param name="overrides">Settings that differ from the defaults; all known and valid.</param>
    public TopicConfig(IReadOnlyDictionary<string, string> overrides)
    {
        this.overrides = new Dictionary<string, string>(overrides, StringComparer.Ordinal);
        MaxMessageBytes = (int)Number("max.message.bytes");
        SegmentBytes = Math.Max(1024, Number("segment.bytes"));
        SegmentMs = Number("segment.ms");
        RetentionMs = Number("retention.ms");
        RetentionBytes = Number("retention.bytes");
        DeleteRetentionMs = Number("delete.retention.ms");
        MinCompactionLagMs = Number("min.compaction.lag.ms");
        MinCleanableDirtyRatio = double.Parse(this["min.cleanable.dirty.ratio"], CultureInfo.InvariantCulture);
        IsLogAppendTime = this["message.timestamp.type"] == "LogAppendTime";
        timestampBeforeMaxMs = Number("message.timestamp.before.max.ms");
        timestampAfterMaxMs = Number("message.timestamp.after.max.ms");
        Compression = CompressionOf(this["compression.type"]);
        var policy = this["cleanup.policy"].Split(',', StringSplitOptions.TrimEntries);
        IsCompacted = policy.Contains("compact", StringComparer.Ordinal);
        IsDeleted = policy.Contains("delete", StringComparer.Ordinal);
    }

    /// <summary>Settings without any override.</summary>
    public static TopicConfig Default { get; } = new(new Dictionary<string, string>());

    /// <summary>All settings that are known, by name.</summary>
    public static IEnumerable<ConfigDefinition> Definitions =>
        Known.Values.OrderBy(d => d.Name, StringComparer.Ordinal);

    /// <summary>Largest batch that is taken, in bytes.</summary>
    public int MaxMessageBytes { get; }

    /// <summary>Size at which a segment is full.</summary>
    public long SegmentBytes { get; }

    /// <summary>Age at which a segment is closed, in milliseconds.</summary>
    public long SegmentMs { get; }

    /// <summary>Age at which segments are removed, in milliseconds; -1 for never.</summary>
    public long RetentionMs { get; }

    /// <summary>Size of a partition over which segments are removed; -1 for none.</summary>
    public long RetentionBytes { get; }

    /// <summary>How long tombstones and markers outlive compaction, in milliseconds.</summary>
    public long DeleteRetentionMs { get; }

    /// <summary>Age below which records are not compacted, in milliseconds.</summary>
    public long MinCompactionLagMs { get; }

    /// <summary>Share of the log that must be new before it is compacted again.</summary>
    public double MinCleanableDirtyRatio { get; }

    /// <summary>Whether records get the time at which they are appended.</summary>
    public bool IsLogAppendTime { get; }

    /// <summary>What batches are compressed with before they are stored; null for what the producer chose.</summary>
    public TargetCompression? Compression { get; }

    /// <summary>Whether older values of a key are removed.</summary>
    public bool IsCompacted { get; }

    /// <summary>Whether old segments are removed.</summary>
    public bool IsDeleted { get; }

    /// <summary>Settings that differ from the defaults.</summary>
    public IReadOnlyDictionary<string, string> Overrides => overrides;

    /// <summary>A setting's value.</summary>
    public string this[string name] => overrides.TryGetValue(name, out var value) ? value : Known[name].Default;

    /// <summary>The definition of a setting, or null if it is not known.</summary>
    public static ConfigDefinition? Definition(string name) => Known.GetValueOrDefault(name);

    /// <summary>Why a setting is refused; null if it is fine.</summary>
    public static string? Problem(string name, string? value)
    {
        if (!Known.TryGetValue(name, out var definition))
        {
            return $"Unknown topic config name: {name}";
        }
        return value is not null && definition.IsValid(value)
            ? null
            : $"Invalid value {value ?? "null"} for configuration {name}";
    }

    /// <summary>Times that clients' records may have: <c>message.timestamp.before|after.max.ms</c> around the broker's;
    /// any where the topic uses LogAppendTime.</summary>
    public TimestampRange TimestampsTaken(long nowMs) => IsLogAppendTime
        ? TimestampRange.Any
        : new TimestampRange(
            timestampBeforeMaxMs == long.MaxValue ? long.MinValue : nowMs - timestampBeforeMaxMs,
            timestampAfterMaxMs >= long.MaxValue - nowMs ? long.MaxValue : nowMs + timestampAfterMaxMs);

    /// <summary>Says that a batch is over <see cref="MaxMessageBytes"/>.</summary>
    public string TooLarge(int size) => $"The batch has {size} bytes, more than max.message.bytes={MaxMessageBytes}.";

    private TargetCompression? CompressionOf(string type) => type switch
    {
        "uncompressed" => TargetCompression.Of(CompressionCodec.None),
        "gzip" => new(CompressionCodec.Gzip, (int)Number("compression.gzip.level")),
        "snappy" => TargetCompression.Of(CompressionCodec.Snappy),
        "lz4" => new(CompressionCodec.Lz4, (int)Number("compression.lz4.level")),
        "zstd" => new(CompressionCodec.Zstd, (int)Number("compression.zstd.level")),
        _ => null,
    };

    private long Number(string name) => long.Parse(this[name], CultureInfo.InvariantCulture);

    private static IEnumerable<ConfigDefinition> Define()
    {
        yield return List("cleanup.policy", "delete", "delete", "compact");
        yield return Choice(
            "compression.type", "producer", "producer", "uncompressed", "gzip", "snappy", "lz4", "zstd");
        var gzipLevel = Integer("compression.gzip.level", ConfigType.Int, TargetCompression.DefaultGzipLevel, -1, 9);
        yield return gzipLevel with { IsValid = v => v != "0" && gzipLevel.IsValid(v) };
        yield return Integer("compression.lz4.level", ConfigType.Int, TargetCompression.DefaultLz4Level, 1, 17);
        yield return Integer("compression.zstd.level", ConfigType.Int, TargetCompression.DefaultZstdLevel, -131072, 22);
        yield return Integer("delete.retention.ms", ConfigType.Long, 86_400_000, 0);
        yield return Integer("file.delete.delay.ms", ConfigType.Long, 60_000, 0);
        yield return Integer("flush.messages", ConfigType.Long, long.MaxValue, 1);
        yield return Integer("flush.ms", ConfigType.Long, long.MaxValue, 0);
        yield return new("follower.replication.throttled.replicas", ConfigType.List, "", _ => true);
        yield return Integer("index.interval.bytes", ConfigType.Int, Segment.IndexIntervalBytes, 0, int.MaxValue);
        yield return new("leader.replication.throttled.replicas", ConfigType.List, "", _ => true);
        yield return Integer("local.retention.bytes", ConfigType.Long, -2, -2);
        yield return Integer("local.retention.ms", ConfigType.Long, -2, -2);
        yield return Integer("max.compaction.lag.ms", ConfigType.Long, long.MaxValue, 1);
        yield return Integer("max.message.bytes", ConfigType.Int, 1_048_588, 0, int.MaxValue);
        yield return Boolean("message.downconversion.enable", "true");
        yield return new("message.format.version", ConfigType.String, "3.0-IV1", _ => true);
        yield return Integer("message.timestamp.after.max.ms", ConfigType.Long, long.MaxValue, 0);
        yield return Integer("message.timestamp.before.max.ms", ConfigType.Long, long.MaxValue, 0);
        yield return Integer("message.timestamp.difference.max.ms", ConfigType.Long, long.MaxValue, 0);
        yield return Choice("message.timestamp.type", "CreateTime", "CreateTime", "LogAppendTime");
        yield return new("min.cleanable.dirty.ratio", ConfigType.Double, "0.5",
            v => double.TryParse(v, CultureInfo.InvariantCulture, out var d) && d is >= 0 and <= 1);
        yield return Integer("min.compaction.lag.ms", ConfigType.Long, 0, 0);
        yield return Integer("min.insync.replicas", ConfigType.Int, 1, 1, int.MaxValue);
        yield return Boolean("preallocate", "false");
        yield return Boolean("remote.storage.enable", "false");
        yield return Integer("retention.bytes", ConfigType.Long, -1, -1);
        yield return Integer("retention.ms", ConfigType.Long, 604_800_000, -1);
        yield return Integer("segment.bytes", ConfigType.Int, 128 << 20, 14, int.MaxValue);
        yield return Integer("segment.index.bytes", ConfigType.Int, 10 << 20, 4, int.MaxValue);
        yield return Integer("segment.jitter.ms", ConfigType.Long, 0, 0);
        yield return Integer("segment.ms", ConfigType.Long, 604_800_000, 1);
        yield return Boolean("unclean.leader.election.enable", "false");
    }

    private static ConfigDefinition Integer(
        string name, ConfigType type, long standard, long min, long max = long.MaxValue) =>
        new(name, type, standard.ToString(CultureInfo.InvariantCulture),
            v => long.TryParse(v, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
                && n >= min && n <= max);

    private static ConfigDefinition Boolean(string name, string standard) =>
        new(name, ConfigType.Boolean, standard, v => v is "true" or "false");

    private static ConfigDefinition Choice(string name, string standard, params string[] choices) =>
        new(name, ConfigType.String, standard, choices.Contains);

    private static ConfigDefinition List(string name, string standard, params string[] choices) =>
        new(name, ConfigType.List, standard, v => v.Split(',', StringSplitOptions.TrimEntries).All(choices.Contains));
}
