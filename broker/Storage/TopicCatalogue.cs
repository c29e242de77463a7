using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Alloc.Broker.Storage;

/// <summary>
/// The topics of the data directory: <c>topics/NAME/topic.json</c> with partition count and settings, and
/// <c>topics/NAME/0</c>, <c>1</c>, … with the partitions' segments. All members but
/// <see cref="ConfigOf"/> belong to the loop.
/// </summary>
/// <remarks>A topic exists once its <c>topic.json</c> does, and ends when its folder was moved to <c>trash</c>: a crash
/// in between leaves the one or the other, never half a topic.</remarks>
internal sealed class TopicCatalogue : IDisposable
{
    private const string FileName = "topic.json";
    private readonly SortedDictionary<string, Topic> topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TopicConfig> configs = new(StringComparer.Ordinal);
    private readonly StorageContext context;
    private readonly string root;
    private Task burial = Task.CompletedTask;
    private List<string> unsyncedFiles = [];
    private List<string> unsyncedDirectories = [];
    private readonly string trash;

    /// <param name="context">Loop, disk and log.</param>
    /// <param name="dataDirectory">The broker's directory; exists and is locked.</param>
    public TopicCatalogue(StorageContext context, string dataDirectory)
    {
        this.context = context;
        root = Path.Combine(dataDirectory, "topics");
        trash = Path.Combine(dataDirectory, "trash");
    }

    /// <summary>Raised after a topic was deleted, with its last state.</summary>
    public event Action<Topic>? Deleted;

    /// <summary>All topics by name.</summary>
    public IReadOnlyCollection<Topic> All => topics.Values;

    /// <summary>The topic of a name, or null.</summary>
    public Topic? Find(string name) => topics.GetValueOrDefault(name);

    /// <summary>The log of a partition, or null.</summary>
    public PartitionLog? Find(string name, int partition) => Find(name)?.Find(partition);

    /// <summary>Settings of a topic as they are now, or null where there is none of that name. From any
    /// thread.</summary>
    public TopicConfig? ConfigOf(string name) => configs.GetValueOrDefault(name);

    /// <summary>Opens all topics of the directory and recovers their logs.</summary>
    /// <exception cref="BrokerStartException">A log is damaged.</exception>
    public void Open(RecoveryMode mode)
    {
        EmptyTrash();
        Directory.CreateDirectory(root);
        Directory.CreateDirectory(trash);
        var openings = new List<Action>();
        var found = new List<(string Name, string Directory, TopicConfig Config, PartitionLog[] Logs)>();
        foreach (var directory in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            var file = Path.Combine(directory, FileName);
            if (!File.Exists(file))
            {
                Directory.Delete(directory, recursive: true);
                continue;
            }
            var stored = Read(file);
            var config = new TopicConfig(stored.Configs);
            var name = Path.GetFileName(directory);
            var logs = new PartitionLog[stored.PartitionCount];
            for (var partition = 0; partition < logs.Length; partition++)
            {
                var number = partition;
                openings.Add(() => logs[number] =
                    PartitionLog.Open(context, config, name, number, PartitionDirectory(directory, number), mode));
            }
            found.Add((name, directory, config, logs));
        }
        OpenAll(openings);
        foreach (var (name, directory, config, logs) in found)
        {
            topics.Add(name, new Topic(name, directory, config, [.. logs]));
            configs[name] = config;
        }
    }

    private static void OpenAll(List<Action> openings)
    {
        try
        {
            Parallel.ForEach(openings, opening => opening());
        }
        catch (AggregateException exception)
        {
            throw exception.InnerExceptions.OfType<BrokerStartException>().FirstOrDefault()
                ?? exception.InnerExceptions[0];
        }
    }

    /// <summary>
    /// The topic whose name is told apart from a new one by '.' and '_' only; null if there is none.
    /// </summary>
    public string? FindCollision(string name) => name.AsSpan().ContainsAny('.', '_')
        ? topics.Keys.FirstOrDefault(present => TopicName.Collide(present, name))
        : null;

    /// <summary>Makes a topic. The name was checked and is free.</summary>
    /// <exception cref="StorageException">The disk refused; there is no such topic.</exception>
    public Topic Create(string name, int partitionCount, TopicConfig config)
    {
        var directory = Path.Combine(root, name);
        var logs = new List<PartitionLog>();
        try
        {
            Directory.CreateDirectory(directory);
            for (var partition = 0; partition < partitionCount; partition++)
            {
                logs.Add(PartitionLog.Create(
                    context, config, name, partition, PartitionDirectory(directory, partition)));
            }
            Write(directory, new StoredTopic(partitionCount, config.Overrides));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StorageException)
        {
            logs.ForEach(log => log.Dispose());
            TryDelete(directory);
            throw new StorageException($"Topic {name} could not be made: {exception.Message}", exception);
        }
        var topic = new Topic(name, directory, config, logs);
        topics.Add(name, topic);
        configs[name] = config;
        return topic;
    }

    /// <summary>Removes a topic and its records.</summary>
    /// <exception cref="StorageException">The disk refused; the topic is still there.</exception>
    public void Delete(Topic topic)
    {
        var grave = Path.Combine(
            trash, string.Create(CultureInfo.InvariantCulture, $"{context.Loop.NowMs}-{topics.Count}"));
        try
        {
            while (Directory.Exists(grave))
            {
                grave += "x";
            }
            Directory.Move(topic.Directory, grave);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Topic {topic.Name} could not be removed: {exception.Message}", exception);
        }
        unsyncedDirectories.Add(root);
        topics.Remove(topic.Name);
        configs.TryRemove(topic.Name, out _);
        foreach (var log in topic.Partitions)
        {
            log.MarkDeleted();
        }
        Deleted?.Invoke(topic);
        burial = burial.ContinueWith(_ => TryDelete(grave), TaskScheduler.Default);
    }

    /// <summary>Adds partitions up to <paramref name="partitionCount"/>.</summary>
    /// <exception cref="StorageException">The disk refused; the topic is as it was.</exception>
    public void AddPartitions(Topic topic, int partitionCount)
    {
        var added = new List<PartitionLog>();
        try
        {
            for (var partition = topic.Partitions.Count; partition < partitionCount; partition++)
            {
                added.Add(PartitionLog.Create(context, topic.Config, topic.Name, partition,
                    PartitionDirectory(topic.Directory, partition)));
            }
            Write(topic.Directory, new StoredTopic(partitionCount, topic.Config.Overrides));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or StorageException)
        {
            added.ForEach(log => log.Dispose());
            throw new StorageException($"Topic {topic.Name} could not grow: {exception.Message}", exception);
        }
        added.ForEach(topic.Add);
    }

    /// <summary>Replaces a topic's settings.</summary>
    /// <exception cref="StorageException">The disk refused; the settings are as they were.</exception>
    public void Reconfigure(Topic topic, TopicConfig config)
    {
        try
        {
            Write(topic.Directory, new StoredTopic(topic.Partitions.Count, config.Overrides));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Topic {topic.Name} could not be changed: {exception.Message}", exception);
        }
        topic.Reconfigure(config);
        configs[topic.Name] = config;
    }

    /// <summary>Runs <paramref name="then"/> on the loop once all changes of topics so far are as safe as the broker's
    /// mode asks.</summary>
    public void WhenDurable(Durability durability, Action then)
    {
        var (files, directories) = (unsyncedFiles, unsyncedDirectories);
        (unsyncedFiles, unsyncedDirectories) = ([], []);
        durability.After(files, directories, then);
    }

    public void Dispose()
    {
        burial.Wait();
        foreach (var log in topics.Values.SelectMany(t => t.Partitions))
        {
            log.Dispose();
        }
        topics.Clear();
    }

    private static string PartitionDirectory(string topicDirectory, int partition) =>
        Path.Combine(topicDirectory, partition.ToString(CultureInfo.InvariantCulture));

    private static StoredTopic Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), StorageJson.Default.StoredTopic)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new BrokerStartException(
                $"{file} is damaged ({exception.Message}). Restore it from a backup, or move the "
                + "topic's folder out of the data directory to start without that topic.", exception);
        }
    }

    private void Write(string directory, StoredTopic topic)
    {
        var path = Path.Combine(directory, FileName);
        AtomicFile.WriteUnsynced(
            context.Disk, path, JsonSerializer.SerializeToUtf8Bytes(topic, StorageJson.Default.StoredTopic));
        unsyncedFiles.Add(path);
        unsyncedDirectories.Add(directory);
        unsyncedDirectories.Add(root);
    }

    private void EmptyTrash()
    {
        if (Directory.Exists(trash))
        {
            TryDelete(trash);
        }
    }

    private void TryDelete(string directory)
    {
        try
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.LeftBehind(context.Logger, directory, exception);
        }
    }
}

/// <summary>Contents of <c>topic.json</c>.</summary>
internal sealed record StoredTopic(int PartitionCount, IReadOnlyDictionary<string, string> Configs);
