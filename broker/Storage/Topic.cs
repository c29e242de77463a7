namespace Alloc.Broker.Storage;

/// <summary>A topic with its partitions.</summary>
internal sealed class Topic(string name, string directory, TopicConfig config, List<PartitionLog> partitions)
{
    public string Name { get; } = name;

    public string Directory { get; } = directory;

    public TopicConfig Config { get; private set; } = config;

    public IReadOnlyList<PartitionLog> Partitions => partitions;

    /// <summary>The log of a partition, or null if there is none of that number.</summary>
    public PartitionLog? Find(int partition) =>
        partition >= 0 && partition < partitions.Count ? partitions[partition] : null;

    internal void Add(PartitionLog log) => partitions.Add(log);

    internal void Reconfigure(TopicConfig next)
    {
        Config = next;
        foreach (var log in partitions)
        {
            log.Config = next;
        }
    }
}
