using System.Buffers.Binary;
using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Clients;

/// <summary>
/// What a server writes is compressed as it was told: not at all in <c>alloc dev</c>, so that clients without the
/// codecs' libraries read it; with lz4 in <c>alloc serve</c>.
/// </summary>
public sealed class AnyClientTests
{
    private const string Availability = "allocation.availability";
    private const string Python = "/usr/bin/python3";
    private const int None = 0;
    private const int Lz4 = 3;
    private const int Zstd = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("kafka-python")]
    [InlineData("kafkajs")]
    public async Task Dev_writes_what_a_client_without_native_codecs_reads(string reader)
    {
        await SkipUnlessPresentAsync(reader);
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"]);
        await using var _ = await server.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync("open", 1_000);

        await BurstAsync(client, "open", round: 0);
        await UntilDecidedAsync(client, "open", "0");

        foreach (var topic in (string[])[CommandClient.Outcomes, Availability])
        {
            Assert.Equal([None], CodecsOf(directory["data"], topic));
            await (reader == "kafkajs"
                ? ReadWithKafkaJsAsync(deployment, topic)
                : ReadWithPythonAsync(deployment, topic));
        }
    }

    [Theory]
    [InlineData("dev", "zstd", Zstd)]
    [InlineData("serve", null, Lz4)]
    [InlineData("serve", "none", None)]
    public async Task Engine_compresses_with_what_the_server_was_told(string command, string? choice, int codec)
    {
        using var directory = new TemporaryDirectory();
        string[] more = choice is null ? [] : ["--compression", choice];
        var (server, deployment) = command == "dev"
            ? Servers.Dev(directory["data"], more)
            : Servers.Broker(directory["data"]);
        await using var _ = await server.StartAsync();
        await using var engine = command == "serve"
            ? await Servers.Engine(deployment, directory["engine"], more).StartAsync()
            : null;
        using var client = new CommandClient(deployment);
        await client.StockAsync("told", 1_000);

        // A small batch that would not shrink goes as it is: large ones are asked for until one came.
        using var deadline = new CancellationTokenSource(Patience);
        var codecs = new HashSet<int>();
        for (var round = 0; !codecs.Contains(codec) || round == 0; round++)
        {
            Assert.False(deadline.IsCancellationRequested, $"only {string.Join(", ", codecs)} came");
            await BurstAsync(client, "told", round);
            await UntilDecidedAsync(client, "told", $"{round}");
            codecs.UnionWith(CodecsOf(directory["data"], CommandClient.Outcomes));
        }

        Assert.Subset(new HashSet<int> { None, codec }, codecs);
    }

    [Fact]
    public async Task A_codec_that_does_not_exist_is_a_usage_error_that_names_those_that_do()
    {
        var run = await AllocProcess.RunAsync(Patience, "serve", "--compression", "brotli");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("'brotli' is none of none, gzip, snappy, lz4, zstd", run.Error, StringComparison.Ordinal);
    }

    private static Task BurstAsync(CommandClient client, string pool, int round) =>
        Task.WhenAll(Enumerable.Range(0, 200).Select(n => client.SendAsync(CommandClient.Command(
            $"{pool}-{round}-{n}", pool, CommandClient.Hold($"{pool}-{round}-{n}", 1)))));

    /// <summary>Waits for the decision about one more command, and so for those before it.</summary>
    private static Task UntilDecidedAsync(CommandClient client, string pool, string round) => client.AskAsync(
        CommandClient.Command($"{pool}-last-{round}", pool, CommandClient.Hold($"{pool}-last-{round}", 1)));

    /// <summary>Codecs of a topic's batches of records, read from the broker's files.</summary>
    private static SortedSet<int> CodecsOf(string data, string topic)
    {
        var codecs = new SortedSet<int>();
        foreach (var file in Directory.EnumerateFiles(data, "*.log", SearchOption.AllDirectories)
            .Where(f => f.Contains($"/topics/{topic}/", StringComparison.Ordinal)))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            const int HeaderSize = 61;
            for (var at = 0; at + HeaderSize <= bytes.Length;)
            {
                var attributes = BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(at + 21));
                var isControl = (attributes & 0x20) != 0;
                if (!isControl)
                {
                    codecs.Add(attributes & 0x07);
                }
                at += 12 + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 8));
            }
        }
        return codecs;
    }

    /// <summary>With every optional codec of kafka-python taken away, as on a machine that has none of them.</summary>
    private static async Task ReadWithPythonAsync(Deployment deployment, string topic)
    {
        const string script = """
            import sys
            for name in ('lz4', 'lz4.frame', 'lz4f', 'lz4framed', 'snappy', 'cramjam', 'zstandard'):
                sys.modules[name] = None
            from kafka import KafkaConsumer
            for record in KafkaConsumer(sys.argv[2], bootstrap_servers=sys.argv[1], auto_offset_reset='earliest',
                                        consumer_timeout_ms=60000, group_id=None):
                print('read', len(record.value))
                break
            """;
        var run = await ExitOfAsync(Python, "-c", script, deployment.Bootstrap, topic);
        Assert.True(run.ExitCode == 0 && run.Out.StartsWith("read ", StringComparison.Ordinal), run.ToString());
    }

    /// <summary>kafkajs as npm installs it, without a plug-in.</summary>
    private static async Task ReadWithKafkaJsAsync(Deployment deployment, string topic)
    {
        const string script = """
            const { Kafka, logLevel } = require('kafkajs')
            const [broker, topic] = process.argv.slice(1)
            const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
            const consumer = kafka.consumer(
              { groupId: 'any-' + topic, retry: { retries: 0, restartOnFailure: async () => false } })
            consumer.on('consumer.crash', e => { console.log('crash', e.payload.error.message); process.exit(1) })
            ;(async () => {
              await consumer.connect()
              await consumer.subscribe({ topic, fromBeginning: true })
              await consumer.run({ eachMessage: async ({ message }) => {
                console.log('read', message.value.length)
                process.exit(0)
              } })
            })().catch(e => { console.log(e.message); process.exit(1) })
            """;
        var run = await ExitOfAsync(
            "/usr/bin/env", $"NODE_PATH={Installed.NodeModules}", "node", "-e", script, deployment.Bootstrap, topic);
        Assert.True(run.ExitCode == 0 && run.Out.Contains("read ", StringComparison.Ordinal), run.ToString());
    }

    private static async Task SkipUnlessPresentAsync(string reader)
    {
        if (reader == "kafkajs")
        {
            Assert.SkipUnless(
                Installed.HasNodeModule("kafkajs"), $"kafkajs is not in {Installed.NodeModules}: make deps");
            return;
        }
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        Assert.SkipUnless(
            (await ExitOfAsync(Python, "-c", "import kafka")).ExitCode == 0, "Python has no module kafka: make deps");
    }

    private static async Task<ProcessResult> ExitOfAsync(string program, params string[] arguments)
    {
        await using var process = AllocProcess.StartWith(program, arguments);
        return await process.WaitForExitAsync(TimeSpan.FromSeconds(120));
    }
}
