using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Joins;

/// <summary>A windowed join on Apache Kafka itself, where one is at hand.</summary>
public sealed class JoinOnApacheKafkaTests : IDisposable
{
    private const string Left = "left";
    private const string Right = "right";
    private const string Out = "out";
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-join-kafka-").FullName;

    [Fact]
    public async Task A_left_join_pairs_waits_for_what_a_transaction_hides_closes_in_silence_and_says_nothing_again()
    {
        ApacheKafka.SkipUnlessPresent();
        await using var kafka = await ApacheKafka.StartAsync(Path.Combine(directory, "kafka"));
        var cluster = new TestCluster(kafka.Bootstrap);
        await cluster.CreateTopicAsync(Left, 1, ("message.timestamp.type", "LogAppendTime"));
        await cluster.CreateTopicAsync(Right, 1, ("message.timestamp.type", "LogAppendTime"));
        await cluster.CreateTopicAsync(Out, 1);
        using var hiding = new ProducerBuilder<string, string>(
            [new("bootstrap.servers", kafka.Bootstrap), new("transactional.id", "hiding")]).Build();
        hiding.InitTransactions(TimeSpan.FromSeconds(60));

        await using (var application = await StartAsync(kafka.Bootstrap))
        {
            hiding.BeginTransaction();
            hiding.Produce(Right, new Message<string, string> { Key = "hidden", Value = "r-hidden" });
            hiding.Flush(TimeSpan.FromSeconds(30));
            cluster.Produce(Left, [("hidden", "l-hidden"), ("alone", "l-alone")]);
            await Until.TrueAsync(
                () => application.Watermarks.Any(w => w.Topic == Right && w.HeldBy?.Contains(
                    "transaction", StringComparison.Ordinal) == true),
                "the right side is held by the transaction");
            Assert.Empty(cluster.ReadAll(Out));
            hiding.CommitTransaction(TimeSpan.FromSeconds(30));
            cluster.ReadUntil(Out, lines => lines.Count >= 2, 60);
        }

        await using var again = await StartAsync(kafka.Bootstrap);
        cluster.Produce(Right, [("last", "r-last")]);
        cluster.Produce(Left, [("last", "l-last")]);
        var results = cluster.ReadUntil(Out, lines => lines.Any(l => l.Value == "l-last+r-last"), 60);

        Assert.Equal(["l-hidden+r-hidden", "l-alone+null", "l-last+r-last"], results.Select(l => l.Value));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private async Task<StreamsApplication> StartAsync(string bootstrap)
    {
        var builder = new StreamsBuilder("joins");
        builder.Stream(Left, Serdes.Utf8, Serdes.Utf8).LeftJoin<string, string>(
            builder.Stream(Right, Serdes.Utf8, Serdes.Utf8),
            new JoinWindows(TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500)),
            JoinCase.Describe, new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8))
            .Results.To(Out, Serdes.Utf8, Serdes.Utf8);
        var application = new StreamsApplication(
            builder.Build(), new StreamsOptions
            {
                ApplicationId = "joins",
                BootstrapServers = bootstrap,
                InstanceId = "one",
                StateDirectory = Path.Combine(directory, "state"),
                AllowedClockSkew = TimeSpan.FromMilliseconds(500),
            }, TimeProvider.System, NullLoggerFactory.Instance);
        await application.StartAsync(CancellationToken.None);
        await Until.RunningAsync(application);
        return application;
    }
}
