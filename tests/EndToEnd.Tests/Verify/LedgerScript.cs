using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Alloc.Verify;
using EndToEnd.Tests.Processes;
using EndToEnd.Tests.Verify.Generated;

namespace EndToEnd.Tests.Verify;

/// <summary>
/// A few commands that the ledger decides and the checker reads: a history that is sound by construction.
/// </summary>
internal sealed class LedgerScript : IDisposable
{
    public const string Pool = "bolts";
    private const int PartitionCount = 2;
    private readonly TemporaryDirectory directory = new();
    private readonly AvroSerde<AllocationCommand> serde;
    private readonly GeneratedPartition partition;
    private int commandCount;

    public LedgerScript()
    {
        var registry = new InMemorySchemaRegistryClient();
        serde = new AvroSerde<AllocationCommand>(registry, GeneratedPartition.Commands + "-value");
        Partition = Murmur2.Partition(Encoding.UTF8.GetBytes(Pool), PartitionCount);
        partition = new GeneratedPartition(
            Partition, PartitionCount,
            new CommandRecords(AllocationSerdes.ForCommands(registry, GeneratedPartition.Commands), PartitionCount),
            directory["journal"], hasShadow: false, Findings)
        {
            OnOutcome = Outcomes.Add,
        };
    }

    public Findings Findings { get; } = new();

    public List<ObservedOutcome> Outcomes { get; } = [];

    public int Partition { get; }

    public long NowMs { get; set; } = 1_800_000_000_000;

    /// <summary>The last outcome.</summary>
    public ObservedOutcome Last => Outcomes[^1];

    /// <summary>Names of pools that nobody made and that belong into the partition.</summary>
    public IEnumerable<string> UnknownPools => Enumerable.Range(0, 100).Select(n => $"nobody-{n}").Where(
        pool => Murmur2.Partition(Encoding.UTF8.GetBytes(pool), PartitionCount) == Partition);

    /// <summary>A pool with so many units.</summary>
    public static LedgerScript WithStock(long quantity)
    {
        var script = new LedgerScript();
        script.Do(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock, SnapshotSource = "erp" },
        });
        script.Do(new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = quantity });
        return script;
    }

    public AllocationCommand Command(AllocationCommandBody body, string? id = null, string pool = Pool) => new()
    {
        CommandId = id ?? $"c{++commandCount}",
        PoolId = pool,
        Actor = new Actor { Type = ActorType.Operator, Id = "ann" },
        CorrelationId = "test",
        IssuedAtMs = NowMs,
        Body = body,
    };

    public AllocationCommand Do(AllocationCommandBody body, string? id = null, string pool = Pool) =>
        Do(Command(body, id, pool));

    public AllocationCommand Do(AllocationCommand command)
    {
        Put(command, Encoding.UTF8.GetBytes(command.PoolId));
        return command;
    }

    public AllocationCommand Hold(string id, long quantity, long? ttlMs = null) =>
        Do(new AllocationCommandBody.Hold { ReservationId = id, Quantity = quantity, TtlMs = ttlMs });

    /// <summary>Puts a policy into force.</summary>
    public void Take(AllocationPolicy policy) => Do(
        new AllocationCommandBody.PolicyActivate
        {
            Version = policy.Version,
            Document = PolicyDocument.Write(policy),
            ContentHash = PolicyDocument.HashOf(policy),
            EffectiveAtMs = NowMs,
        },
        pool: ReservedKeys.Policy);

    public void Tick() => Do(new AllocationCommandBody.Tick { DueAtMs = NowMs }, pool: ReservedKeys.Tick);

    /// <summary>Appends a record with any key.</summary>
    public void Put(AllocationCommand command, byte[]? key) =>
        partition.Append(new GeneratedRecord(Partition, key, serde.Serialize(command)), NowMs);

    /// <summary>Ends the history and expects that nothing is found in it.</summary>
    public void MustBeSound()
    {
        partition.Complete();
        Assert.True(Findings.Count == 0, string.Join('\n', Findings.Kept.Concat<object>(partition.Accused)));
    }

    public void Dispose()
    {
        partition.Dispose();
        directory.Dispose();
    }
}
