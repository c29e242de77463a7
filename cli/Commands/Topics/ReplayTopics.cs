using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Alloc.Cli.Commands.Topics;

/// <summary>The topics of a replay as Kafka has them.</summary>
internal sealed class ReplayTopics : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private readonly AllocClientOptions settings;
    private readonly IAdminClient admin;
    private Dictionary<string, TopicMetadata> topics;

    public ReplayTopics(AllocClientOptions settings)
    {
        this.settings = settings;
        admin = new KafkaClients(settings).Admin();
        topics = ReadTopics();
    }

    public IReadOnlyCollection<string> Names => topics.Keys;

    /// <summary>Partitions of a topic; null where there is no such topic.</summary>
    public int? PartitionCount(string topic) => topics.GetValueOrDefault(topic)?.Partitions.Count;

    /// <summary>Partitions of a topic that must be there.</summary>
    public int Require(string topic, string remedy) => PartitionCount(topic) ?? throw AllocException.NotFound(
        $"There is no topic {topic} at {settings.Bootstrap}.", remedy);

    /// <summary>Whether the times of a topic's records are their writers', and not the broker's.</summary>
    public async Task<bool> HasOwnTimesAsync(string topic) =>
        (await ConfigsAsync(topic).ConfigureAwait(false))
            .GetValueOrDefault("message.timestamp.type")?.Value != "LogAppendTime";

    /// <summary>Makes a topic like another one: partitions, replicas, and the settings that were given to it.</summary>
    public async Task CreateLikeAsync(string source, string target, TimeProvider time, CancellationToken cancellation)
    {
        var configs = await ConfigsAsync(source).ConfigureAwait(false);
        try
        {
            await admin.CreateTopicsAsync(
                [
                    new TopicSpecification
                    {
                        Name = target,
                        NumPartitions = topics[source].Partitions.Count,
                        ReplicationFactor = (short)topics[source].Partitions.Max(p => p.Replicas.Length),
                        Configs = configs.Values
                            .Where(c => c is { Source: ConfigSource.DynamicTopicConfig, IsReadOnly: false }
                                && c.Value is not null)
                            .ToDictionary(c => c.Name, c => c.Value),
                    },
                ],
                new CreateTopicsOptions { RequestTimeout = settings.Timeout, OperationTimeout = settings.Timeout })
                .ConfigureAwait(false);
        }
        catch (CreateTopicsException error)
        {
            throw AllocException.Failed(
                $"Topic {target} was not created: {error.Results[0].Error.Reason}",
                "Check its name, and the rights to create topics.", error);
        }
        var begun = time.GetTimestamp();
        while (PartitionCount(target) is null)
        {
            if (time.GetElapsedTime(begun) > settings.Timeout)
            {
                throw AllocException.Unavailable(
                    $"Topic {target} was created, and is not there after {settings.Timeout.TotalSeconds:0} s.",
                    "Ask again without --create.");
            }
            await Task.Delay(Look, time, cancellation).ConfigureAwait(false);
            topics = ReadTopics();
        }
    }

    /// <summary>Forgets how far a replay was: it is over.</summary>
    public async Task ForgetAsync(string group) => await admin.DeleteGroupsAsync(
        [group], new DeleteGroupsOptions { RequestTimeout = settings.Timeout }).ConfigureAwait(false);

    public void Dispose() => admin.Dispose();

    private async Task<Dictionary<string, ConfigEntryResult>> ConfigsAsync(string topic)
    {
        var described = await admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = topic }],
            new DescribeConfigsOptions { RequestTimeout = settings.Timeout }).ConfigureAwait(false);
        return described[0].Entries;
    }

    private Dictionary<string, TopicMetadata> ReadTopics() => admin.GetMetadata(settings.Timeout).Topics
        .Where(t => !t.Error.IsError && t.Partitions.Count > 0)
        .ToDictionary(t => t.Topic, StringComparer.Ordinal);
}
