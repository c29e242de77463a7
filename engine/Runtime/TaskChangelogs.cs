using Alloc.Engine.Topology;

namespace Alloc.Engine.Runtime;

/// <summary>Which topics restore which stores of a task.</summary>
internal sealed class TaskChangelogs
{
    private readonly Dictionary<string, string> topicByStore;
    private readonly Dictionary<string, string> storeByTopic;

    public TaskChangelogs(string applicationId, SubTopology subTopology)
    {
        Journal = subTopology.Journal;
        topicByStore = subTopology.ChangelogStores.ToDictionary(
            s => s.Name, s => TopicName(applicationId, s.Name), StringComparer.Ordinal);
        storeByTopic = topicByStore.ToDictionary(e => e.Value, e => e.Key, StringComparer.Ordinal);
        StoreNames = topicByStore.Keys.ToHashSet(StringComparer.Ordinal);
        Topics = Journal is null ? [.. storeByTopic.Keys] : [Journal.Topic, .. storeByTopic.Keys];
    }

    /// <summary>The journal, where there is one.</summary>
    public JournalDefinition? Journal { get; }

    /// <summary>Journal and changelog topics.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>Stores with a changelog topic of their own.</summary>
    public IReadOnlySet<string> StoreNames { get; }

    /// <summary>The changelog topic of a store, named as Kafka Streams does.</summary>
    public static string TopicName(string applicationId, string storeName) => $"{applicationId}-{storeName}-changelog";

    /// <summary>The changelog that the task's times are in where no store changed.</summary>
    public string FirstChangelog => storeByTopic.Keys.First();

    public string TopicOf(string storeName) => topicByStore[storeName];

    public string StoreOf(string topic) => storeByTopic[topic];

    public bool IsJournal(string topic) => Journal?.Topic == topic;
}
