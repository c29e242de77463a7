using Alloc.Client;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>What a test does besides its sample.</summary>
internal static class TestClient
{
    private static readonly Actor Tester = new() { Type = ActorType.Service, Id = "test" };

    public static AllocClient Of(SharedDev dev) => new(new AllocClientOptions
    {
        Bootstrap = dev.Deployment.Bootstrap,
        Registry = new Uri(dev.Deployment.Registry),
        Timeout = SampleProgram.Deadline,
    });

    /// <summary>A pool of 100 seats, its first two outcomes.</summary>
    public static async Task OpenPoolAsync(AllocClient client, string pool, CancellationToken cancellation)
    {
        await AskAsync(
            client, pool,
            new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "seat", Kind = PoolKind.Capacity, SnapshotSource = Tester.Id },
            },
            cancellation);
        await AskAsync(
            client, pool,
            new AllocationCommandBody.SupplySnapshot { Source = Tester.Id, Quantity = 100, Through = null },
            cancellation);
    }

    /// <summary>Sends a command and fails unless it is granted.</summary>
    public static async Task AskAsync(
        AllocClient client, string pool, AllocationCommandBody body, CancellationToken cancellation)
    {
        var answer = await client.SendAsync(client.NewCommand(pool, body, Tester), cancellation);
        Assert.False(Assert.IsType<CommandAnswer.Decided>(answer).IsRejected, answer.ToString());
    }
}
