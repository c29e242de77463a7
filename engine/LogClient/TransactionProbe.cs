using System.Net.Sockets;
using Confluent.Kafka;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Asks brokers which transaction holds a partition up, and whose it is (KIP-664: DescribeProducers 0, ListTransactions
/// 0, DescribeTransactions 0). The client library has no call for it, so this speaks the protocol itself: one
/// connection for each question, without TLS and SASL. Where brokers want either, it says so and asks nobody.
/// </summary>
public sealed class TransactionProbe
{
    private const short DescribeProducers = 61;
    private const short DescribeTransactions = 65;
    private const short ListTransactions = 66;
    private readonly string? unable;
    private readonly TimeSpan timeout;

    /// <summary>Prepares questions.</summary>
    /// <param name="settings">The clients' settings, by librdkafka's names.</param>
    /// <param name="timeout">How long each question may take.</param>
    public TransactionProbe(IReadOnlyDictionary<string, string> settings, TimeSpan timeout)
    {
        this.timeout = timeout;
        var protocol = settings.GetValueOrDefault("security.protocol", "plaintext");
        unable = protocol.Equals("plaintext", StringComparison.OrdinalIgnoreCase)
            ? null
            : $"with security.protocol={protocol} nobody is asked who it is; Kafka's kafka-transactions.sh "
                + "find-hanging tells";
    }

    /// <summary>The transaction of a partition that began first; null where none stands open.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="leader">Host and port of its leader.</param>
    /// <param name="brokers">Host and port of every broker: one of them coordinates the transaction.</param>
    /// <param name="offset">
    /// Where reading committed records ends now: what is said where the broker tells nothing.
    /// </param>
    public OpenTransaction? Oldest(
        TopicPartition partition, (string Host, int Port) leader, IEnumerable<(string Host, int Port)> brokers,
        long offset)
    {
        if (unable is not null)
        {
            return new OpenTransaction(offset, null, null, null, unable);
        }
        try
        {
            if (Producer(partition, leader) is not { } producer)
            {
                return null;
            }
            var (id, startedAtMs) = Transaction(producer.Id, brokers);
            return new OpenTransaction(producer.Start, producer.Id, id, startedAtMs ?? producer.LastMs, null);
        }
        catch (Exception error) when (error is IOException or SocketException or InvalidDataException
            or OperationCanceledException)
        {
            return new OpenTransaction(offset, null, null, null, $"the broker does not tell whose: {error.Message}");
        }
    }

    /// <summary>The same, with leader and brokers from what the cluster told of itself.</summary>
    /// <param name="cluster">Brokers and leaders.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="offset">Where reading committed records ends now.</param>
    public OpenTransaction? Oldest(Metadata cluster, TopicPartition partition, long offset)
    {
        var brokers = cluster.Brokers.ToDictionary(b => b.BrokerId, b => (b.Host, b.Port));
        var leader = cluster.Topics.Where(t => t.Topic == partition.Topic).SelectMany(t => t.Partitions)
            .FirstOrDefault(p => p.PartitionId == partition.Partition)?.Leader;
        return leader is { } id && brokers.TryGetValue(id, out var address)
            ? Oldest(partition, address, brokers.Values, offset)
            : null;
    }

    /// <summary>The producer whose open transaction began first.</summary>
    private (long Id, long Start, long? LastMs)? Producer(TopicPartition partition, (string Host, int Port) leader)
    {
        var answer = Ask(leader, DescribeProducers, new WireBuffer()
            .Count(1).Text(partition.Topic).Count(1).Int32(partition.Partition).Tags().Tags());
        (long Id, long Start, long? LastMs)? first = null;
        answer.ReadInt32();
        for (var topics = answer.ReadCount(); topics > 0; topics--)
        {
            answer.ReadText();
            for (var partitions = answer.ReadCount(); partitions > 0; partitions--)
            {
                answer.ReadInt32();
                var code = answer.ReadInt16();
                answer.ReadText();
                if (code != 0)
                {
                    throw new InvalidDataException($"error code {code}");
                }
                for (var producers = answer.ReadCount(); producers > 0; producers--)
                {
                    var id = answer.ReadInt64();
                    answer.ReadInt32();
                    answer.ReadInt32();
                    var lastMs = answer.ReadInt64();
                    answer.ReadInt32();
                    var start = answer.ReadInt64();
                    answer.SkipTags();
                    if (start >= 0 && (first is null || start < first.Value.Start))
                    {
                        first = (id, start, lastMs < 0 ? null : lastMs);
                    }
                }
                answer.SkipTags();
            }
            answer.SkipTags();
        }
        return first;
    }

    /// <summary>
    /// The transactional id of a producer and when its transaction began, from whoever coordinates it.
    /// </summary>
    private (string? Id, long? StartedAtMs) Transaction(long producerId, IEnumerable<(string Host, int Port)> brokers)
    {
        foreach (var broker in brokers)
        {
            var listed = Ask(broker, ListTransactions, new WireBuffer().Count(0).Count(1).Int64(producerId).Tags());
            listed.ReadInt32();
            listed.ReadInt16();
            for (var unknown = listed.ReadCount(); unknown > 0; unknown--)
            {
                listed.ReadText();
            }
            if (listed.ReadCount() == 0 || listed.ReadText() is not { } id)
            {
                continue;
            }
            var described = Ask(broker, DescribeTransactions, new WireBuffer().Count(1).Text(id).Tags());
            described.ReadInt32();
            if (described.ReadCount() == 0 || described.ReadInt16() != 0)
            {
                return (id, null);
            }
            described.ReadText();
            described.ReadText();
            described.ReadInt32();
            var startedAtMs = described.ReadInt64();
            return (id, startedAtMs < 0 ? null : startedAtMs);
        }
        return (null, null);
    }

    /// <summary>One question over a connection of its own; what follows the answer's header.</summary>
    private WireBuffer Ask((string Host, int Port) broker, short api, WireBuffer body)
    {
        using var connection = WireConnection.Open(broker, timeout);
        connection.Send(api, 0, isFlexible: true, body);
        return connection.Receive(isFlexible: true);
    }
}
