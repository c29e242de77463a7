using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>
/// The same commands for a real <c>alloc dev</c>, which is killed in the middle: verify finds nothing.
/// </summary>
public sealed class KilledGeneratedHistoryTests
{
    private const int Kills = 3;
    private const int RecordsPerKill = 4_000;

    // So short that ids are used again after they were forgotten while the test runs.
    private const long MemoryMs = 4_000;

    [Theory]
    [InlineData(11)]
    public async Task Random_commands_and_kills_leave_a_history_without_findings(int seed)
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"], "--shadow");
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        using var producer = client.NewProducer();
        using var registry = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [new Uri(deployment.Registry)] }, TimeProvider.System);
        var log = new GeneratedLog(seed, CommandClient.PartitionCount, MemoryMs, registry, new NothingKnown());
        Send(log.Begin(Now));

        for (var kill = 0; kill < Kills; kill++)
        {
            for (var sent = 0; sent < RecordsPerKill;)
            {
                sent += Send(log.Next(Now));
            }
            await server.RestartAsync();
        }
        producer.Flush(TestContext.Current.CancellationToken);

        var found = await Proof.VerifyAsync(deployment);
        Assert.True((long)found["commands"]! >= Kills * RecordsPerKill, found["commands"]!.ToJsonString());
        Assert.True((long)found["duplicates"]! > 0, found["duplicates"]!.ToJsonString());
        Assert.True((long)found["deadLetters"]! > 0, found["deadLetters"]!.ToJsonString());

        int Send(IEnumerable<GeneratedRecord> records)
        {
            var count = 0;
            foreach (var record in records)
            {
                Produce(record);
                count++;
            }
            return count;
        }

        void Produce(in GeneratedRecord record)
        {
            var message = new Message<byte[]?, byte[]?> { Key = record.Key, Value = record.Value };
            while (true)
            {
                try
                {
                    producer.Produce(new TopicPartition(CommandClient.Commands, record.Partition), message);
                    return;
                }
                catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    producer.Poll(TimeSpan.FromMilliseconds(100));
                }
            }
        }
    }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private sealed class NothingKnown : ILedgerView
    {
        public Balances? BalancesOf(string poolId) => null;

        public long? VersionOf(string poolId, string reservationId) => null;
    }
}
