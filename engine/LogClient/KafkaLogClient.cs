using System.Globalization;
using Alloc.Engine.Runtime;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>The log over Confluent.Kafka and librdkafka: the settings of every client in one place.</summary>
public sealed class KafkaLogClient : ILogClient
{
    private readonly StreamsOptions streams;
    private readonly ILogger logger;

    /// <summary>Connects nowhere yet.</summary>
    public KafkaLogClient(StreamsOptions options, ILoggerFactory loggerFactory)
    {
        streams = options;
        logger = loggerFactory.CreateLogger<KafkaLogClient>();
    }

    /// <inheritdoc/>
    public ILogConsumer CreateGroupConsumer(GroupConsumerOptions options) =>
        new KafkaLogConsumer(GroupConsumerSettings(options), logger);

    /// <inheritdoc/>
    public ILogConsumer CreateRestoreConsumer(string clientId)
    {
        var settings = ConsumerSettings(clientId, readHeaders: false);
        settings["group.id"] = $"{streams.ApplicationId}-restore";
        settings["fetch.wait.max.ms"] = "20";
        settings["fetch.message.max.bytes"] = "4194304";
        return new KafkaLogConsumer(With(settings), logger);
    }

    /// <inheritdoc/>
    public ILogProducer CreateTransactionalProducer(string transactionalId, string clientId) => new KafkaLogProducer(
        transactionalId, TransactionalSettings(transactionalId, clientId), streams.RequestTimeout,
        streams.TransactionTimeout, logger);

    /// <inheritdoc/>
    public ILogAppender CreateAppender(string clientId) => new KafkaLogAppender(AppenderSettings(clientId), logger);

    /// <inheritdoc/>
    public ILogAdmin CreateAdmin(string clientId, string? group = null) => new KafkaLogAdmin(
        With(CommonSettings(clientId)), group ?? streams.ApplicationId, streams.RequestTimeout, logger);

    /// <summary>How a member of the group is set up.</summary>
    internal Dictionary<string, string> GroupConsumerSettings(GroupConsumerOptions options)
    {
        var settings = ConsumerSettings(options.ClientId, options.ReadHeaders);
        settings["group.id"] = streams.ApplicationId;
        settings["group.instance.id"] = options.GroupInstanceId;
        settings["partition.assignment.strategy"] = "range";
        settings["session.timeout.ms"] = Milliseconds(streams.SessionTimeout);
        settings["heartbeat.interval.ms"] = Milliseconds(streams.SessionTimeout / 5);
        settings["max.poll.interval.ms"] = Milliseconds(streams.MaxPollInterval);
        settings["fetch.wait.max.ms"] = "100";
        return With(settings);
    }

    /// <summary>How a producer of transactions is set up.</summary>
    internal Dictionary<string, string> TransactionalSettings(string transactionalId, string clientId)
    {
        var settings = ProducerSettings(clientId);
        settings["transactional.id"] = transactionalId;
        settings["transaction.timeout.ms"] = Milliseconds(streams.TransactionTimeout);
        settings["message.timeout.ms"] = Milliseconds(streams.TransactionTimeout);
        // A commit flushes, which waits for no linger: what is sent before it goes out in full batches.
        settings["linger.ms"] = "100";
        // The client gives up the connection it began with as soon as it knows the brokers, and a producer that has not
        // one to each of them waits 30 to 500 ms then before it asks for its id: at each start and each takeover.
        settings["enable.sparse.connections"] = "false";
        // When no broker is there, the client would forget those that it knew, and SendOffsetsToTransaction then never
        // comes back (confluentinc/librdkafka#5511). CommitPipeline gives such a call up; this spares it the wait.
        settings["metadata.recovery.strategy"] = "none";
        // One delivery in thousands has a handler; its offset is all that is asked of it.
        settings["dotnet.producer.delivery.report.fields"] = "timestamp";
        // Delivery reports are served by the flush that waits for them: a poll beside it takes them away, and the flush
        // then learns of the last one 10 ms later.
        settings["dotnet.producer.enable.background.poll"] = "false";
        return With(settings);
    }

    /// <summary>How the producer of ticks is set up.</summary>
    internal Dictionary<string, string> AppenderSettings(string clientId)
    {
        var settings = ProducerSettings(clientId);
        settings["enable.idempotence"] = "true";
        settings["message.timeout.ms"] = Milliseconds(streams.RequestTimeout);
        settings["linger.ms"] = "0";
        settings["dotnet.producer.delivery.report.fields"] = "timestamp";
        return With(settings);
    }

    private static string Milliseconds(TimeSpan time) =>
        ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private Dictionary<string, string> CommonSettings(string clientId) => new(StringComparer.Ordinal)
    {
        ["bootstrap.servers"] = streams.BootstrapServers,
        ["client.id"] = clientId,
        ["socket.nagle.disable"] = "true",
        ["reconnect.backoff.ms"] = "50",
        ["reconnect.backoff.max.ms"] = "1000",
        ["topic.metadata.refresh.interval.ms"] = "30000",
        ["allow.auto.create.topics"] = "false",
    };

    private Dictionary<string, string> ConsumerSettings(string clientId, bool readHeaders)
    {
        var settings = CommonSettings(clientId);
        settings["isolation.level"] = "read_committed";
        settings["enable.auto.commit"] = "false";
        settings["enable.auto.offset.store"] = "false";
        settings["auto.offset.reset"] = "error";
        settings["enable.partition.eof"] = "true";
        settings["check.crcs"] = "true";
        settings["queued.max.messages.kbytes"] = streams.FetchQueueKib.ToString(CultureInfo.InvariantCulture);
        settings["queued.min.messages"] = "100000";
        settings["fetch.error.backoff.ms"] = "100";
        // Full, the queue is looked at again after this long; the default of 1,000 ms leaves the thread without records
        // once it has drained what was there.
        settings["fetch.queue.backoff.ms"] = "5";
        settings["dotnet.consumer.consume.result.fields"] = readHeaders ? "timestamp,topic,headers" : "timestamp,topic";
        return settings;
    }

    private Dictionary<string, string> ProducerSettings(string clientId)
    {
        var settings = CommonSettings(clientId);
        settings.Remove("allow.auto.create.topics");
        settings["acks"] = "all";
        settings["partitioner"] = "murmur2_random";
        settings["compression.type"] = streams.Compression;
        settings["batch.num.messages"] = "20000";
        settings["batch.size"] = "1000000";
        settings["queue.buffering.max.messages"] = "500000";
        settings["queue.buffering.max.kbytes"] = "262144";
        // A new transaction right after an old one is told to wait for its markers; the default of 100 ms is that wait.
        settings["retry.backoff.ms"] = "1";
        return settings;
    }

    private Dictionary<string, string> With(Dictionary<string, string> settings)
    {
        foreach (var (name, value) in streams.ClientConfiguration)
        {
            settings[name] = value;
        }
        return settings;
    }
}
