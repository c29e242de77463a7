using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger;

/// <summary>
/// A ledger of one partition over state in memory, with a clock that tests move, and the journal it leaves.
/// </summary>
internal sealed class TestLedger
{
    public const string Pool = "bolts";
    public const string Erp = "erp";
    public const int Partition = 3;

    private readonly AllocationLedger ledger;
    private long offset;
    private int commandCount;

    public TestLedger(AllocationPolicy? policy = null, LedgerRole role = LedgerRole.Authority)
    {
        Policy = policy ?? PolicyVersions.Version0;
        ledger = new AllocationLedger(State, Policy, Partition, role);
    }

    public AllocationPolicy Policy { get; }

    public InMemoryLedgerState State { get; } = new();

    public List<AllocationOutcome> Journal { get; } = [];

    public long NowMs { get; set; } = 1_700_000_000_000;

    public string Channel { get; set; } = "web";

    /// <summary>A pool that has units.</summary>
    public static TestLedger WithStock(long quantity, PoolKind kind = PoolKind.Stock, AllocationPolicy? policy = null)
    {
        var result = new TestLedger(policy);
        result.Configure(kind);
        if (quantity > 0)
        {
            result.Run(
                new AllocationCommandBody.SupplyDelta { Source = "opening", SourceSequence = 1, Quantity = quantity });
        }
        return result;
    }

    public AllocationOutcome Configure(PoolKind kind = PoolKind.Stock, long? maximum = null, long? closesAtMs = null) =>
        Run(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings
            {
                Unit = "piece",
                Kind = kind,
                SnapshotSource = Erp,
                MaximumCapacity = maximum,
                ClosesAtMs = closesAtMs,
            },
        });

    public AllocationCommand Command(AllocationCommandBody body, string? commandId = null, string pool = Pool) => new()
    {
        CommandId = commandId ?? $"c{++commandCount}",
        PoolId = pool,
        Actor = new Actor { Type = ActorType.Service, Id = "shop", Channel = Channel },
        CorrelationId = "test",
        IssuedAtMs = NowMs,
        Body = body,
    };

    /// <summary>Folds a command; the outcome that answers it.</summary>
    public AllocationOutcome Run(AllocationCommandBody body, string? commandId = null) => Run(Command(body, commandId));

    public AllocationOutcome Run(AllocationCommand command) =>
        All(command).Single(o => o.CausedBy is null && o.CommandId == command.CommandId);

    /// <summary>Folds a command; all outcomes.</summary>
    public IReadOnlyList<AllocationOutcome> All(AllocationCommandBody body) => All(Command(body));

    public IReadOnlyList<AllocationOutcome> All(AllocationCommand command) =>
        Fold(command, command.PoolId, Partition, NowMs);

    public IReadOnlyList<AllocationOutcome> Fold(
        AllocationCommand command, string? key, int keyPartition, long timestampMs)
    {
        var outcomes = new List<AllocationOutcome>();
        var record = new LedgerRecord(
            "allocation.commands", Partition, offset++, timestampMs, key, keyPartition, command);
        ledger.Fold(record, outcomes);
        Journal.AddRange(outcomes);
        return outcomes;
    }

    /// <summary>Lets time pass and an idle partition notice it.</summary>
    public IReadOnlyList<AllocationOutcome> Wait(TimeSpan time)
    {
        NowMs += (long)time.TotalMilliseconds;
        return Tick();
    }

    public IReadOnlyList<AllocationOutcome> Tick()
    {
        var tick = Command(new AllocationCommandBody.Tick { DueAtMs = NowMs }, pool: ReservedKeys.Tick);
        return Fold(tick, ReservedKeys.Tick, -1, NowMs);
    }

    public AllocationOutcome Hold(string id, long quantity, long? ttlMs = null, string? commandId = null) => Run(
        new AllocationCommandBody.Hold { ReservationId = id, Quantity = quantity, TtlMs = ttlMs }, commandId);

    public AllocationOutcome Confirm(string id, long? quantity = null, Remainder remainder = Remainder.Release) =>
        Run(new AllocationCommandBody.Confirm { ReservationId = id, Quantity = quantity, Remainder = remainder });

    public AllocationOutcome Release(string id, long? quantity = null, ReleaseBucket bucket = ReleaseBucket.All) =>
        Run(new AllocationCommandBody.Release
        {
            ReservationId = id,
            Quantity = quantity,
            Bucket = bucket,
            Reason = "test",
        });

    public AllocationOutcome Consume(
        string id, long quantity, string? consumeId = null, string? source = null, long? sequence = null) =>
        Run(new AllocationCommandBody.Consume
        {
            ReservationId = id,
            Quantity = quantity,
            ConsumeId = consumeId ?? $"consume-{++commandCount}",
            OccurredAtMs = NowMs,
            Source = source,
            SourceSequence = sequence,
        });

    public AllocationOutcome Return(
        string id, long quantity, string? consumeId = null, string? source = null, long? sequence = null,
        ReturnDisposition disposition = ReturnDisposition.Free) =>
        Run(new AllocationCommandBody.Return
        {
            ReservationId = id,
            Quantity = quantity,
            ConsumeId = consumeId ?? $"return-{++commandCount}",
            Disposition = disposition,
            Source = source,
            SourceSequence = sequence,
        });

    public AllocationOutcome Delta(long sequence, long quantity, string source = Erp) =>
        Run(new AllocationCommandBody.SupplyDelta { Source = source, SourceSequence = sequence, Quantity = quantity });

    public AllocationOutcome Snapshot(
        long version, long quantity, long? through, long? blocked = null, string source = Erp) =>
        Run(new AllocationCommandBody.SupplySnapshot
        {
            Source = source,
            Version = version,
            Quantity = quantity,
            Through = through,
            Blocked = blocked,
        });

    public Reservation? Reservation(string id) => State.GetReservation(Pool, id);

    public PoolState PoolState => State.GetPool(Pool)!;

    public Balances Balances => PoolState.Balances;
}
