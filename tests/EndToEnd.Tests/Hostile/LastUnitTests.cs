using System.Text;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

public sealed class LastUnitTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const int Producers = 16;
    private const int Holds = 10_000;

    [Fact]
    public async Task Ten_thousand_holds_for_one_unit_from_sixteen_producers_are_granted_once()
    {
        const string Pool = "last-unit";
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync(Pool, 1);
        var partition = CommandClient.PartitionOf(Pool);

        await Task.WhenAll(Enumerable.Range(0, Producers).Select(p => Task.Run(() =>
        {
            using var producer = client.NewProducer();
            for (var i = p; i < Holds; i += Producers)
            {
                var command = CommandClient.Command($"last-{i}", Pool, CommandClient.Hold($"r-{i}", 1));
                producer.Produce(
                    new TopicPartition(CommandClient.Commands, partition),
                    new Message<byte[]?, byte[]?>
                    {
                        Key = Encoding.UTF8.GetBytes(Pool),
                        Value = client.Encode(command),
                    });
            }
            Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(60)));
        })));

        var answers = client.Journal(partition, TimeSpan.FromSeconds(60))
            .Where(o => o.PoolId == Pool && o.CommandKind == CommandKind.Hold).Take(Holds).ToList();
        Assert.Equal(Holds, answers.Count);
        Assert.Single(answers, o => o.Event is AllocationOutcomeEvent.Held);
        Assert.All(
            answers.Select(o => o.Event).OfType<AllocationOutcomeEvent.Rejected>(),
            r => Assert.Equal(ReasonCode.InsufficientAvailability, Assert.Single(r.Reasons).Code));
        await Proof.VerifyAsync(dev.Deployment);
    }
}
