using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace EndToEnd.Tests.Processes;

/// <summary>Everything that a topic of a deployment has.</summary>
internal static class TopicRecords
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The committed records up to the end, partition by partition, each with its time in the log in milliseconds.
    /// </summary>
    public static Task<List<(long AtMs, T Value)>> ReadAsync<T>(
        Deployment deployment, string topic, CancellationToken cancellation)
        where T : class, IAvroRecord<T> => Task.Run(
        () =>
        {
            using var registry = new GuardedRegistryClient(
                new SchemaRegistryOptions { Urls = [new Uri(deployment.Registry)] }, TimeProvider.System);
            var serde = new AvroSerde<T>(registry, ConfluentFraming.SubjectOf(topic));
            var clients = new KafkaClients(new AllocClientOptions
            {
                Bootstrap = deployment.Bootstrap,
                Registry = new Uri(deployment.Registry),
                Timeout = CallTimeout,
            });
            int partitionCount;
            using (var admin = clients.Admin())
            {
                partitionCount = clients.PartitionCount(admin, topic);
            }
            var plan = new TailPlan { Topic = topic, Partitions = [.. Enumerable.Range(0, partitionCount)] };
            return new TopicTail(clients, CallTimeout).Read(plan, cancellation)
                .Where(r => r.Message.Value is not null)
                .OrderBy(r => r.Partition.Value).ThenBy(r => r.Offset.Value)
                .Select(r => (r.Message.Timestamp.UnixTimestampMs, serde.Deserialize(r.Message.Value!)))
                .ToList();
        },
        cancellation);
}
