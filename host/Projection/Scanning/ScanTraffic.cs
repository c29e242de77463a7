using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Host.Projection.Scanning;

/// <summary>The topics that scans use, as they are named here.</summary>
/// <param name="Messages">Questions and answers; one partition.</param>
/// <param name="Reports">What was found.</param>
/// <param name="Requests">What is to be built anew; one partition.</param>
internal sealed record ScanTopics(string Messages, string Reports, string Requests);

/// <summary>
/// What instances say to each other about scans, by topics: no credentials of theirs are needed, and it does not matter
/// which instance has what. All of this instance read and write here.
/// </summary>
internal sealed class ScanTraffic : IDisposable
{
    private static readonly TimeSpan FetchWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(10);
    private readonly AllocClientOptions settings;
    private readonly ScanTopics topics;
    private readonly AvroSerde<ScanMessage> messages;
    private readonly AvroSerde<ScanReport> reports;
    private readonly TopicFollower<ScanMessage> follower;
    private readonly Lazy<IProducer<byte[]?, byte[]?>> producer;

    public ScanTraffic(AllocClientOptions settings, ISchemaRegistryClient registry, ScanTopics topics)
    {
        this.settings = settings;
        this.topics = topics;
        messages = new AvroSerde<ScanMessage>(registry, ConfluentFraming.SubjectOf(topics.Messages));
        reports = new AvroSerde<ScanReport>(registry, ConfluentFraming.SubjectOf(topics.Reports));
        follower = new TopicFollower<ScanMessage>(
            settings, registry, topics.Messages, Offset.End, FetchWait, (m, atMs) => Received?.Invoke(m, atMs));
        producer = new Lazy<IProducer<byte[]?, byte[]?>>(() => new KafkaClients(this.settings).Producer());
    }

    /// <summary>A message was read, with its timestamp in milliseconds since 1970 UTC; on the reading thread.</summary>
    public event Action<ScanMessage, long>? Received;

    /// <summary>Reads from now on.</summary>
    public void Start() => follower.Start();

    /// <summary>Says something; returns when Kafka has it.</summary>
    /// <exception cref="KafkaException">It does not take it.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    public void Send(ScanMessage message) => Send(
        new TopicPartition(topics.Messages, 0), message.ScanId, messages.Serialize(message));

    /// <summary>Tells what was found; returns when Kafka has it.</summary>
    /// <exception cref="KafkaException">It does not take it.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    public void Send(ScanReport report) => Send(
        new TopicPartition(topics.Reports, report.Partition), report.ScanId, reports.Serialize(report));

    public void Dispose()
    {
        follower.Dispose();
        if (producer.IsValueCreated)
        {
            producer.Value.Flush(FlushPatience);
            producer.Value.Dispose();
        }
    }

    private void Send(TopicPartition to, string key, byte[] value) => producer.Value.ProduceAsync(
        to, new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes(key), Value = value })
        .GetAwaiter().GetResult();
}
