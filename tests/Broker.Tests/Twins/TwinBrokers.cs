using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;
using Alloc.Tests.Support;

namespace Broker.Tests.Twins;

/// <summary>One of the two brokers that get the same requests, and what was remembered of its answers.</summary>
internal sealed class Twin(string name, int port)
{
    /// <summary>Ids that a broker gives out, under the names that cases use for them.</summary>
    public Dictionary<string, object> Remembered { get; } = [];

    public int Port { get; } = port;

    /// <summary>Sends a request on a connection of its own; the answer as lines of path and value.</summary>
    public async Task<List<(string Path, string Value)>> AskAsync(ApiKey key, short version, object?[] values)
    {
        await using var wire = await WireClient.ConnectAsync(Port);
        await wire.SendAsync(key, version, writer => Layouts.Request(key).Write(writer, values));
        var answer = await wire.ReceiveAsync(key, version);
        Assert.True(answer is not null, $"{name} closed the connection at {key} v{version}");
        var reader = new KafkaReader(answer, version, ApiTable.Find((short)key)!.IsFlexible(version));
        var lines = new List<(string Path, string Value)>();
        Layouts.Answer(key).Read(ref reader, "", lines);
        Assert.True(reader.Remaining == 0, $"{key} v{version}: {reader.Remaining} bytes after {name}'s answer");
        return lines;
    }
}

/// <summary>This broker and an Apache Kafka beside it, alike; skips where there is none.</summary>
public sealed class TwinBrokers : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-twin-").FullName;
    private TestBroker? ours;
    private bool hasKafka;

    /// <summary>Time of the records: Kafka does not keep those of 1970.</summary>
    internal static long Now { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    internal Twin Ours { get; private set; } = null!;

    internal Twin Kafka { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Installed.KafkaHome is not { } home)
        {
            return;
        }
        // kafka-up takes the port after this one for its controller.
        var port = LeasedPorts.Take(2);
        hasKafka = true;
        await OtherClient.RunAsync(Path.Combine(home, "bin", "kafka-up"), [directory, $"{port}"]);
        ours = await TestBroker.StartAsync();
        Ours = new Twin("this broker", ours.Broker.Port);
        Kafka = new Twin("Apache Kafka", port);
        await PrepareAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (ours is not null)
        {
            await ours.DisposeAsync();
        }
        if (hasKafka && File.Exists(Path.Combine(directory, "kafka.pid")))
        {
            await OtherClient.RunAsync(Path.Combine(Installed.KafkaHome!, "bin", "kafka-down"), [directory, "-9"]);
        }
        Directory.Delete(directory, recursive: true);
    }

    internal static void SkipUnlessPresent() => Assert.SkipUnless(
        Installed.KafkaHome is not null, "Apache Kafka is not at hand: set KAFKA_HOME");

    /// <summary>Sends both the same request.</summary>
    internal async Task<(List<(string Path, string Value)> Ours, List<(string Path, string Value)> Kafka)> AskAsync(
        ApiKey key, short version, Func<Twin, object?[]> values) =>
        (await Ours.AskAsync(key, version, values(Ours)), await Kafka.AskAsync(key, version, values(Kafka)));

    /// <summary>Makes a topic in both and waits until both show it.</summary>
    internal async Task CreateTopicAsync(string name, int partitions)
    {
        foreach (var twin in new[] { Ours, Kafka })
        {
            await twin.AskAsync(ApiKey.CreateTopics, 4, [
                new object?[] { new object?[] { name, partitions, 1, Array.Empty<object>(), Array.Empty<object>() } },
                30_000, false]);
            await UntilAsync(twin, ApiKey.Metadata, 5, [new object?[] { new object?[] { name } }, false, false, false],
                lines => lines.Contains(($"topics[{name}].error", "0"))
                    && lines.Contains(($"topics[{name}].parts", $"{partitions} entries"))
                    && lines.TrueForAll(l => !l.Path.EndsWith(".leader", StringComparison.Ordinal) || l.Value == "1"));
        }
    }

    /// <summary>Asks until the answer is as wanted.</summary>
    internal static async Task UntilAsync(
        Twin twin, ApiKey key, short version, object?[] values,
        Func<List<(string Path, string Value)>, bool> isAsWanted)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!isAsWanted(await twin.AskAsync(key, version, values)))
        {
            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>Topics, records, and coordinators that have found themselves.</summary>
    private async Task PrepareAsync()
    {
        await CreateTopicAsync("twin", 2);
        foreach (var twin in new[] { Ours, Kafka })
        {
            await UntilAsync(twin, ApiKey.Produce, 8, [null, -1, 30_000, new object?[] {
                new object?[] { "twin", new object?[] { new object?[] { 0, Batches.Of(3, timestampMs: Now) } } } }],
                lines => lines.Contains(("topics[twin].parts[0].error", "0")));
            foreach (var type in new[] { 0, 1 })
            {
                await UntilAsync(twin, ApiKey.FindCoordinator, 2, [type == 0 ? "twins" : "twin-tx", type],
                    lines => lines.Contains(("error", "0")));
            }
            await UntilAsync(twin, ApiKey.DescribeGroups, 0, [new object?[] { "nobody" }, false],
                lines => lines.Contains(("groups[nobody].error", "0")));
            await UntilAsync(twin, ApiKey.InitProducerId, 4, ["twin-tx", 60_000, -1L, -1],
                lines => lines.Contains(("error", "0")));
        }
    }
}
