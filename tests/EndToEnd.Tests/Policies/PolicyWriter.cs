using System.Text;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Policies;

/// <summary>
/// Writes to the topics of policies as something other than <c>alloc policy apply</c> would, or as one that was cut
/// short.
/// </summary>
internal sealed class PolicyWriter : IDisposable
{
    private const string Topic = "allocation.policy";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private readonly GuardedRegistryClient registry;
    private readonly AvroSerde<PolicyInForce> policies;
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly CommandClient client;

    /// <param name="deployment">Where.</param>
    /// <param name="client">Encodes commands.</param>
    /// <param name="transactionalId">As whom; <c>alloc policy apply</c> has one for the whole deployment.</param>
    public PolicyWriter(
        Deployment deployment, CommandClient client, string transactionalId = "allocation-policy-apply")
    {
        this.client = client;
        registry = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [new Uri(deployment.Registry)] }, TimeProvider.System);
        policies = new AvroSerde<PolicyInForce>(registry, ConfluentFraming.SubjectOf(Topic));
        producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = deployment.Bootstrap,
            TransactionalId = transactionalId,
            LingerMs = 0,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    public void Begin()
    {
        producer.InitTransactions(CallTimeout);
        producer.BeginTransaction();
    }

    /// <summary>Writes what is in force from a time on to the topic of policies.</summary>
    public Task WriteAsync(int version, string document, long effectiveAtMs, int replaces) =>
        ProduceAsync(new TopicPartition(Topic, 0), policies.Serialize(new PolicyInForce
        {
            Version = version,
            Document = document,
            ContentHash = PolicyDocument.HashOf(document),
            EffectiveAtMs = effectiveAtMs,
            Base = replaces,
        }));

    /// <summary>Activates it in one partition.</summary>
    public Task<TopicPartitionOffset> ActivateAsync(
        int partition, int version, string document, long effectiveAtMs, string id) =>
        ProduceAsync(new TopicPartition(CommandClient.Commands, partition), client.Encode(CommandClient.Command(
            id, ReservedKeys.Policy, new AllocationCommandBody.PolicyActivate
            {
                Document = document,
                Version = version,
                ContentHash = PolicyDocument.HashOf(document),
                EffectiveAtMs = effectiveAtMs,
            })));

    public void Commit() => producer.CommitTransaction(CallTimeout);

    public void Dispose()
    {
        producer.Dispose();
        registry.Dispose();
    }

    private async Task<TopicPartitionOffset> ProduceAsync(TopicPartition to, byte[] value)
    {
        var report = await producer.ProduceAsync(
            to, new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes(ReservedKeys.Policy), Value = value })
            .WaitAsync(CallTimeout);
        return report.TopicPartitionOffset;
    }
}
