using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>Topics' names, counts and settings, and finding offsets by time.</summary>
public sealed class TopicTests
{
    [Theory]
    [InlineData("../x")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a b")]
    [InlineData("__consumer_offsets")]
    [InlineData("250")]
    public async Task Name_that_is_no_file_name_is_refused(string name)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        name = name == "250" ? new string('a', 250) : name;

        Assert.Equal(ErrorCode.InvalidTopic, await CreateAsync(wire, name));
        Assert.Empty(Directory.GetDirectories(Path.Combine(broker.Options.DataDirectory, "topics")));
    }

    [Theory]
    [InlineData(0, 1, ErrorCode.InvalidPartitions)]
    [InlineData(-5, 1, ErrorCode.InvalidPartitions)]
    [InlineData(int.MaxValue, 1, ErrorCode.PolicyViolation)]
    [InlineData(1, 3, ErrorCode.InvalidReplicationFactor)]
    [InlineData(1, 0, ErrorCode.InvalidReplicationFactor)]
    [InlineData(-1, -1, ErrorCode.None)]
    public async Task Counts_are_checked(int partitions, short replicas, object error)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal((ErrorCode)error, await CreateAsync(wire, "t", partitions, replicas));
    }

    [Theory]
    [InlineData("retention.ms", "soon")]
    [InlineData("cleanup.policy", "shred")]
    [InlineData("no.such.thing", "1")]
    public async Task Settings_are_checked(string name, string value)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);

        Assert.Equal(ErrorCode.InvalidConfig, await CreateAsync(wire, "t", config: (name, value)));
    }

    [Fact]
    public async Task Topic_that_exists_is_refused_and_one_that_was_deleted_starts_anew()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        await CreateAsync(wire, "t");
        await wire.ProduceAsync("t", Batches.Of(5));

        Assert.Equal(ErrorCode.TopicAlreadyExists, await CreateAsync(wire, "t"));
        await wire.AskAsync(ApiKey.DeleteTopics, 3, writer =>
        {
            writer.WriteStringArray(["t"]);
            writer.WriteInt32(1000);
        });
        Assert.Equal(ErrorCode.None, await CreateAsync(wire, "t"));

        Assert.Equal((ErrorCode.None, 0L), await wire.ProduceAsync("t", Batches.Of(1)));
    }

    [Theory]
    [InlineData("ok.topic", "ok_topic", ErrorCode.InvalidTopic)]
    [InlineData("ok_topic", "ok.topic", ErrorCode.InvalidTopic)]
    [InlineData("a.b_c", "a_b.c", ErrorCode.InvalidTopic)]
    [InlineData("a.b", "a.b", ErrorCode.TopicAlreadyExists)]
    [InlineData("a.b", "a-b", ErrorCode.None)]
    [InlineData("a.b", "ab", ErrorCode.None)]
    [InlineData("a.b", "A_b", ErrorCode.None)]
    [InlineData("a.b", "a.b.c", ErrorCode.None)]
    public async Task Name_that_differs_by_point_and_underscore_only_collides(string present, string name, object error)
    {
        await using var broker = await TestBroker.StartAsync(o => o with { AutoCreateTopics = true });
        await using var wire = await WireClient.ConnectAsync(broker);
        await CreateAsync(wire, present);

        Assert.Equal((ErrorCode)error, await CreateAsync(wire, name));

        // A client that has its topics made by asking for them is not let past it either.
        await wire.AskAsync(ApiKey.Metadata, 4, writer =>
        {
            writer.WriteStringArray([name]);
            writer.WriteBoolean(true);
        });
        var expected = (ErrorCode)error == ErrorCode.None ? [present, name] : new[] { present };
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            (await broker.OnLoopAsync(() => broker.Broker.Core.Topics.All.Select(t => t.Name).ToList()))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Name_is_free_again_when_the_one_that_it_collided_with_is_gone()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var wire = await WireClient.ConnectAsync(broker);
        await CreateAsync(wire, "ok.topic");
        await wire.AskAsync(ApiKey.DeleteTopics, 3, writer =>
        {
            writer.WriteStringArray(["ok.topic"]);
            writer.WriteInt32(1000);
        });

        Assert.Equal(ErrorCode.None, await CreateAsync(wire, "ok_topic"));
    }

    [Theory]
    [InlineData(-1, -1, 30)]
    [InlineData(-2, -1, 0)]
    [InlineData(-3, 3000, 20)]
    [InlineData(0, 1000, 0)]
    [InlineData(1000, 1000, 0)]
    [InlineData(1001, 3000, 20)]
    [InlineData(3000, 3000, 20)]
    [InlineData(3001, -1, -1)]
    public async Task Offsets_are_found_by_time(long askedMs, long foundMs, long offset)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["segment.bytes"] = "1024" });
        await using var wire = await WireClient.ConnectAsync(broker);
        // Times are not in order: 1000, 500, 3000.
        foreach (var timestampMs in (long[])[1000, 500, 3000])
        {
            await wire.ProduceAsync("t", Batches.Of(10, timestampMs: timestampMs, valueSize: 50));
        }

        var answer = await wire.AskAsync(ApiKey.ListOffsets, 5, writer =>
        {
            writer.WriteInt32(-1);
            writer.WriteInt8(0);
            writer.WriteArrayLength(1);
            writer.WriteString("t");
            writer.WriteArrayLength(1);
            writer.WriteInt32(0);
            writer.WriteInt32(-1);
            writer.WriteInt64(askedMs);
        });

        var reader = new KafkaReader(answer.AsMemory(4 + 4 + 3 + 4 + 4), 5, isFlexible: false);
        Assert.Equal(
            (ErrorCode.None, foundMs, offset), ((ErrorCode)reader.ReadInt16(), reader.ReadInt64(), reader.ReadInt64()));
    }

    [Fact]
    public async Task Settings_and_partitions_survive_a_restart()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", partitions: 3, configs: new() { ["retention.ms"] = "1234" });

        await broker.RestartAsync();

        var topic = broker.Broker.Core.Topics.Find("t")!;
        Assert.Equal((3, "1234"), (topic.Partitions.Count, topic.Config["retention.ms"]));
    }

    private static async Task<ErrorCode> CreateAsync(
        WireClient wire, string name, int partitions = 1, short replicas = 1,
        (string Name, string Value)? config = null)
    {
        var answer = await wire.AskAsync(ApiKey.CreateTopics, 4, writer =>
        {
            writer.WriteArrayLength(1);
            writer.WriteString(name);
            writer.WriteInt32(partitions);
            writer.WriteInt16(replicas);
            writer.WriteArrayLength(0);
            writer.WriteArrayLength(config is null ? 0 : 1);
            if (config is { } setting)
            {
                writer.WriteString(setting.Name);
                writer.WriteNullableString(setting.Value);
            }
            writer.WriteInt32(1000);
            writer.WriteBoolean(false);
        });
        var reader = new KafkaReader(answer.AsMemory(8), 4, isFlexible: false);
        reader.ReadString();
        return (ErrorCode)reader.ReadInt16();
    }
}
