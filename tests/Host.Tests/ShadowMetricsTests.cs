using Alloc.Client;
using Alloc.Host.Roles;
using Alloc.Schemas.Allocation;
using Alloc.Tests.Support;

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
        (string Pool, AllocationCommandBody Body)[] commands =
        [
            ("$authority", new AllocationCommandBody.AuthorityTransfer
            {
                Slice = "bolts*",
                Mode = AuthorityMode.Shadow,
                Owner = "legacy",
                NewEpoch = 1,
            }),
            ("bolts", new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
            }),
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
        string[] expected =
        [
            "class=\"Match\",evidence=\"Consumed\"} 1", "class=\"Match\",evidence=\"Decision\"} 2",
            "class=\"Match\",evidence=\"Imported\"} 0", "class=\"NotOnLog\",evidence=\"Decision\"} 3",
            "class=\"Unclassified\",evidence=\"Consumed\"} 0", "class=\"Unclassified\",evidence=\"Decision\"} 0",
            "class=\"Unclassified\",evidence=\"Imported\"} 0",
        ];
        using var http = new HttpClient();
        var begun = TimeProvider.System.GetTimestamp();
        string[] shown = [];
        while (!expected.SequenceEqual(shown) && TimeProvider.System.GetElapsedTime(begun) < Deadline)
        {
            await Task.Delay(100, Cancellation);
            var scrape = await http.GetStringAsync(
                new Uri($"http://127.0.0.1:{host.ConsolePort}/metrics"), Cancellation);
            shown = [.. scrape.Split('\n').Where(l => l.StartsWith("alloc_shadow_", StringComparison.Ordinal))
                .Select(l => l["alloc_shadow_decisions_total{".Length..]).Order(StringComparer.Ordinal)];
        }
        Assert.Equal(expected, shown);
    }
}
