using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Confluent.Kafka;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Engine.Tests.LogClient;

/// <summary>What the engine asks a broker beside reading and writing.</summary>
public sealed class KafkaLogAdminTests(TestCluster cluster) : IClassFixture<TestCluster>, IDisposable
{
    private readonly string group = TestCluster.UniqueName("admin");
    private ILogAdmin? made;

    private ILogAdmin Admin => made ??= new KafkaLogClient(
        new StreamsOptions
        {
            ApplicationId = group,
            BootstrapServers = cluster.BootstrapServers,
            StateDirectory = "none",
        }, NullLoggerFactory.Instance).CreateAdmin("test");

    [Fact]
    public async Task Where_partitions_begin_and_end_is_told_of_each_and_an_unknown_one_is_left_out()
    {
        var topic = await TopicAsync(partitions: 2);
        cluster.Produce(topic, [("a", "1"), ("a", "2"), ("a", "3")], partition: 0);
        await cluster.DeleteRecordsAsync(topic, 0, before: 1);
        var first = new TopicPartition(topic, 0);
        var second = new TopicPartition(topic, 1);

        Assert.Equal(new LogBounds(1, 3), Admin.Bounds(first));
        Assert.Equal(1, Admin.Beginning(first));
        var ends = Admin.Ends([first, second, new TopicPartition(topic, 9)]);
        Assert.Equal([(first, 3L), (second, 0L)], ends.OrderBy(e => e.Key.Partition).Select(e => (e.Key, e.Value)));
    }

    [Fact]
    public async Task A_partition_that_came_after_the_topic_was_looked_at_is_known_when_it_is_asked_for_again()
    {
        var topic = await TopicAsync(partitions: 1);
        Assert.Equal(new LogBounds(0, 0), Admin.Bounds(new TopicPartition(topic, 0)));
        using var admin = new AdminClientBuilder([new("bootstrap.servers", cluster.BootstrapServers)]).Build();
        await admin.CreatePartitionsAsync([new() { Topic = topic, IncreaseTo = 3 }]);

        var old = Assert.Throws<LogException>(() => Admin.Bounds(new TopicPartition(topic, 1)));
        Assert.Equal(LogFailure.RetryCall, old.Failure);

        Assert.Equal(new LogBounds(0, 0), Admin.Bounds(new TopicPartition(topic, 1)));
        Assert.Equal(0, Admin.Beginning(new TopicPartition(topic, 2)));
    }

    [Fact]
    public async Task The_end_is_the_high_watermark_though_a_transaction_stands_open()
    {
        var topic = await TopicAsync(partitions: 1);
        using var producer = new ProducerBuilder<byte[], byte[]>(
            [new("bootstrap.servers", cluster.BootstrapServers), new("transactional.id", group)]).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        producer.BeginTransaction();
        producer.Produce(topic, new Message<byte[], byte[]> { Value = [1] });
        producer.Flush(TimeSpan.FromSeconds(30));

        Assert.Equal(1, Admin.Bounds(new TopicPartition(topic, 0)).HighWatermark);
        Assert.Equal(1, Admin.Ends([new TopicPartition(topic, 0)])[new TopicPartition(topic, 0)]);
        producer.AbortTransaction(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_groups_members_and_offsets_are_told_and_a_group_without_any_has_none()
    {
        var topic = await TopicAsync(partitions: 2);
        Assert.Empty(Admin.Members());
        Assert.Empty(Admin.Committed([new TopicPartition(topic, 0)]));
        cluster.Produce(topic, [("a", "1"), ("a", "2")], partition: 1);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(
        [
            new("bootstrap.servers", cluster.BootstrapServers), new("group.id", group), new("client.id", "reader"),
            new("enable.auto.commit", "false"), new("auto.offset.reset", "earliest"),
        ]).Build();
        consumer.Subscribe(topic);
        var read = consumer.Consume(TimeSpan.FromSeconds(60));
        consumer.Commit(read);

        var member = Assert.Single(Admin.Members());
        Assert.Equal("reader", member.ClientId);
        Assert.Equal([0, 1], member.Partitions.Select(p => p.Partition).Order());
        Assert.Equal(
            [(new TopicPartition(topic, 1), 1L)],
            Admin.Committed([new TopicPartition(topic, 0), new TopicPartition(topic, 1)])
                .Select(o => (o.Key, o.Value)));
        consumer.Close();
    }

    [Fact]
    public async Task Records_are_looked_at_for_their_time_hundreds_of_times_in_a_row_by_one_reader()
    {
        var topic = await TopicAsync(partitions: 2);
        cluster.Produce(topic, Enumerable.Range(0, 10).Select(n => ((string?)"a", (string?)$"{n}")), partition: 0);
        cluster.Produce(topic, Enumerable.Range(0, 10).Select(n => ((string?)"a", (string?)$"{n}")), partition: 1);
        var times = cluster.ReadAll(topic).ToDictionary(l => (l.Partition, l.Offset), l => l.TimestampMs);

        for (var look = 0; look < 300; look++)
        {
            var (partition, offset) = (look % 2, look * 7 % 10);
            Assert.Equal(times[(partition, offset)], Admin.TimestampAt(new TopicPartition(topic, partition), offset));
        }
        Assert.Null(Admin.TimestampAt(new TopicPartition(topic, 0), 10));
    }

    [Fact]
    public async Task What_is_refused_says_why_by_the_brokers_own_code()
    {
        var topic = await TopicAsync(partitions: 1);

        var refused = Assert.Throws<LogException>(() => Admin.Bounds(new TopicPartition(topic, 9)));

        Assert.Contains("partition", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_members_assignment_is_read_and_damage_ends_it()
    {
        byte[] assignment =
        [
            0, 1, 0, 0, 0, 1, 0, 2, (byte)'t', (byte)'x', 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 7, 255, 255, 255, 255
        ];

        Assert.Equal([new("tx", 3), new("tx", 7)], KafkaLogAdmin.ReadAssignment(assignment));
        Assert.Equal([new TopicPartition("tx", 3)], KafkaLogAdmin.ReadAssignment(assignment.AsSpan(0, 18)));
        Assert.Empty(KafkaLogAdmin.ReadAssignment([0, 1]));
    }

    public void Dispose() => made?.Dispose();

    private async Task<string> TopicAsync(int partitions)
    {
        var topic = TestCluster.UniqueName("asked");
        await cluster.CreateTopicAsync(topic, partitions);
        return topic;
    }
}
