using Alloc.Client;
using Confluent.Kafka;

namespace Alloc.Verify;

/// <summary>
/// The topics that a verification reads, as they are when it begins. They are asked for all together: a question about
/// one that is not there may make a broker create it.
/// </summary>
internal sealed class VerifiedTopics
{
    private readonly Dictionary<string, int> partitionCounts;

    private VerifiedTopics(Dictionary<string, int> partitionCounts, string prefix)
    {
        this.partitionCounts = partitionCounts;
        Commands = Name("commands");
        Journal = Name("outcomes");
        Availability = Name("availability");
        Inputs = [Commands, .. Existing("commands.urgent")];
        DeadLetters = Existing("commands.dlq").FirstOrDefault();
        Shadow = Existing("shadow.outcomes").FirstOrDefault();

        string Name(string name) => prefix + "allocation." + name;

        IEnumerable<string> Existing(string name) => partitionCounts.ContainsKey(Name(name)) ? [Name(name)] : [];
    }

    /// <summary>Commands.</summary>
    public string Commands { get; }

    /// <summary>Topics whose records are decided.</summary>
    public string[] Inputs { get; }

    /// <summary>Outcomes.</summary>
    public string Journal { get; }

    /// <summary>The last balances of each pool.</summary>
    public string Availability { get; }

    /// <summary>What could not be read; null where there is no such topic.</summary>
    public string? DeadLetters { get; }

    /// <summary>Decisions of the shadow; null where there is no such topic.</summary>
    public string? Shadow { get; }

    /// <summary>Partitions of commands and outcomes.</summary>
    public int PartitionCount => partitionCounts[Journal];

    /// <summary>All of them that are there.</summary>
    public IEnumerable<string> All =>
        [.. Inputs, Journal, Availability, .. new[] { DeadLetters, Shadow }.OfType<string>()];

    /// <summary>Partitions of one of them.</summary>
    public int PartitionsOf(string topic) => partitionCounts[topic];

    /// <summary>Looks which there are.</summary>
    /// <exception cref="AllocException">One that must be there is not, or they do not fit together.</exception>
    public static VerifiedTopics Read(IAdminClient admin, AllocClientOptions settings)
    {
        var topics = new VerifiedTopics(
            admin.GetMetadata(settings.Timeout).Topics.Where(t => !t.Error.IsError && t.Partitions.Count > 0)
                .ToDictionary(t => t.Topic, t => t.Partitions.Count, StringComparer.Ordinal),
            settings.TopicPrefix);
        foreach (var needed in new[] { topics.Commands, topics.Journal, topics.Availability })
        {
            if (!topics.partitionCounts.ContainsKey(needed))
            {
                throw AllocException.NotFound(
                    $"There is no topic {needed} at {settings.Bootstrap}: there is no history to verify.",
                    "Has the engine ever run there? --topic-prefix names other topics.");
            }
        }
        foreach (var other in topics.All.Where(t => t != topics.DeadLetters))
        {
            if (topics.PartitionsOf(other) is var count && count != topics.PartitionCount)
            {
                throw AllocException.Failed(
                    $"{other} has {count} partitions and {topics.Journal} {topics.PartitionCount}; they must have the "
                    + "same number.");
            }
        }
        return topics;
    }
}
