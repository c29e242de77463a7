using System.Reflection;
using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Catalogue;

/// <summary>
/// The topics of the product, read from <c>schemas/topics.json</c>: what <c>alloc</c> creates and verifies topics from,
/// and what names a topic's schema, dead-letter topic and settings. Immutable.
/// </summary>
public sealed class TopicCatalogue
{
    private const string ResourceName = "Alloc.Schemas.topics.json";

    private readonly Dictionary<string, TopicDefinition> byName;

    internal TopicCatalogue(IReadOnlyList<TopicDefinition> topics)
    {
        Topics = topics;
        byName = topics.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>All topics, in the order of the file.</summary>
    public IReadOnlyList<TopicDefinition> Topics { get; }

    /// <summary>The topic of that name, prefix included.</summary>
    /// <exception cref="KeyNotFoundException">There is no such topic.</exception>
    public TopicDefinition this[string name] => byName.TryGetValue(name, out var topic)
        ? topic
        : throw new KeyNotFoundException($"The catalogue has no topic {name}.");

    /// <summary>The catalogue that this assembly was built with.</summary>
    public static TopicCatalogue Load()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"{ResourceName} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd(), "topics.json");
    }

    /// <summary>Reads a catalogue.</summary>
    /// <exception cref="AvroSchemaException">The text is not a valid catalogue; the message names the line.</exception>
    public static TopicCatalogue Parse(string text, string? source = null) =>
        new(new CatalogueParser(source).Parse(JsonValue.Parse(text, source)));

    public bool TryGet(string name, out TopicDefinition? topic) => byName.TryGetValue(name, out topic);

    /// <summary>
    /// The same topics with a prefix before each name, for a deployment of its own on a shared cluster.
    /// </summary>
    /// <exception cref="ArgumentException">The names with the prefix are not names of topics.</exception>
    public TopicCatalogue WithPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var topics = Topics.Select(t => t with
        {
            Name = prefix + t.Name,
            PartitionsOf = t.PartitionsOf is null ? null : prefix + t.PartitionsOf,
            DeadLetterTopic = t.DeadLetterTopic is null ? null : prefix + t.DeadLetterTopic,
        }).ToList();
        var invalid = topics.FirstOrDefault(t => !CatalogueParser.IsTopicName(t.Name));
        return invalid is null
            ? new TopicCatalogue(topics)
            : throw new ArgumentException($"\"{invalid.Name}\" is not a name of a topic.", nameof(prefix));
    }

    /// <summary>
    /// The same topics, with another number of partitions for one and for all that share it. Only before topics are
    /// created: keys move to other partitions when the number changes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not between 1 and 10,000.</exception>
    /// <exception cref="KeyNotFoundException">There is no such topic.</exception>
    public TopicCatalogue WithPartitionCount(string name, int partitionCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partitionCount, CatalogueParser.MaximumPartitionCount);
        var topic = this[name];
        var root = topic.PartitionsOf ?? topic.Name;
        return new TopicCatalogue([.. Topics.Select(t =>
            t.Name == root || t.PartitionsOf == root ? t with { PartitionCount = partitionCount } : t)]);
    }
}
