using System.Diagnostics;
using Alloc.Broker;
using Alloc.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>
/// A Kafka Streams application with exactly-once processing on this broker: the hardest user of transactions.
/// </summary>
public sealed class KafkaStreamsTests
{
    [Fact]
    public async Task Kafka_streams_folds_exactly_once_and_goes_on_after_it_was_killed()
    {
        var peer = Installed.KafkaHome is { } home ? Path.Combine(home, "bin", "kafka-peer") : "";
        Assert.SkipUnless(File.Exists(peer), "Apache Kafka's Streams peer is not at hand: set KAFKA_HOME");
        await using var broker =
            await TestBroker.StartAsync(options => options with { Durability = DurabilityMode.Commit });
        string[] servers = ["--bootstrap", broker.Servers];
        var state = Directory.CreateTempSubdirectory("alloc-streams-").FullName;
        string[] run =
        [
            "run", "--app", "fold", "--state", state, "--threads", "2", "--cache", "0", "--commit", "100", .. servers
        ];
        await OtherClient.RunAsync(peer, ["topics", "--partitions", "4", .. servers]);
        await OtherClient.RunAsync(
            peer, ["generate", "--count", "20000", "--pools", "1000", "--seed", "1", .. servers]);

        using (var first = Process.Start(new ProcessStartInfo(peer, run)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!)
        {
            var outcomes = broker.Broker.Core.Topics.Find("peer.outcomes")!.Partitions;
            ConfluentClients.Until(() => outcomes.Sum(p => p.HighWatermark) > 2_000);
            first.Kill(entireProcessTree: true);
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var second = Process.Start(new ProcessStartInfo(peer, run)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            // 20,000 commands after one supply for each of 1,000 pools: one outcome each.
            var measured = await OtherClient.RunAsync(peer, ["measure", "--count", "21000", .. servers]);

            Assert.Contains("outcomes 21,000;", measured, StringComparison.Ordinal);
            Assert.All(
                broker.Broker.Core.Topics.Find("peer.commands")!.Partitions,
                p => ConfluentClients.Until(() =>
                    ConfluentClients.Committed(broker, "fold", "peer.commands", p.Partition) >= p.HighWatermark));
        }
        finally
        {
            second.Kill(entireProcessTree: true);
            await second.WaitForExitAsync(TestContext.Current.CancellationToken);
            Directory.Delete(state, recursive: true);
        }
    }
}
