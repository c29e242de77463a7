using System.Globalization;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace Alloc.Schemas.Catalogue;

/// <summary>Reads and checks the catalogue's JSON; every error names its line.</summary>
internal sealed class CatalogueParser(string? source)
{
    public const int MaximumPartitionCount = 10_000;
    private const int MaximumNameLength = 249;

    private static readonly string[] Members =
    [
        "name", "doc", "context", "key", "schema", "compatibility", "partitions", "partitionsOf",
        "policy", "deadLetter",
        "writers", "open", "replayInto", "configs",
    ];

    /// <summary>Kafka's rule for names of topics.</summary>
    public static bool IsTopicName(string name) =>
        name.Length is > 0 and <= MaximumNameLength && name is not ("." or "..")
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public List<TopicDefinition> Parse(JsonValue root)
    {
        var topics = new List<TopicDefinition>();
        var places = new Dictionary<string, JsonValue>(StringComparer.Ordinal);
        foreach (var json in Required(root, "topics", JsonKind.Array).Items)
        {
            var topic = ParseTopic(json);
            // Kafka's metrics turn dots into underscores: names that differ only in those would be one.
            if (!places.TryAdd(topic.Name.Replace('.', '_'), json))
            {
                throw Error($"topic {topic.Name} is there already", json);
            }
            topics.Add(topic);
        }
        for (var i = 0; i < topics.Count; i++)
        {
            topics[i] = Connect(topics[i], topics, places[topics[i].Name.Replace('.', '_')]);
        }
        return topics;
    }

    private TopicDefinition ParseTopic(JsonValue json)
    {
        var unknown = json.Members.FirstOrDefault(m => !Members.Contains(m.Key));
        if (unknown.Key is not null)
        {
            throw Error($"\"{unknown.Key}\" is not known", unknown.Value);
        }
        var name = Required(json, "name", JsonKind.String);
        if (!IsTopicName(name.Text))
        {
            throw Error($"\"{name.Text}\" is not a name of a topic", name);
        }
        var policy = Required(json, "policy", JsonKind.String);
        var cleanup = policy.Text switch
        {
            "delete" => CleanupPolicy.Delete,
            "compact" => CleanupPolicy.Compact,
            _ => throw Error("the policy is delete or compact", policy),
        };
        return new TopicDefinition
        {
            Name = name.Text,
            Doc = Required(json, "doc", JsonKind.String).Text,
            Context = Required(json, "context", JsonKind.String).Text,
            Key = Required(json, "key", JsonKind.String).Text,
            Schema = Optional(json, "schema"),
            Compatibility = ParseCompatibility(json),
            PartitionCount = ParsePartitionCount(json),
            PartitionsOf = Optional(json, "partitionsOf"),
            Policy = cleanup,
            DeadLetterTopic = Optional(json, "deadLetter"),
            Writers = [.. Required(json, "writers", JsonKind.Array).Items.Select(w => w.Text)],
            IsOpen = json.Find("open") is not null && Required(json, "open", JsonKind.Boolean).Text == "true",
            ReplayInto = ParseReplayInto(json),
            Configs = ParseConfigs(json, policy.Text),
        };
    }

    private SortedDictionary<string, string> ParseConfigs(JsonValue json, string policy)
    {
        var configs = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["cleanup.policy"] = policy };
        foreach (var member in Required(json, "configs", JsonKind.Object).Members)
        {
            if (member.Value.Kind != JsonKind.String || !configs.TryAdd(member.Key, member.Value.Text))
            {
                throw Error("a setting is a text, and cleanup.policy is given as \"policy\"", member.Value);
            }
        }
        return configs;
    }

    private string? ParseCompatibility(JsonValue json)
    {
        var level = json.Find("compatibility");
        if ((level is null) != (json.Find("schema") is null))
        {
            throw Error("\"schema\" and \"compatibility\" come together", json);
        }
        return level is null || CompatibilityLevels.TryParse(level.Text, out _)
            ? level?.Text
            : throw Error($"\"{level.Text}\" is not a compatibility level", level);
    }

    private ReplayTarget ParseReplayInto(JsonValue json) =>
        json.Find("replayInto") is null ? ReplayTarget.Never : Required(json, "replayInto", JsonKind.String).Text switch
        {
            "never" => ReplayTarget.Never,
            "asks" => ReplayTarget.Asks,
            _ => throw Error("\"replayInto\" is never or asks", json.Find("replayInto")!),
        };

    private int ParsePartitionCount(JsonValue json)
    {
        var count = json.Find("partitions");
        if ((count is null) == (json.Find("partitionsOf") is null))
        {
            throw Error("a topic has either \"partitions\" or \"partitionsOf\"", json);
        }
        if (count is null)
        {
            return 0;
        }
        return int.TryParse(count.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= MaximumPartitionCount
            ? number
            : throw Error($"\"partitions\" is a number from 1 to {MaximumPartitionCount}", count);
    }

    private TopicDefinition Connect(TopicDefinition topic, List<TopicDefinition> topics, JsonValue json)
    {
        if (topic.DeadLetterTopic is { } deadLetter && topics.All(t => t.Name != deadLetter))
        {
            throw Error($"the dead-letter topic {deadLetter} is not in the catalogue", json);
        }
        if (topic.PartitionsOf is not { } other)
        {
            return topic;
        }
        var root = topics.FirstOrDefault(t => t.Name == other && t.PartitionsOf is null)
            ?? throw Error($"{other} is not a topic with a number of partitions of its own", json);
        return topic with { PartitionCount = root.PartitionCount };
    }

    private string? Optional(JsonValue json, string name) =>
        json.Find(name) is null ? null : Required(json, name, JsonKind.String).Text;

    private JsonValue Required(JsonValue json, string name, JsonKind kind)
    {
        var member = json.Find(name) ?? throw Error($"\"{name}\" is missing", json);
        return member.Kind == kind ? member : throw Error($"\"{name}\" is not of the right kind", member);
    }

    private AvroSchemaException Error(string reason, JsonValue json) => new(reason, source, json.Place);
}
