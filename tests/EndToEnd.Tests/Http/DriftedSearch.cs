using System.Buffers;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;
using Confluent.Kafka;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>
/// An <c>alloc dev</c> whose projection says something else than its journal: entries are written to the changelogs of
/// the projection, whose state is restored from them.
/// </summary>
internal sealed class DriftedSearch : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TemporaryDirectory directory = new();
    private CommandClient? commands;

    public DriftedSearch(params string[] more)
    {
        (Server, Deployment) = Servers.Dev(directory["data"], more);
    }

    public Server Server { get; }

    public Deployment Deployment { get; }

    public CommandClient Commands => commands ??= new CommandClient(Deployment);

    public async Task StartAsync(params string[] pools)
    {
        await Server.StartAsync();
        foreach (var pool in pools)
        {
            await Commands.StockAsync(pool, 1_000);
            await HoldAsync(pool, "r");
        }
        foreach (var pool in pools)
        {
            await UntilFoundAsync("--pool", pool);
        }
    }

    public async Task HoldAsync(string pool, string id)
    {
        var hold = CommandClient.Hold(id, 1) with { OrderRef = $"{pool}/{id}" };
        await Commands.AskAsync(CommandClient.Command($"{pool}-{id}", pool, hold));
    }

    public async ValueTask DisposeAsync()
    {
        commands?.Dispose();
        await Server.DisposeAsync();
        directory.Dispose();
    }

    public Task<CommandLineRun> AllocAsync(params string[] arguments) => CommandLineRun.OfAsync(
        [.. arguments, "--console", Deployment.Console], ("ALLOC_TIMEOUT", "30s"));

    public async Task<CommandLineRun> UntilAsync(Func<CommandLineRun, bool> isSo, params string[] arguments)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var run = await AllocAsync(arguments);
            if (isSo(run))
            {
                return run;
            }
            Assert.True(started.Elapsed < Deadline, $"{string.Join(' ', arguments)}: {run}\n{Server.Process.Said}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async Task<JsonNode> UntilFoundAsync(params string[] search)
    {
        var run = await UntilAsync(
            r => r.ExitCode == 0 && r.Out.Contains("reservationId", StringComparison.Ordinal),
            ["reservation", "list", .. search, "-o", "jsonl"]);
        return JsonNode.Parse(run.Out.Split('\n')[0])!;
    }

    /// <summary>A reservation that the journal does not have, with its entry by order.</summary>
    public async Task PlantReservationAsync(string pool, string id)
    {
        var view = new ReservationView
        {
            PoolId = pool,
            ReservationId = id,
            Status = "Held",
            Version = 1,
            Held = 7,
            OrderRef = $"{pool}/{id}",
            CreatedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            LastSequence = 2,
            LastEvent = "Held",
            LastAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        await WriteAsync(
            "projected-reservations", pool, StateKeys.PoolKey, new PoolKey(pool, id), new StateSerde<ReservationView>(),
            view);
    }

    /// <summary>A reservation of the journal is not there any more.</summary>
    public Task LoseReservationAsync(string pool, string id) => WriteAsync(
        "projected-reservations", pool, StateKeys.PoolKey, new PoolKey(pool, id), new StateSerde<ReservationView>(),
        null);

    /// <summary>A pool is at another outcome than it was.</summary>
    public Task PlantSequenceAsync(string pool, long sequence) => WriteAsync(
        "projected-pools", pool, Serdes.Utf8, pool, new StateSerde<ProjectedPool>(),
        new ProjectedPool { Sequence = sequence, TMs = 0 });

    /// <summary>An entry by order whose bytes are no key.</summary>
    public Task PlantDamageAsync(string pool, string order) => WriteAsync(
        "projected-index", pool, Serdes.Utf8, $"\u0001{order}\0\0\0\0\0\0\0\0\0{pool}", new StateSerde<IndexEntry>(),
        new IndexEntry { Version = 1 });

    /// <summary>Starts it again with what its changelogs say.</summary>
    public async Task RestoreAsync()
    {
        await Server.KillAsync();
        foreach (var state in Directory.GetDirectories(directory["data"], "*-projection", SearchOption.AllDirectories))
        {
            Directory.Delete(state, recursive: true);
        }
        await Server.StartAsync();
    }

    private async Task WriteAsync<TKey, TValue>(
        string store, string pool, ISerde<TKey> keys, TKey key, ISerde<TValue> values, TValue? value)
        where TValue : class
    {
        using var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = Deployment.Bootstrap }).Build();
        var topic = admin.GetMetadata(Deadline).Topics.Select(t => t.Topic)
            .Single(t => t.EndsWith($"-{store}-changelog", StringComparison.Ordinal));
        using var producer = Commands.NewProducer();
        await producer.ProduceAsync(
            new TopicPartition(topic, CommandClient.PartitionOf(pool)),
            new Message<byte[]?, byte[]?>
            {
                Key = Bytes(keys, key),
                Value = value is null ? null : Bytes(values, value),
            });
    }

    private static byte[] Bytes<T>(ISerde<T> serde, T value)
    {
        var output = new ArrayBufferWriter<byte>();
        serde.Serialize(value, output);
        return output.WrittenSpan.ToArray();
    }
}
