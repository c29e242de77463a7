using System.Globalization;

namespace Broker.Tests;

/// <summary>Clients that nobody here wrote, each as its users start it.</summary>
public sealed class OtherClientsTests
{
    private static readonly string[] ThreeLines = ["one", "two", "three"];

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("lz4")]
    [InlineData("snappy")]
    [InlineData("zstd")]
    public async Task Kcat_reads_what_it_wrote(string codec)
    {
        OtherClient.Require("kcat");
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 1);

        await OtherClient.RunAsync(
            "kcat", ["-P", "-b", broker.Servers, "-t", "t", "-z", codec, "-K", ":"], "a:one\nb:two\nc:three\n");
        var output = await OtherClient.RunAsync(
            "kcat", ["-C", "-b", broker.Servers, "-t", "t", "-e", "-q", "-f", "%k=%s@%o\n"]);

        Assert.Equal("a=one@0\nb=two@1\nc=three@2\n", output);
    }

    [Theory]
    [InlineData("uncompressed", "lz4")]
    [InlineData("gzip", "lz4")]
    [InlineData("lz4", "zstd")]
    [InlineData("snappy", "gzip")]
    [InlineData("zstd", "snappy")]
    public async Task Kcat_reads_what_the_broker_compressed_anew(string type, string codec)
    {
        OtherClient.Require("kcat");
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["compression.type"] = type });
        var lines = Enumerable.Range(0, 2000).Select(n => $"k{n % 7}:the value of number {n}").ToList();

        await OtherClient.RunAsync(
            "kcat", ["-P", "-b", broker.Servers, "-t", "t", "-z", codec, "-K", ":"], string.Join('\n', lines) + "\n");
        var output = await OtherClient.RunAsync(
            "kcat", ["-C", "-b", broker.Servers, "-t", "t", "-e", "-q", "-f", "%k:%s\n"]);

        Assert.Equal(lines, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("producer", "gzip")]
    [InlineData("producer", "snappy")]
    [InlineData("producer", "lz4")]
    [InlineData("producer", "zstd")]
    [InlineData("gzip", "lz4")]
    [InlineData("snappy", "zstd")]
    [InlineData("lz4", "snappy")]
    [InlineData("zstd", "none")]
    public async Task Apache_Kafkas_clients_write_and_read_every_codec(string type, string codec)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["compression.type"] = type });
        var lines = Enumerable.Range(0, 500).Select(n => $"the value of number {n}").ToList();

        await OtherClient.RunKafkaToolAsync("console-producer",
            ["--bootstrap-server", broker.Servers, "--topic", "t", "--compression-codec", codec],
            string.Join('\n', lines) + "\n");
        var output = await OtherClient.RunKafkaToolAsync(
            "console-consumer", ["--bootstrap-server", broker.Servers, "--topic", "t",
            "--from-beginning", "--max-messages", "500", "--timeout-ms", "60000"]);

        Assert.Equal(lines, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Kafka_python_without_codecs_reads_a_topic_whose_compression_it_knows()
    {
        OtherClient.Require("kcat");
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", configs: new() { ["compression.type"] = "gzip" });
        await OtherClient.RunAsync("kcat", ["-P", "-b", broker.Servers, "-t", "t", "-z", "lz4"],
            string.Join('\n', Enumerable.Range(0, 300).Select(n => $"value {n}")) + "\n");

        const string script = """
            import sys
            for name in ('lz4', 'lz4.frame', 'lz4f', 'lz4framed', 'snappy', 'cramjam', 'zstandard'):
                sys.modules[name] = None
            from kafka import KafkaConsumer
            count = 0
            for record in KafkaConsumer('t', bootstrap_servers=sys.argv[1], auto_offset_reset='earliest',
                                        consumer_timeout_ms=60000, group_id=None):
                count += 1
                if count == 300:
                    print(record.value.decode())
                    break
            """;
        var output = await OtherClient.RunPythonAsync("kafka", script, broker.Servers);

        Assert.Equal("value 299", output.Trim());
    }

    [Fact]
    public async Task Kcat_lists_the_broker_and_its_topics()
    {
        OtherClient.Require("kcat");
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("orders", 3);

        var output = await OtherClient.RunAsync("kcat", ["-L", "-b", broker.Servers]);

        Assert.Contains("topic \"orders\" with 3 partitions", output, StringComparison.Ordinal);
        Assert.Contains($"broker 1 at {broker.Servers} (controller)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Confluents_python_client_writes_exactly_once_in_a_transaction_and_reads_committed()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 1);

        const string script = """
            import sys
            from confluent_kafka import Producer, Consumer
            servers = sys.argv[1]
            p = Producer({'bootstrap.servers': servers, 'transactional.id': 'tx-1'})
            p.init_transactions(30)
            for n, commits in enumerate([True, False, True]):
                p.begin_transaction()
                for i in range(3):
                    p.produce('t', key=b'k', value=b'%d-%d' % (n, i))
                p.commit_transaction(30) if commits else (p.flush(30), p.abort_transaction(30))
            c = Consumer({'bootstrap.servers': servers, 'group.id': 'g', 'auto.offset.reset': 'earliest',
                          'isolation.level': 'read_committed', 'enable.auto.commit': False})
            c.subscribe(['t'])
            got = []
            while len(got) < 6:
                m = c.poll(20)
                assert m is not None and m.error() is None, m and m.error()
                got.append(m.value().decode())
            assert c.poll(0.5) is None
            c.commit(asynchronous=False)
            print(' '.join(got))
            c.close()
            """;
        var output = await OtherClient.RunPythonAsync("confluent_kafka", script, broker.Servers);

        Assert.Equal("0-0 0-1 0-2 2-0 2-1 2-2", output.Trim());
    }

    [Fact]
    public async Task Kafka_python_writes_reads_in_a_group_and_administers()
    {
        await using var broker = await TestBroker.StartAsync();

        const string script = """
            import sys
            from kafka import KafkaProducer, KafkaConsumer, TopicPartition
            from kafka.admin import KafkaAdminClient, NewTopic, ConfigResource, ConfigResourceType, NewPartitions
            servers = sys.argv[1]
            admin = KafkaAdminClient(bootstrap_servers=servers)
            admin.create_topics([NewTopic('t', 2, 1, topic_configs={'retention.ms': '3600000'})])
            configs = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, 't')])
            values = {c[0]: c[1] for c in configs[0].resources[0][4]}
            assert values['retention.ms'] == '3600000', values
            admin.create_partitions({'t': NewPartitions(3)})
            p = KafkaProducer(bootstrap_servers=servers, compression_type='gzip')
            for i in range(30):
                p.send('t', key=b'%d' % i, value=b'v%d' % i, partition=i % 3)
            p.flush(20)
            c = KafkaConsumer(
                't', bootstrap_servers=servers, group_id='g', auto_offset_reset='earliest', consumer_timeout_ms=20000)
            got = set()
            for m in c:
                got.add(m.value.decode())
                if len(got) == 30:
                    break
            c.commit()
            ends = c.end_offsets([TopicPartition('t', n) for n in range(3)])
            print(len(got), sorted(ends.values()))
            c.close()
            admin.delete_topics(['t'])
            print(sorted(KafkaAdminClient(bootstrap_servers=servers).list_topics()))
            """;
        var output = await OtherClient.RunPythonAsync("kafka", script, broker.Servers);

        Assert.Equal("30 [10, 10, 10]\n[]", output.Trim());
    }

    [Fact]
    public async Task Apache_Kafkas_tools_make_change_and_remove_topics()
    {
        await using var broker = await TestBroker.StartAsync();
        Task<string> Topics(params string[] arguments) =>
            OtherClient.RunKafkaToolAsync("topics", ["--bootstrap-server", broker.Servers, .. arguments]);

        await Topics("--create", "--topic", "t", "--partitions", "2", "--config", "cleanup.policy=compact");
        await Topics("--alter", "--topic", "t", "--partitions", "4");
        var described = await Topics("--describe", "--topic", "t");
        await OtherClient.RunKafkaToolAsync(
            "configs", ["--bootstrap-server", broker.Servers, "--alter", "--entity-type", "topics",
            "--entity-name", "t", "--add-config", "max.message.bytes=2000000"]);
        var configs = await OtherClient.RunKafkaToolAsync(
            "configs", ["--bootstrap-server", broker.Servers, "--describe",
            "--entity-type", "topics", "--entity-name", "t"]);
        await Topics("--delete", "--topic", "t");

        Assert.Contains("PartitionCount: 4", described, StringComparison.Ordinal);
        Assert.Contains("cleanup.policy=compact", described, StringComparison.Ordinal);
        Assert.Contains("max.message.bytes=2000000", configs, StringComparison.Ordinal);
        Assert.Equal("", (await Topics("--list")).Trim());
    }

    [Fact]
    public async Task Apache_Kafkas_console_clients_write_and_read_with_idempotence()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 1);

        await OtherClient.RunKafkaToolAsync("console-producer", ["--bootstrap-server", broker.Servers, "--topic", "t"],
            string.Join('\n', ThreeLines) + "\n");
        var output = await OtherClient.RunKafkaToolAsync(
            "console-consumer", ["--bootstrap-server", broker.Servers, "--topic", "t",
            "--from-beginning", "--max-messages", "3", "--timeout-ms", "30000"]);

        Assert.Equal(ThreeLines, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Apache_Kafkas_tools_find_offsets_and_delete_records()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 1);
        await RoundTripTests.ProduceAsync(broker, "t", 10);
        Task<string> Offsets(string time) => OtherClient.RunKafkaToolAsync("offsets",
            ["--bootstrap-server", broker.Servers, "--topic", "t", "--time", time]);
        var file = Path.Combine(broker.Options.DataDirectory, "delete.json");
        await File.WriteAllTextAsync(file, """{"version":1,"partitions":[{"topic":"t","partition":0,"offset":4}]}""");

        await OtherClient.RunKafkaToolAsync("delete-records",
            ["--bootstrap-server", broker.Servers, "--offset-json-file", file]);
        await broker.RestartAsync();

        Assert.Equal("t:0:4", (await Offsets("-2")).Trim());
        Assert.Equal("t:0:10", (await Offsets("-1")).Trim());
        Assert.StartsWith("t:0:", (await Offsets("-3")).Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apache_Kafkas_perf_clients_move_a_hundred_thousand_records()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        const int count = 100_000;
        var number = count.ToString(CultureInfo.InvariantCulture);

        var produced = await OtherClient.RunKafkaToolAsync(
            "producer-perf", ["--topic", "t", "--num-records", number, "--record-size",
            "100", "--throughput", "-1", "--producer-props", $"bootstrap.servers={broker.Servers}"]);
        var consumed = await OtherClient.RunKafkaToolAsync("consumer-perf",
            ["--topic", "t", "--messages", number, "--bootstrap-server", broker.Servers, "--timeout", "30000"]);

        Assert.Contains($"{number} records sent", produced, StringComparison.Ordinal);
        Assert.Contains(number, consumed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apache_Kafkas_verifiable_clients_and_groups_tool_agree_on_what_was_read()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t", 2);
        string[] server = ["--bootstrap-server", broker.Servers];

        var produced = await OtherClient.RunKafkaToolAsync(
            "verifiable-producer", [.. server, "--topic", "t", "--max-messages", "2000"]);
        var consumed = await OtherClient.RunKafkaToolAsync("verifiable-consumer",
            [.. server, "--topic", "t", "--group-id", "verifiers", "--max-messages", "2000"]);
        var described = await OtherClient.RunKafkaToolAsync(
            "groups", [.. server, "--describe", "--group", "verifiers"]);

        Assert.Contains("\"acked\":2000", produced, StringComparison.Ordinal);
        Assert.Contains("shutdown_complete", consumed, StringComparison.Ordinal);
        var committed = described.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns is ["verifiers", ..])
            .Sum(columns => long.Parse(columns[3], CultureInfo.InvariantCulture));
        Assert.Equal(2000, committed);
    }
}
