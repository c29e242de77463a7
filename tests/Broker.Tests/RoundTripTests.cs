using System.Text;
using Confluent.Kafka;

namespace Broker.Tests;

/// <summary>What goes in comes out, by the client that the product uses.</summary>
public sealed class RoundTripTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Zstd)]
    public async Task Records_come_back_in_order_with_keys_headers_and_times(CompressionType compression)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 1);

        using (var producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = broker.Servers,
            CompressionType = compression,
            LingerMs = 5,
            EnableIdempotence = false,
        }).Build())
        {
            var headers = new Headers { { "origin", Encoding.UTF8.GetBytes("test") } };
            for (var number = 0; number < 1000; number++)
            {
                producer.Produce("t", new Message<string, string>
                {
                    Key = $"k{number}",
                    Value = $"v{number}",
                    Headers = headers,
                    Timestamp = new Timestamp(
                        1_000 + number, TimestampType.CreateTime),
                });
            }
            Assert.Equal(0, producer.Flush(Patience));
        }

        var records = Read(broker, "t", 1000);
        Assert.Equal(Enumerable.Range(0, 1000).Select(n => $"k{n}=v{n}@{1000 + n}"),
            records.Select(r => $"{r.Message.Key}={r.Message.Value}@{r.Message.Timestamp.UnixTimestampMs}"));
        Assert.All(
            records, r => Assert.Equal("test", Encoding.UTF8.GetString(r.Message.Headers.GetLastBytes("origin"))));
    }

    [Fact]
    public async Task Records_survive_a_restart()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        await ProduceAsync(broker, "t", 100);

        await broker.RestartAsync();

        Assert.Equal(100, Read(broker, "t", 100).Count);
    }

    internal static async Task ProduceAsync(TestBroker broker, string topic, int count)
    {
        using var producer =
            new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = broker.Servers }).Build();
        await Task.WhenAll(Enumerable.Range(0, count).Select(n =>
            producer.ProduceAsync(topic, new Message<string, string> { Key = $"k{n}", Value = $"v{n}" })));
    }

    internal static List<ConsumeResult<string, string>> Read(TestBroker broker, string topic, int count)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = broker.Servers,
            GroupId = "reader",
            EnableAutoCommit = false,
            AutoOffsetReset =
                AutoOffsetReset.Earliest,
        }).Build();
        var partitions = broker.Broker.Core.Topics.Find(topic)!.Partitions.Count;
        consumer.Assign(Enumerable.Range(0, partitions)
            .Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<string, string>>();
        var deadline = DateTime.UtcNow + Patience;
        while (records.Count < count && DateTime.UtcNow < deadline)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(200)) is { } record)
            {
                records.Add(record);
            }
        }
        return records;
    }
}
