using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Processors.SupplyBridge;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Topology.Tests.Topology;

namespace Topology.Tests.SupplyBridge;

/// <summary>The supply bridge, and allocation on the commands that it writes, both on virtual time.</summary>
internal sealed class SupplyBridgeDriver : IDisposable
{
    public const string Gearbox = "parts/gearbox";
    public const string Wms = "wms";

    private readonly SupplyBridgeSerdes serdes;

    public SupplyBridgeDriver(int partitionCount = 1)
    {
        var registry = new InMemorySchemaRegistryClient();
        Allocation = new AllocationDriver(partitionCount, registry);
        Options = new SupplyBridgeOptions();
        serdes = new SupplyBridgeSerdes(registry, Options);
        Driver = new TopologyTestDriver(
            SupplyBridgeTopology.Build(Options, serdes), AllocationDriver.StartMs, partitionCount);
    }

    public AllocationDriver Allocation { get; }

    public SupplyBridgeOptions Options { get; }

    public TopologyTestDriver Driver { get; }

    /// <summary>A movement of the gearbox by its warehouse.</summary>
    public static WarehouseMovement Moved(
        long sequence, MovementKind kind, long quantity, string? reservation = null, string? id = null) => new()
        {
            MovementId = id ?? $"m-{sequence}",
            PoolId = Gearbox,
            Kind = kind,
            ReservationId = reservation,
            Quantity = quantity,
            Source = Wms,
            SourceSequence = sequence,
            OccurredAtMs = 1,
        };

    /// <summary>A count of the gearbox by its warehouse.</summary>
    public static StockSnapshot Counted(long version, long quantity, long? through) => new()
    {
        PoolId = Gearbox,
        Source = Wms,
        Version = version,
        Quantity = quantity,
        Through = through,
        TakenAtMs = 1,
    };

    /// <summary>The gearbox, whose warehouse counts.</summary>
    public void Configure() => Allocation.Send(Gearbox, new AllocationCommandBody.PoolConfigure
    {
        Settings = new PoolSettings { Unit = "piece", SnapshotSource = Wms },
    });

    /// <summary>Confirms units of a reservation.</summary>
    public void Promise(string reservation, long quantity)
    {
        Allocation.Send(
            Gearbox, new AllocationCommandBody.Hold { ReservationId = reservation, Quantity = quantity });
        var confirmed = Assert.Single(Allocation.Send(
            Gearbox, new AllocationCommandBody.Confirm { ReservationId = reservation }));
        Assert.IsType<AllocationOutcomeEvent.Confirmed>(confirmed.Event);
    }

    /// <summary>Writes a fact to its topic.</summary>
    public void Pipe(object fact, string? key = null, int? partition = null)
    {
        switch (fact)
        {
            case WarehouseMovement movement:
                Pipe(Options.MovementTopic, key ?? movement.PoolId, Bytes(serdes.Movements, movement), partition);
                break;
            case StockSnapshot count:
                Pipe(Options.StockTopic, key ?? count.PoolId, Bytes(serdes.Stock, count), partition);
                break;
            default:
                throw new ArgumentException("It is no fact.", nameof(fact));
        }
    }

    public void Pipe(string topic, string? key, byte[]? value, int? partition = null) => Driver.PipeInput(
        topic, key is null ? null : Encoding.UTF8.GetBytes(key), value, Allocation.Driver.NowMs, partition);

    /// <summary>What the bridge wrote since the last look.</summary>
    public IReadOnlyList<(TestRecord Record, AllocationCommand Command)> Commands() =>
        [.. Driver.ReadOutputs(Options.CommandTopic).Select(r => (r, serdes.Commands.Deserialize(r.Value)))];

    /// <summary>Writes a fact, and has the ledger decide what the bridge made of it.</summary>
    public IReadOnlyList<AllocationOutcome> Tell(object fact)
    {
        Pipe(fact);
        return Decide();
    }

    /// <summary>Has the ledger decide what the bridge wrote since the last look.</summary>
    public IReadOnlyList<AllocationOutcome> Decide()
    {
        foreach (var (record, _) in Commands())
        {
            Allocation.Pipe(record.Key, record.Value, record.Partition);
        }
        return Allocation.Outcomes();
    }

    public void Dispose()
    {
        Driver.Dispose();
        Allocation.Dispose();
    }

    private static byte[] Bytes<T>(ISerializer<T> serializer, T value)
    {
        var output = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, output);
        return output.WrittenSpan.ToArray();
    }
}
