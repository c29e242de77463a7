using Alloc.Client.Kafka;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Client.Tests;

public sealed class PartitionBoundsTests(ClientFixture fixture) : IClassFixture<ClientFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_partition_that_is_new_to_the_client_is_looked_up_again()
    {
        await fixture.CreateTopicAsync("grows", 1);
        using var consumer = new KafkaClients(fixture.Options).Consumer();
        Assert.Equal(0, consumer.BoundsOf(new TopicPartition("grows", 0), Patience).High.Value);
        using var admin = new KafkaClients(fixture.Options).Admin();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "grows", IncreaseTo = 2 }]);

        var bounds = consumer.BoundsOf(new TopicPartition("grows", 1), Patience);

        Assert.Equal((0, 0), (bounds.Low.Value, bounds.High.Value));
    }

    [Fact]
    public async Task A_partition_that_is_not_there_is_said_to_be_unknown()
    {
        await fixture.CreateTopicAsync("small", 1);
        using var consumer = new KafkaClients(fixture.Options).Consumer();

        var error = Assert.Throws<KafkaException>(
            () => consumer.BoundsOf(new TopicPartition("small", 7), Patience));

        Assert.Equal(ErrorCode.Local_UnknownPartition, error.Error.Code);
    }
}
