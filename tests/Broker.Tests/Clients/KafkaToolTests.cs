using static Broker.Tests.Clients.ConfluentClients;

namespace Broker.Tests.Clients;

/// <summary>Groups and transactions by Apache Kafka's own tools and clients.</summary>
public sealed class KafkaToolTests
{
    [Fact]
    public async Task Groups_tool_lists_describes_resets_and_deletes()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t");
        using (var producer = Producer(broker))
        {
            Send(producer, "t", 0, "one");
            Send(producer, "t", 0, "two");
            producer.Flush(Patience);
        }

        string[] groups = ["--bootstrap-server", broker.Servers];
        using (var member = Consumer(broker, "g", "member"))
        {
            member.Subscribe("t");
            Until(() => member.Consume(TimeSpan.FromMilliseconds(100)) is { } record && record.Offset == 1);
            member.Commit([new Confluent.Kafka.TopicPartitionOffset("t", 0, 1)]);

            Assert.Contains("Stable", await OtherClient.RunKafkaToolAsync("groups", [.. groups, "--list", "--state"]),
                StringComparison.Ordinal);
            var described = await OtherClient.RunKafkaToolAsync("groups", [.. groups, "--describe", "--group", "g"]);
            Assert.Matches(@"g\s+t\s+0\s+1\s+2\s+1\s+member-", described);
            var members = await OtherClient.RunKafkaToolAsync(
                "groups", [.. groups, "--describe", "--group", "g", "--members", "--verbose"]);
            Assert.Contains("t:0", members, StringComparison.Ordinal);
        }

        broker.Broker.Core.Loop.Post(() => broker.Broker.Core.Coordinators.Groups.Leave(
            "g", [new Alloc.Broker.Groups.LeavingMember("", "member")], broker.Broker.Core.Loop.NowMs));
        await OtherClient.RunKafkaToolAsync(
            "groups", [.. groups, "--group", "g", "--topic", "t", "--reset-offsets", "--to-offset", "0", "--execute"]);
        Assert.Equal(0, Committed(broker, "g", "t"));
        await OtherClient.RunKafkaToolAsync("groups", [.. groups, "--group", "g", "--delete-offsets", "--topic", "t"]);
        Assert.Equal(-1, Committed(broker, "g", "t"));
        await OtherClient.RunKafkaToolAsync("groups", [.. groups, "--delete", "--group", "g"]);
        Assert.DoesNotContain(
            "g", await OtherClient.RunKafkaToolAsync("groups", [.. groups, "--list"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transactions_tool_lists_describes_and_aborts()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t");
        // Four tools are started before it is aborted: it must not end by itself before the last.
        using var producer = Transactional(broker, "hanging", timeoutMs: 600_000);
        producer.BeginTransaction();
        Send(producer, "t", 0, "never");
        producer.Flush(Patience);
        string[] transactions = ["--bootstrap-server", broker.Servers];

        var listed = await OtherClient.RunKafkaToolAsync("transactions", [.. transactions, "list"]);
        var described = await OtherClient.RunKafkaToolAsync(
            "transactions", [.. transactions, "describe", "--transactional-id", "hanging"]);
        var producers = await OtherClient.RunKafkaToolAsync(
            "transactions", [.. transactions, "describe-producers", "--topic", "t", "--partition", "0"]);
        var aborted = await OtherClient.RunKafkaToolAsync(
            "transactions", [.. transactions, "abort", "--topic", "t", "--partition", "0", "--start-offset", "0"]);

        Assert.Matches(@"hanging\s+1\s+\d+\s+Ongoing", listed);
        Assert.Matches(@"hanging\s+\d+\s+0\s+Ongoing.*t-0", described);
        Assert.Matches(@"\d+\s+0\s+-1\s+0\s+\d+\s+0", producers);
        var log = broker.Broker.Core.Topics.Find("t")!.Partitions[0];
        Assert.True(
            log.LastStableOffset == 2, $"the last stable offset is {log.LastStableOffset}; the tool said: {aborted}");
        Assert.Empty(ReadAll(broker, "t"));
    }

    [Fact]
    public async Task Verifiable_clients_produce_and_consume_in_a_group()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t");

        var produced = await OtherClient.RunKafkaToolAsync(
            "verifiable-producer",
            ["--bootstrap-server", broker.Servers, "--topic", "t", "--max-messages", "500", "--acks", "-1"]);
        var consumed = await OtherClient.RunKafkaToolAsync(
            "verifiable-consumer",
            ["--bootstrap-server", broker.Servers, "--topic", "t", "--group-id", "v", "--max-messages", "500",
                "--reset-policy", "earliest"]);

        Assert.Contains("\"acked\":500", produced, StringComparison.Ordinal);
        Assert.Contains("offsets_committed", consumed, StringComparison.Ordinal);
        Assert.Equal(500, Committed(broker, "v", "t"));
    }
}
