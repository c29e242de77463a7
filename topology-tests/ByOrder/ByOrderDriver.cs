using System.Text;
using Alloc.Engine.Testing;
using Alloc.Processors.ByOrder;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Topology.Tests.Topology;

namespace Topology.Tests.ByOrder;

/// <summary>Allocation, and by-order on its outcomes, both on virtual time.</summary>
internal sealed class ByOrderDriver : IDisposable
{
    private readonly ByOrderSerdes serdes;
    private long piped;

    public ByOrderDriver(int partitionCount = 3)
    {
        var registry = new InMemorySchemaRegistryClient();
        Allocation = new AllocationDriver(registry: registry);
        Options = new ByOrderOptions { PartitionCount = partitionCount };
        serdes = new ByOrderSerdes(registry, Options);
        Driver = new TopologyTestDriver(
            ByOrderTopology.Build(Options, serdes), AllocationDriver.StartMs, partitionCount);
    }

    public AllocationDriver Allocation { get; }

    public ByOrderOptions Options { get; }

    public TopologyTestDriver Driver { get; }

    /// <summary>Has a command decided; what its outcomes mean for orders.</summary>
    public IReadOnlyList<OrderAllocation> Send(
        string pool, AllocationCommandBody body, string? commandId = null, string correlationId = "test")
    {
        var command = Allocation.Command(pool, body, commandId) with { CorrelationId = correlationId };
        Allocation.Pipe(Encoding.UTF8.GetBytes(pool), Allocation.Bytes(command));
        return Read();
    }

    public IReadOnlyList<OrderAllocation> Read() => [.. Records().Select(r => r.Value)];

    /// <summary>Gives by-order what allocation wrote; what it wrote of it.</summary>
    public IReadOnlyList<(TestRecord Record, string Key, OrderAllocation Value)> Records()
    {
        foreach (var outcome in Allocation.Driver.ReadOutputs(Options.OutcomeTopic))
        {
            Pipe(outcome.Key, outcome.Value, outcome.TimestampMs + 1_000);
        }
        return [.. Driver.ReadOutputs(Options.ByOrderTopic).Select(r => (
            r, Encoding.UTF8.GetString(r.Key!), serdes.ByOrder.Deserialize(r.Value)))];
    }

    public void Pipe(byte[]? key, byte[]? value, long timestampMs)
    {
        Driver.PipeInput(Options.OutcomeTopic, key, value, timestampMs, partition: 0);
        piped++;
    }

    public void Stock(string pool, long quantity)
    {
        Allocation.Stock(pool, quantity);
        Read();
    }

    public void Dispose()
    {
        Driver.Dispose();
        Allocation.Dispose();
    }
}
