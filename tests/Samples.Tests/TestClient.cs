using Alloc.Client;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>What a test does besides its sample.</summary>
internal static class TestClient
{
    private static readonly Actor Tester = new() { Type = ActorType.Service, Id = "test" };

    public static AllocClient Of(SharedDev dev) => Of(dev.Deployment);

    public static AllocClient Of(Deployment deployment) => new(new AllocClientOptions
    {
        Bootstrap = deployment.Bootstrap,
        Registry = new Uri(deployment.Registry),
        Timeout = SampleProgram.Deadline,
    });

    /// <summary>A pool of seats, its first two outcomes.</summary>
    public static async Task OpenPoolAsync(
        AllocClient client, string pool, CancellationToken cancellation, long units = 100)
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
            new AllocationCommandBody.SupplySnapshot { Source = Tester.Id, Quantity = units, Through = null },
            cancellation);
    }

    /// <summary>Sends a command and fails unless it is granted.</summary>
    public static async Task AskAsync(
        AllocClient client, string pool, AllocationCommandBody body, CancellationToken cancellation,
        string? commandId = null)
    {
        var answer = await client.SendAsync(client.NewCommand(pool, body, Tester, commandId), cancellation);
        Assert.False(Assert.IsType<CommandAnswer.Decided>(answer).IsRejected, answer.ToString());
    }
}
