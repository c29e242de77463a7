using Alloc.Tests.Support;
using Confluent.Kafka;
using static Broker.Tests.Clients.ConfluentClients;

namespace Broker.Tests.Clients;

/// <summary>Consumer groups by the client that the product uses.</summary>
public sealed class GroupClientTests
{
    [Fact]
    public async Task Two_consumers_share_the_partitions_and_the_one_that_stays_gets_all()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t", 4);
        using var first = Consumer(broker, "g");
        var second = Consumer(broker, "g");
        first.Subscribe("t");
        Until(() => Poll(first) && first.Assignment.Count == 4);
        second.Subscribe("t");

        Until(() => Poll(first, second) && first.Assignment.Count == 2 && second.Assignment.Count == 2);
        Assert.Empty(first.Assignment.Intersect(second.Assignment));
        second.Close();
        second.Dispose();

        Until(() => Poll(first) && first.Assignment.Count == 4);
    }

    [Fact]
    public async Task Consumer_that_dies_without_leaving_is_replaced_after_its_session()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t", 2);
        using var dying = Consumer(broker, "g", instanceId: "dying");
        using var living = Consumer(broker, "g", instanceId: "living");
        dying.Subscribe("t");
        living.Subscribe("t");
        Until(() => Poll(dying, living) && dying.Assignment.Count == 1 && living.Assignment.Count == 1);

        // A static member does not leave the group when it closes: only silence removes it.
        dying.Close();

        Until(() => Poll(living) && living.Assignment.Count == 2);
    }

    [Fact]
    public async Task Static_member_that_restarts_gets_its_partitions_back_and_nobody_else_notices()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t", 2);
        var assignedToFirst = 0;
        using var first = Consumer(
            broker, "g", "a", b => b.SetPartitionsAssignedHandler((_, _) => { assignedToFirst++; }));
        var second = Consumer(broker, "g", "b");
        first.Subscribe("t");
        second.Subscribe("t");
        Until(() => Poll(first, second) && first.Assignment.Count == 1 && second.Assignment.Count == 1);
        var before = second.Assignment.Single();
        var assignedBefore = assignedToFirst;

        second.Close();
        second.Dispose();
        using var back = Consumer(broker, "g", "b");
        back.Subscribe("t");
        Until(() => Poll(first, back) && back.Assignment.Count == 1);

        Assert.Equal(before, back.Assignment.Single());
        Assert.Equal(assignedBefore, assignedToFirst);
    }

    [Fact]
    public async Task Static_member_is_fenced_by_a_second_one_of_its_name()
    {
        await using var broker = await TestBroker.StartAsync();
        await CreateTopicAsync(broker, "t");
        var errors = new List<ErrorCode>();
        using var first = Consumer(broker, "g", "a", b => b.SetErrorHandler((_, e) => errors.Add(e.Code)));
        first.Subscribe("t");
        Until(() => Poll(first) && first.Assignment.Count == 1);

        using var second = Consumer(broker, "g", "a");
        second.Subscribe("t");
        Until(() => Poll(second) && second.Assignment.Count == 1);

        Until(() =>
        {
            try
            {
                Poll(first);
            }
            catch (KafkaException exception)
            {
                errors.Add(exception.Error.Code);
            }

            return errors.Contains(ErrorCode.FencedInstanceId) || errors.Contains(ErrorCode.Local_Fatal);
        });
    }

    [Fact]
    public async Task Members_go_on_where_they_were_when_the_broker_restarts()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Port = LeasedPorts.Take() });
        await CreateTopicAsync(broker, "t");
        var assigned = 0;
        using var consumer = Consumer(
            broker, "g", "a", b => b.SetPartitionsAssignedHandler((_, _) => { assigned++; }));
        consumer.Subscribe("t");
        Until(() => Poll(consumer) && consumer.Assignment.Count == 1);
        consumer.Commit([new TopicPartitionOffset("t", 0, 5)]);

        await broker.RestartAsync();
        Until(() =>
        {
            Poll(consumer);
            try
            {
                consumer.Commit([new TopicPartitionOffset("t", 0, 6)]);
                return true;
            }
            catch (KafkaException)
            {
                return false;
            }
        });

        Assert.Equal(1, assigned);
        Assert.Equal(6, Committed(broker, "g", "t"));
    }

    private static bool Poll(params IConsumer<string, string>[] consumers)
    {
        foreach (var consumer in consumers)
        {
            consumer.Consume(TimeSpan.FromMilliseconds(50));
        }

        return true;
    }
}
