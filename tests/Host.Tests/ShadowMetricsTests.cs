using System.Text;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Host.Roles;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;
using Alloc.Tests.Support;
using Confluent.Kafka;

namespace Host.Tests;

/// <summary>What the shadow decides, as numbers that an alert can watch.</summary>
[Collection("instances")]
public sealed class ShadowMetricsTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static readonly Actor Tester = new() { Type = ActorType.Service, Id = "test" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Decisions_of_the_shadow_are_counted_by_whether_the_log_shows_the_same_of_the_other_system()
    {
        await using var services = await OneInstance.StartServicesOnlyAsync();
        var roles = new HashSet<InstanceRole> { InstanceRole.Allocation, InstanceRole.Shadow };
        await using var host = await services.StartHostAsync("beside", services.Client, partitionCount: 1, roles);
        await using var client = new AllocClient(services.Client);
        await ApplyAsync(services.Client);
        (string Pool, AllocationCommandBody Body)[] commands =
        [
            ("nuts", Configured()),
            ("nuts", new AllocationCommandBody.Block { Quantity = 2, Reason = "count" }),
            ("$authority", new AllocationCommandBody.AuthorityTransfer
            {
                Slice = "*",
                Mode = AuthorityMode.Shadow,
                Owner = "legacy",
                NewEpoch = 1,
            }),
            ("nuts", Configured()),
            ("nuts", new AllocationCommandBody.Unblock { Quantity = 2, Reason = "found" }),
            ("bolts", Configured()),
            ("bolts", new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = 5 }),
            ("bolts", new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 2 }),
            ("bolts", new AllocationCommandBody.Confirm { ReservationId = "r" }),
            ("bolts", new AllocationCommandBody.Consume
            {
                ConsumeId = "shipment",
                ReservationId = "r",
                Quantity = 2,
                OccurredAtMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            }),
        ];
        foreach (var (pool, body) in commands)
        {
            await client.SendAsync(client.NewCommand(pool, body, Tester), Cancellation);
        }

        // Facts agree; what the other system answers is not on the log, but that goods left shows that it had granted.
        // What had been blocked before the shadow began is unblocked by the authority alone, and a row says why.
        string[] expected =
        [
            "class=\"DeliberatePolicy\",evidence=\"Decision\"} 1", "class=\"Match\",evidence=\"Consumed\"} 1",
            "class=\"Match\",evidence=\"Decision\"} 3", "class=\"NotOnLog\",evidence=\"Decision\"} 3",
        ];
        using var http = new HttpClient();
        var begun = TimeProvider.System.GetTimestamp();
        string[] shown = [];
        var seriesCount = 0;
        while (!expected.SequenceEqual(shown) && TimeProvider.System.GetElapsedTime(begun) < Deadline)
        {
            await Task.Delay(100, Cancellation);
            var scrape = await http.GetStringAsync(
                new Uri($"http://127.0.0.1:{host.ConsolePort}/metrics"), Cancellation);
            shown = [.. scrape.Split('\n').Where(l => l.StartsWith("alloc_shadow_", StringComparison.Ordinal))
                .Select(l => l["alloc_shadow_decisions_total{".Length..]).Order(StringComparer.Ordinal)];
            seriesCount = shown.Length;
            shown = [.. shown.Where(l => !l.EndsWith("} 0", StringComparison.Ordinal))];
        }
        Assert.Equal(expected, shown);
        Assert.Equal(22, seriesCount);
    }

    private static AllocationCommandBody.PoolConfigure Configured() =>
        new() { Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" } };

    private static async Task ApplyAsync(AllocClientOptions settings)
    {
        var catalogue = OperationsCatalogue.Shipped with
        {
            Version = 1,
            ShadowRules =
            [
                new ShadowRuleRow("recount", ShadowRuleClass.DeliberatePolicy, "warehouse", "Counted anew.")
                {
                    Shadow = ["Rejected ExceedsBlocked"],
                },
            ],
        };
        using var registry = Registries.Client(settings, TimeProvider.System);
        var serde = new AvroSerde<CatalogueInForce>(registry, ConfluentFraming.SubjectOf(TopicNames.Catalogue));
        await serde.InitializeAsync(Cancellation);
        using var producer = new ProducerBuilder<byte[], byte[]>(
            new ProducerConfig { BootstrapServers = settings.Bootstrap }).Build();
        var inForce = CatalogueRecords.InForce(catalogue, replaces: 0, appliedAtMs: 1_700_000_000_000, "anna", "first");
        foreach (var value in new[] { "no catalogue"u8.ToArray(), serde.Serialize(inForce) })
        {
            await producer.ProduceAsync(
                TopicNames.Catalogue,
                new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(CatalogueRecords.Key), Value = value },
                Cancellation);
        }
    }
}
