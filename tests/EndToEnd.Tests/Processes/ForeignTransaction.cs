using Confluent.Kafka;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// Somebody else's transaction that stands open in a partition: readers of committed records see nothing after its
/// begin.
/// </summary>
internal sealed class ForeignTransaction : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private readonly IProducer<byte[]?, byte[]?> producer;

    private ForeignTransaction(IProducer<byte[]?, byte[]?> producer) => this.producer = producer;

    /// <summary>Writes a record in a transaction and leaves it open.</summary>
    public static async Task<ForeignTransaction> OpenAsync(
        Deployment deployment, string transactionalId, TopicPartition partition)
    {
        var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = deployment.Bootstrap,
            TransactionalId = transactionalId,
            TransactionTimeoutMs = 300_000,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        producer.InitTransactions(CallTimeout);
        producer.BeginTransaction();
        await producer.ProduceAsync(partition, new Message<byte[]?, byte[]?> { Value = [1] });
        return new ForeignTransaction(producer);
    }

    public void Abort() => producer.AbortTransaction(CallTimeout);

    public void Dispose() => producer.Dispose();
}
