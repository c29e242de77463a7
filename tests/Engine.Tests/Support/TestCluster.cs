using System.Text;
using Alloc.Broker;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Support;

/// <summary>
/// The log that engine tests run on: the embedded broker, in this process, over TCP; or the broker that
/// <c>ALLOC_TEST_KAFKA</c> names. Every test takes topics and a directory of its own.
/// </summary>
public sealed class TestCluster : IAsyncLifetime
{
    private static int counter;
    private EmbeddedBroker? broker;
    private string directory = "";

    /// <summary>Made by the fixture.</summary>
    public TestCluster()
    {
    }

    /// <summary>A broker that a test keeps itself.</summary>
    internal TestCluster(string bootstrapServers) => BootstrapServers = bootstrapServers;

    public string BootstrapServers { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        directory = Directory.CreateTempSubdirectory("alloc-engine-").FullName;
        if (Environment.GetEnvironmentVariable("ALLOC_TEST_KAFKA") is { Length: > 0 } external)
        {
            BootstrapServers = external;
            return;
        }
        broker = await EmbeddedBroker.StartAsync(
            new BrokerOptions
            {
                DataDirectory = Path.Combine(directory, "broker"),
                Port = 0,
                Durability = DurabilityMode.Os,
            },
            TimeProvider.System, NullLoggerFactory.Instance);
        BootstrapServers = broker.BootstrapServers;
    }

    public async ValueTask DisposeAsync()
    {
        if (broker is not null)
        {
            await broker.DisposeAsync();
        }
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A name that no other test has.</summary>
    public static string UniqueName(string prefix)
    {
        var time = DateTime.UtcNow.Ticks % 1_000_000_000;
        return $"{prefix}-{Environment.ProcessId}-{time}-{Interlocked.Increment(ref counter)}";
    }

    public string NewDirectory(string name)
    {
        var path = Path.Combine(directory, UniqueName(name));
        Directory.CreateDirectory(path);
        return path;
    }

    public async Task CreateTopicAsync(string topic, int partitions, params (string Name, string Value)[] configuration)
    {
        using var admin = new AdminClientBuilder([new("bootstrap.servers", BootstrapServers)]).Build();
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = topic,
            NumPartitions = partitions,
            ReplicationFactor = 1,
            Configs = configuration.ToDictionary(c => c.Name, c => c.Value),
        }]);
    }

    public async Task DeleteTopicAsync(string topic)
    {
        using var admin = new AdminClientBuilder([new("bootstrap.servers", BootstrapServers)]).Build();
        await admin.DeleteTopicsAsync([topic]);
    }

    public async Task DeleteRecordsAsync(string topic, int partition, long before)
    {
        using var admin = new AdminClientBuilder([new("bootstrap.servers", BootstrapServers)]).Build();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, partition, before)]);
    }

    public void Produce(string topic, IEnumerable<(string? Key, string? Value)> records, int? partition = null)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(
            [new("bootstrap.servers", BootstrapServers), new("partitioner", "murmur2_random"), new("linger.ms", "2")])
                .Build();
        Exception? failure = null;
        foreach (var (key, value) in records)
        {
            producer.Produce(new TopicPartition(topic, partition ?? Partition.Any), new Message<byte[]?, byte[]?>
            {
                Key = key is null ? null : Encoding.UTF8.GetBytes(key),
                Value = value is null ? null : Encoding.UTF8.GetBytes(value),
            }, report => failure = report.Error.IsError ? new KafkaException(report.Error) : failure);
        }
        producer.Flush(TimeSpan.FromSeconds(30));
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Reads a topic from its beginning until the condition holds; fails after a time.</summary>
    public List<LogLine> ReadUntil(
        string topic, Func<List<LogLine>, bool> isEnough, int timeoutSeconds = 30, bool committed = true)
    {
        var deadline = DateTime.UtcNow.AddSeconds(timeoutSeconds);
        return Read(topic, committed, (lines, _) => isEnough(lines) || (DateTime.UtcNow > deadline
            ? throw new TimeoutException(
                $"After {timeoutSeconds} s {topic} has {lines.Count} records, not what was awaited.")
            : false));
    }

    /// <summary>Everything up to the end as it is now: of committed records, the last stable offset.</summary>
    public List<LogLine> ReadAll(string topic, bool committed = true) =>
        Read(topic, committed, (_, areAllAtEnd) => areAllAtEnd);

    private List<LogLine> Read(string topic, bool committed, Func<List<LogLine>, bool, bool> isEnough)
    {
        var lines = new List<LogLine>();
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(
        [
            new("bootstrap.servers", BootstrapServers), new("group.id", UniqueName("reader")), new(
                "auto.offset.reset", "earliest"),
            new("enable.auto.commit", "false"), new(
                "isolation.level", committed ? "read_committed" : "read_uncommitted"),
            new("fetch.wait.max.ms", "20"), new("enable.partition.eof", "true"),
        ]).Build();
        var partitions = PartitionCount(topic);
        var ended = new HashSet<int>();
        consumer.Assign(Enumerable.Range(0, partitions)
            .Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        while (!isEnough(lines, ended.Count == partitions))
        {
            var result = consumer.Consume(TimeSpan.FromMilliseconds(50));
            if (result?.IsPartitionEOF == true)
            {
                ended.Add(result.Partition.Value);
            }
            else if (result is not null)
            {
                lines.Add(new LogLine(
                    result.Partition.Value, result.Offset.Value, Text(result.Message.Key), Text(result.Message.Value),
                    result.Message.Timestamp.UnixTimestampMs, result.Message.Headers));
            }
        }
        return lines;
    }

    public int PartitionCount(string topic)
    {
        using var admin = new AdminClientBuilder([new("bootstrap.servers", BootstrapServers)]).Build();
        return admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Single(t => t.Topic == topic).Partitions.Count;
    }

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);
}

/// <summary>A record as a test sees it.</summary>
public sealed record LogLine(int Partition, long Offset, string? Key, string? Value, long TimestampMs, Headers Headers)
{
    public string? Header(string name) =>
        Headers.TryGetLastBytes(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;
}
