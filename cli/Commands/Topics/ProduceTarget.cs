using System.Text;
using Alloc.Client;
using Alloc.Processors.Notation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Commands.Topics;

/// <summary>A topic that records are written to by hand, and its contract.</summary>
internal sealed class ProduceTarget
{
    private static readonly string[] EngineEndings = ["-changelog", "-repartition"];

    private ProduceTarget(string topic, TopicDefinition? definition, int partitionCount)
    {
        Topic = topic;
        Definition = definition;
        PartitionCount = partitionCount;
    }

    public string Topic { get; }

    /// <summary>The catalogue's word on it; null for a topic of somebody else.</summary>
    public TopicDefinition? Definition { get; }

    public int PartitionCount { get; }

    public int SchemaId { get; private set; }

    public AvroSchema Schema { get; private set; } = null!;

    /// <summary>The field of the value that is the key, where the catalogue says so.</summary>
    public string? KeyField => Schema is RecordSchema record && record.Fields.Any(f => f.Name == Definition?.Key)
        ? Definition!.Key
        : null;

    /// <summary>Why nobody writes to the topic by hand; null where one may.</summary>
    /// <param name="topic">Its name, with the prefix.</param>
    /// <param name="prefix">The deployment's prefix.</param>
    public static string? Refusal(string topic, string prefix)
    {
        var catalogue = TopicCatalogue.Load().WithPrefix(prefix);
        if (catalogue.TryGet(topic, out var known))
        {
            return known!.IsOpen
                ? null
                : $"{string.Join(" and ", known.Writers)} alone write{(known.Writers.Count == 1 ? "s" : "")} {topic}";
        }
        if (topic.StartsWith("__", StringComparison.Ordinal))
        {
            return $"{topic} is Kafka's own";
        }
        if (EngineEndings.FirstOrDefault(e => topic.EndsWith(e, StringComparison.Ordinal)) is { } ending)
        {
            return $"{topic} is the {ending[1..]} of an application";
        }
        return TopicCatalogue.Load().Topics.FirstOrDefault(
            t => !t.IsOpen && topic.EndsWith($".{t.Name}", StringComparison.Ordinal)) is { } other
                ? $"{topic} looks like {other.Name} of another deployment"
                : null;
    }

    /// <summary>The topic with what the registry has for its values.</summary>
    /// <exception cref="AllocException">Nobody may write to it by hand, or it has no contract.</exception>
    public static async Task<ProduceTarget> FindAsync(
        string topic, string prefix, int partitionCount, GuardedRegistryClient registry,
        CancellationToken cancellation)
    {
        TopicCatalogue.Load().WithPrefix(prefix).TryGet(topic, out var definition);
        var target = new ProduceTarget(topic, definition, partitionCount);
        var subject = ConfluentFraming.SubjectOf(topic);
        try
        {
            var registered = await registry.GetLatestSchemaAsync(subject).WaitAsync(cancellation)
                .ConfigureAwait(false);
            target.Schema = AvroSchema.Parse(registered.SchemaString);
            target.SchemaId = registered.Id;
            return target;
        }
        catch (RegistryRefusedException e) when (e.ErrorCode / 100 == 404)
        {
            throw AllocException.NotFound(
                $"The registry has no schema for {topic} (subject {subject}).",
                ShellLine.Of("alloc schema register", "FILE", ("--subject", subject)) + " gives it one.");
        }
        catch (AvroException e)
        {
            throw AllocException.Failed($"The schema of {subject} cannot be read: {e.Message}");
        }
    }

    /// <summary>Where a key goes; what a partition that was given must agree with.</summary>
    /// <exception cref="FormatException">The key does not belong there.</exception>
    public int Place(string? key, int? partition)
    {
        if (Definition is not null && key is null)
        {
            throw new FormatException($"it has no key; {Topic} is keyed by {Definition.Key}.");
        }
        if (Definition is not null && key!.StartsWith('$'))
        {
            throw new FormatException(
                $"key {key}: keys that begin with $ are for every partition; alloc policy, catalogue, mode and "
                + "authority write them.");
        }
        var own = key is null ? 0 : PoolPartition.OfKey(Encoding.UTF8.GetBytes(key), PartitionCount);
        return partition is not { } wanted || wanted == own ? own
            : Definition is null ? wanted
            : throw new FormatException(
                $"key {key} belongs in partition {own}, not {wanted}: its readers would not find it there.");
    }
}
