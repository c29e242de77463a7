using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Tests.Support;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Client.Tests;

/// <summary>One instance and one client for the tests of a class; each test has a pool of its own.</summary>
public sealed class ClientFixture : IAsyncLifetime
{
    public const int PartitionCount = 4;
    private static readonly Actor Tester = new() { Type = ActorType.Service, Id = "test" };
    private OneInstance instance = null!;

    public AllocClient Client { get; private set; } = null!;

    public AllocClientOptions Options => instance.Client;

    public async ValueTask InitializeAsync()
    {
        instance = await OneInstance.StartAsync();
        Client = new AllocClient(instance.Client);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await instance.DisposeAsync();
    }

    /// <summary>Makes a pool with units: outcomes 1 and 2 of it.</summary>
    public async Task<string> PoolAsync(string name, long quantity)
    {
        var configured = await Client.SendAsync(Client.NewCommand(
            name,
            new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "seat", Kind = PoolKind.Capacity, SnapshotSource = "test" },
            },
            Tester));
        Assert.False(Assert.IsType<CommandAnswer.Decided>(configured).IsRejected);
        var supplied = await Client.SendAsync(Client.NewCommand(
            name,
            new AllocationCommandBody.SupplySnapshot { Source = "test", Quantity = quantity, Through = null },
            Tester));
        Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(
            Assert.IsType<CommandAnswer.Decided>(supplied).Outcome.Event);
        return name;
    }

    public AllocationCommand Hold(string pool, string reservation, long quantity) => Client.NewCommand(
        pool, new AllocationCommandBody.Hold { ReservationId = reservation, Quantity = quantity }, Tester);

    /// <summary>Topics that nobody decides about.</summary>
    public async Task<AllocClientOptions> DeploymentWithoutEngineAsync(string prefix)
    {
        await CreateTopicAsync(prefix + "allocation.commands", PartitionCount);
        await CreateTopicAsync(prefix + "allocation.outcomes", PartitionCount);
        return Options with { TopicPrefix = prefix };
    }

    public async Task CreateTopicAsync(string name, int partitionCount)
    {
        using var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = Options.Bootstrap }).Build();
        await admin.CreateTopicsAsync(
            [new TopicSpecification { Name = name, NumPartitions = partitionCount, ReplicationFactor = 1 }]);
    }
}
