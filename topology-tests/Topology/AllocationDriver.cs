using System.Buffers;
using System.Text;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Topology.Tests.Topology;

/// <summary>
/// The topology of allocation on virtual time: commands as bytes in, outcomes and availability as bytes out.
/// </summary>
internal sealed class AllocationDriver : IDisposable
{
    public const long StartMs = 1_700_000_000_000;

    private int commandCount;

    public AllocationDriver(
        int partitionCount = 1, ISchemaRegistryClient? registry = null, AllocationInstruments? instruments = null,
        Func<PolicyApplication?>? appliedPolicy = null, AllocationPolicy? policy = null)
    {
        Options = new AllocationOptions
        {
            PartitionCount = partitionCount,
            Persistence = StorePersistence.InMemory,
            Instruments = instruments ?? AllocationInstruments.Shared,
            AppliedPolicy = appliedPolicy ?? (static () => null),
            Policy = policy ?? PolicyVersions.Version0,
        };
        Serdes = new AllocationSerdes(registry ?? new InMemorySchemaRegistryClient(), Options);
        Driver = new TopologyTestDriver(AllocationTopology.Build(Options, Serdes), StartMs, partitionCount);
    }

    public AllocationOptions Options { get; }

    public AllocationSerdes Serdes { get; }

    public TopologyTestDriver Driver { get; }

    public AllocationCommand Command(string pool, AllocationCommandBody body, string? commandId = null) => new()
    {
        CommandId = commandId ?? $"c{++commandCount}",
        PoolId = pool,
        Actor = new Actor { Type = ActorType.Service, Id = "shop" },
        CorrelationId = "test",
        IssuedAtMs = Driver.NowMs,
        Body = body,
    };

    public byte[] Bytes(AllocationCommand command)
    {
        var output = new ArrayBufferWriter<byte>();
        Serdes.Commands.Serialize(command, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Pipes a command; the outcomes that came out.</summary>
    public IReadOnlyList<AllocationOutcome> Send(string pool, AllocationCommandBody body, string? commandId = null)
    {
        var command = Command(pool, body, commandId);
        Pipe(Encoding.UTF8.GetBytes(pool), Bytes(command), ReservedKeys.NamesPartition(pool) ? 0 : null);
        return Outcomes();
    }

    public void Pipe(byte[]? key, byte[]? value, int? partition = null, long? timestampMs = null) =>
        Driver.PipeInput(Options.CommandTopic, key, value, timestampMs ?? Driver.NowMs, partition);

    public IReadOnlyList<AllocationOutcome> Outcomes() =>
        [.. Driver.ReadOutputs(Options.OutcomeTopic).Select(r => Serdes.Outcomes.Deserialize(r.Value))];

    /// <summary>The balances of a pool.</summary>
    public Balances Balances(string pool) =>
        Driver.GetStore<IKeyValueStore<string, PoolState>>(AllocationStores.Pools).Get(pool)!.Balances;

    public IReadOnlyList<PoolAvailability> Availability() =>
        [.. Driver.ReadOutputs(Options.AvailabilityTopic).Select(r => Serdes.Availability.Deserialize(r.Value))];

    public IReadOnlyList<TestRecord> DeadLetters() => Driver.ReadOutputs(Options.DeadLetterTopic);

    public void Stock(string pool, long quantity)
    {
        Send(pool, new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
        });
        Send(pool, new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = quantity });
    }

    public void Dispose() => Driver.Dispose();
}
