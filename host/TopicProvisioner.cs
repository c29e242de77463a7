using Alloc.Client;
using Alloc.Schemas.Catalogue;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Alloc.Host;

/// <summary>One difference between a topic and the catalogue.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Problem">What differs.</param>
/// <param name="IsFatal">True when decisions could be lost or differ: starting is refused.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record TopicProblem(string Topic, string Problem, bool IsFatal, string Remedy);

/// <summary>Creates the catalogue's topics where they are missing, and compares those that are there.</summary>
/// <param name="admin">One client for all calls: each new one asks for the cluster first.</param>
/// <param name="timeout">Of each call.</param>
internal sealed class TopicProvisioner(IAdminClient admin, TimeSpan timeout)
{
    /// <summary>
    /// Settings that decisions rest on; another value of any other setting is the operator's business.
    /// </summary>
    private static readonly string[] Essential = ["cleanup.policy", "message.timestamp.type"];

    /// <summary>
    /// The catalogue as it applies here: partition counts are those that exist, since they never change; the
    /// catalogue's, or <paramref name="partitionCount"/>, count for topics that are still to be made. Topics come in
    /// families that share a number: by pool (the command topic and what goes with it), and by order.
    /// </summary>
    /// <exception cref="AllocException">The command topic is there with another number than asked for.</exception>
    public TopicCatalogue Adopt(TopicCatalogue catalogue, string commandTopic, int? partitionCount)
    {
        var existing = admin.GetMetadata(timeout).Topics.ToDictionary(t => t.Topic, t => t.Partitions.Count);
        if (existing.TryGetValue(commandTopic, out var count) && partitionCount is { } wanted && wanted != count)
        {
            throw AllocException.Failed(
                $"{commandTopic} has {count} partitions, not {wanted}, and the number never changes: keys would "
                + "move.",
                "Leave --partitions out, or start on a new --topic-prefix.");
        }
        return catalogue.Topics.Where(t => catalogue.Topics.Any(m => m.PartitionsOf == t.Name)).Aggregate(
            catalogue, (adopted, root) => NumberOf(root) is { } number
                ? adopted.WithPartitionCount(root.Name, number)
                : adopted);

        int? NumberOf(TopicDefinition root) => existing.TryGetValue(root.Name, out var there) ? there : partitionCount;
    }

    /// <summary>Creates what is missing and names it.</summary>
    public async Task<IReadOnlyList<string>> CreateMissingAsync(TopicCatalogue catalogue, short replicationFactor)
    {
        var known = admin.GetMetadata(timeout).Topics.Select(t => t.Topic).ToHashSet(StringComparer.Ordinal);
        var missing = catalogue.Topics.Where(t => !known.Contains(t.Name)).ToList();
        if (missing.Count == 0)
        {
            return [];
        }
        var specifications = missing.Select(t => new TopicSpecification
        {
            Name = t.Name,
            NumPartitions = t.PartitionCount,
            ReplicationFactor = replicationFactor,
            Configs = t.Configs.ToDictionary(StringComparer.Ordinal),
        });
        try
        {
            await admin.CreateTopicsAsync(
                specifications, new CreateTopicsOptions { RequestTimeout = timeout, OperationTimeout = timeout })
                .ConfigureAwait(false);
        }
        catch (CreateTopicsException e)
        {
            // Another instance may have been quicker; anything else is told.
            var failed = e.Results.FirstOrDefault(r => r.Error.IsError && r.Error.Code != ErrorCode.TopicAlreadyExists);
            if (failed is not null)
            {
                throw AllocException.Failed(
                    $"Topic {failed.Topic} could not be created: {failed.Error.Reason}",
                    "Check the rights to create topics and --replication, or create it by hand: "
                    + "docs/operations.md.", e);
            }
        }
        return [.. missing.Select(t => t.Name)];
    }

    /// <summary>What differs from the catalogue.</summary>
    public async Task<IReadOnlyList<TopicProblem>> VerifyAsync(TopicCatalogue catalogue)
    {
        var known = admin.GetMetadata(timeout).Topics.ToDictionary(t => t.Topic, t => t.Partitions.Count);
        var problems = new List<TopicProblem>();
        foreach (var topic in catalogue.Topics)
        {
            if (!known.TryGetValue(topic.Name, out var count))
            {
                problems.Add(new(topic.Name, "is missing", true,
                    "alloc serve creates it; or create it by hand: docs/operations.md"));
            }
            else if (count != topic.PartitionCount)
            {
                problems.Add(new(topic.Name, $"has {count} partitions, not {topic.PartitionCount}", true,
                    "partition counts of the topics of one deployment are equal and never change: start on a new "
                    + "--topic-prefix"));
            }
        }
        var present = catalogue.Topics.Where(t => known.ContainsKey(t.Name)).ToList();
        if (present.Count == 0)
        {
            return problems;
        }
        var described = await admin.DescribeConfigsAsync(
            present.Select(t => new ConfigResource { Type = ResourceType.Topic, Name = t.Name }),
            new DescribeConfigsOptions { RequestTimeout = timeout }).ConfigureAwait(false);
        foreach (var result in described)
        {
            problems.AddRange(Compare(catalogue[result.ConfigResource.Name], result.Entries));
        }
        return problems;
    }

    private static IEnumerable<TopicProblem> Compare(
        TopicDefinition topic, Dictionary<string, ConfigEntryResult> actual)
    {
        foreach (var (name, wanted) in topic.Configs)
        {
            if (actual.TryGetValue(name, out var entry) && entry.Value == wanted)
            {
                continue;
            }
            yield return new TopicProblem(
                topic.Name,
                $"has {name}={entry?.Value ?? "(unset)"}, not {wanted}",
                Essential.Contains(name),
                $"kafka-configs --alter --entity-type topics --entity-name {topic.Name} --add-config {name}={wanted}");
        }
    }
}
