using System.Net.Sockets;
using Confluent.Kafka;

namespace Alloc.Client.Kafka;

/// <summary>
/// Builds the clients that all rooms use: quiet, with the user's security settings, quick to say who is away.
/// </summary>
internal sealed class KafkaClients(AllocClientOptions settings)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Fails at once, and in plain words, where no broker listens; the client alone would wait its time out.
    /// </summary>
    public async Task EnsureReachableAsync(CancellationToken cancellation)
    {
        string? reason = null;
        foreach (var address in settings.Bootstrap.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (host, port) = Split(address);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            deadline.CancelAfter(ConnectTimeout);
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(host, port, deadline.Token).ConfigureAwait(false);
                return;
            }
            catch (SocketException e)
            {
                reason = e.Message;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                reason = "no answer";
            }
        }
        throw AllocException.Unavailable(
            $"No Kafka broker answers at {settings.Bootstrap}: {reason ?? "no address given"}.",
            settings.WhenUnreachable);
    }

    public IAdminClient Admin() =>
        new AdminClientBuilder(Config(new AdminClientConfig())).SetLogHandler(Silent).Build();

    /// <summary>
    /// A consumer of raw records; partitions are assigned, never subscribed, and nothing is committed.
    /// </summary>
    /// <param name="readCommitted">Whether records of aborted and open transactions are left out.</param>
    /// <param name="group">The group whose offsets it asks for.</param>
    /// <param name="fetchWaitMs">How long the broker may wait for a record, in milliseconds.</param>
    /// <param name="partitionBytes">Bytes of a partition that one fetch brings; null for the client's default.</param>
    public IConsumer<byte[]?, byte[]?> Consumer(
        bool readCommitted = true, string group = "alloc-cli", int fetchWaitMs = 100, int? partitionBytes = null) =>
        new ConsumerBuilder<byte[]?, byte[]?>(Config(new ConsumerConfig
        {
            MaxPartitionFetchBytes = partitionBytes,
            GroupId = group,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Error,
            IsolationLevel = readCommitted ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted,
            FetchWaitMaxMs = fetchWaitMs,
            // Whoever reads a whole topic fills the queue; by default nothing is fetched for a second then.
            FetchQueueBackoffMs = 5,
        })).SetLogHandler(Silent).SetErrorHandler((_, _) => { }).Build();

    /// <summary>A producer whose retries cannot double a record.</summary>
    public IProducer<byte[]?, byte[]?> Producer() =>
        new ProducerBuilder<byte[]?, byte[]?>(Config(new ProducerConfig
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = 0,
            MessageTimeoutMs = (int)Math.Clamp(settings.Timeout.TotalMilliseconds, 1_000, 300_000),
        })).SetLogHandler(Silent).SetErrorHandler((_, _) => { }).Build();

    /// <summary>A producer of transactions; the newest with an id shuts all older ones out.</summary>
    public IProducer<byte[]?, byte[]?> TransactionalProducer(string transactionalId) =>
        new ProducerBuilder<byte[]?, byte[]?>(Config(new ProducerConfig
        {
            TransactionalId = transactionalId,
            LingerMs = 0,
            TransactionTimeoutMs = (int)Math.Clamp(settings.Timeout.TotalMilliseconds, 1_000, 60_000),
            MessageTimeoutMs = (int)Math.Clamp(settings.Timeout.TotalMilliseconds, 1_000, 60_000),
        })).SetLogHandler(Silent).SetErrorHandler((_, _) => { }).Build();

    /// <summary>
    /// Partitions of a topic; not found where Kafka has none. It is looked for among all topics: asked for one that is
    /// not there, a broker that creates topics by itself would create it.
    /// </summary>
    public int PartitionCount(IAdminClient admin, string topic) => PartitionCounts(admin, topic)[0];

    /// <summary>The same of several topics, in their order, by one question.</summary>
    public int[] PartitionCounts(IAdminClient admin, params string[] topics)
    {
        var metadata = admin.GetMetadata(settings.Timeout);
        return Array.ConvertAll(topics, topic => PartitionCount(metadata, topic));
    }

    private int PartitionCount(Metadata metadata, string topic)
    {
        var found = metadata.Topics.SingleOrDefault(t => t.Topic == topic);
        if (found is null || found.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic
            || found.Partitions.Count == 0)
        {
            throw AllocException.NotFound($"There is no topic {topic} at {settings.Bootstrap}.");
        }
        return found.Error.IsError ? throw new KafkaException(found.Error) : found.Partitions.Count;
    }

    private T Config<T>(T config)
        where T : ClientConfig
    {
        config.BootstrapServers = settings.Bootstrap;
        config.ClientId = settings.ClientId;
        config.BrokerAddressFamily = BrokerAddressFamily.V4;
        foreach (var (key, value) in settings.KafkaProperties)
        {
            config.Set(key, value);
        }
        return config;
    }

    private static void Silent(IClient client, LogMessage message)
    {
        // What matters arrives as an error of a call; the client's own lines would mix with the data.
    }

    private static (string Host, int Port) Split(string address)
    {
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(address[(colon + 1)..], out var port) || port is < 1 or > 65535)
        {
            throw AllocException.Usage($"Kafka's address '{address}' is not host:port.");
        }
        return (address[..colon].Trim('[', ']'), port);
    }
}
