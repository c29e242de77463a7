using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.LogClient;

/// <summary>Settings that correctness rests on; a change of one of them is a decision and not a detail.</summary>
public sealed class ClientSettingsTests
{
    private static readonly KafkaLogClient Client = new(new StreamsOptions
    {
        ApplicationId = "app",
        BootstrapServers = "127.0.0.1:1",
        StateDirectory = "none",
        TransactionTimeout = TimeSpan.FromSeconds(10),
        SessionTimeout = TimeSpan.FromSeconds(10),
        ClientConfiguration = new Dictionary<string, string> { ["security.protocol"] = "plaintext" },
    }, NullLoggerFactory.Instance);

    [Theory]
    [InlineData("group.id", "app")]
    [InlineData("group.instance.id", "app-one-1")]
    [InlineData("client.id", "app-one-1|http://here")]
    [InlineData("partition.assignment.strategy", "range")]
    [InlineData("isolation.level", "read_committed")]
    [InlineData("enable.auto.commit", "false")]
    [InlineData("enable.auto.offset.store", "false")]
    [InlineData("auto.offset.reset", "error")]
    [InlineData("enable.partition.eof", "true")]
    [InlineData("check.crcs", "true")]
    [InlineData("fetch.queue.backoff.ms", "5")]
    [InlineData("dotnet.consumer.consume.result.fields", "timestamp,topic")]
    [InlineData("allow.auto.create.topics", "false")]
    [InlineData("security.protocol", "plaintext")]
    public void A_member_of_the_group_is_set_up_so(string name, string value)
    {
        var identity = new ThreadIdentity("app", "one", 1, "http://here");
        var options = new GroupConsumerOptions(identity.ClientId, identity.GroupInstanceId, ReadHeaders: false);

        Assert.Equal(value, Client.GroupConsumerSettings(options)[name]);
    }

    [Theory]
    [InlineData("transactional.id", "app-one-1-0")]
    [InlineData("transaction.timeout.ms", "10000")]
    [InlineData("message.timeout.ms", "10000")]
    [InlineData("acks", "all")]
    [InlineData("partitioner", "murmur2_random")]
    [InlineData("retry.backoff.ms", "1")]
    [InlineData("linger.ms", "100")]
    [InlineData("enable.sparse.connections", "false")]
    [InlineData("metadata.recovery.strategy", "none")]
    public void A_producer_of_transactions_is_set_up_so(string name, string value)
    {
        var identity = new ThreadIdentity("app", "one", 1, null);

        Assert.Equal(value, Client.TransactionalSettings(identity.TransactionalId(0), identity.ClientId)[name]);
    }

    [Fact]
    public void Ticks_have_an_idempotent_producer_outside_any_transaction()
    {
        var settings = Client.AppenderSettings("app-one-1");

        Assert.Equal("true", settings["enable.idempotence"]);
        Assert.DoesNotContain("transactional.id", settings.Keys);
    }
}
