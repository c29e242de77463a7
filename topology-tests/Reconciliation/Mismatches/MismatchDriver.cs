using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Supply;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>
/// The keeper of mismatches alone, on virtual time: differences and decisions in; mismatches, events and repairs out.
/// </summary>
internal sealed class MismatchDriver : IDisposable
{
    public const long StartMs = 1_700_000_000_000;
    public const string Zombie = "ZombieHold";
    public const string Late = "ExpiryNotReleased";
    public const string Dead = "ConfirmedForDeadOrder";

    private readonly Dictionary<string, List<TestRecord>> read = new(StringComparer.Ordinal);
    private int decisions;

    public MismatchDriver(ReconciliationInstruments? instruments = null, bool runsFromStart = true)
    {
        Options = new ReconciliationOptions
        {
            PoolPartitionCount = 3,
            OrderPartitionCount = 2,
            Persistence = StorePersistence.InMemory,
            Instruments = instruments ?? ReconciliationInstruments.Shared,
        };
        Serdes = new ReconciliationSerdes(new InMemorySchemaRegistryClient(), Options);
        var builder = new TopologyBuilder();
        MismatchTopology.Add(builder, Options, Serdes);
        Driver = new TopologyTestDriver(builder.Build(), StartMs, 1, new Dictionary<string, int>
        {
            [Options.CommandTopic] = Options.PoolPartitionCount,
            [Options.PoolControlTopic] = Options.PoolPartitionCount,
            [Options.OrderControlTopic] = Options.OrderPartitionCount,
        });
        if (runsFromStart)
        {
            // The first look says when the first run is.
            Pass(KeeperProcessor.ShowInterval);
        }
    }

    public ReconciliationOptions Options { get; }

    public ReconciliationSerdes Serdes { get; }

    public TopologyTestDriver Driver { get; }

    public long NowMs => Driver.NowMs;

    public static Difference Stands(
        string id, string className = Zombie, RepairFacts? repair = null, string order = "o1", long right = 1) => new()
        {
            MismatchId = id,
            Kind = DifferenceKind.Stands,
            Class = className,
            Scope = new MismatchScope { Kind = "reservation", Id = $"p1/{id}", PoolId = "p1", OrderRef = order },
            Episode = $"allocation.outcomes/0/{id}",
            AtMs = StartMs,
            SinceMs = StartMs - 60_000,
            WatermarkMs = StartMs - 5_000,
            ToleranceMs = 30_000,
            ToleranceRule = "class",
            Left = Side("order", 0),
            Right = Side("ledger", right),
            Repair = repair,
            NoRepairWhy = repair is null ? "nobody knows the order" : "",
            Choices = repair is null ? ["alloc reservation force-release r1 --pool p1"] : [],
        };

    public static MismatchSide Side(string name, long units) => new()
    {
        Name = name,
        Says = $"{units} units",
        Numbers = [new MismatchNumber { Name = "units", Value = units }],
    };

    public static RepairFacts Release(long version = 7) => new()
    {
        Kind = RepairKind.Release,
        PoolId = "p1",
        ReservationId = "r1",
        ExpectedVersion = version,
    };

    public static RepairFacts Tick(int partition = 1) => new() { Kind = RepairKind.Tick, Partition = partition };

    public static RepairFacts Force(bool confirmed = true) => new()
    {
        Kind = RepairKind.ForceRelease,
        PoolId = "p1",
        ReservationId = "r1",
        ExpectedVersion = 7,
        Confirmed = confirmed,
    };

    public void Say(Difference said, string? key = null) => Pipe(
        Options.DifferenceTopic, key ?? said.MismatchId, Bytes(Serdes.Differences, said));

    public void End(string id, string? why = null) => Say(new Difference
    {
        MismatchId = id,
        Kind = DifferenceKind.Ended,
        AtMs = NowMs,
        Ended = why,
    });

    public void Answer(string id, int attempt, string outcome = "Released", params string[] reasons) =>
        Say(new Difference
        {
            MismatchId = id,
            Kind = DifferenceKind.Answered,
            AtMs = NowMs,
            Answer = new RepairAnswer { Attempt = attempt, OutcomeId = "p1#9", Event = outcome, Reasons = reasons },
        });

    public static RepairDecision Decision(string id, DecisionKind kind, string actor = "anna") => new()
    {
        DecisionId = $"d-{id}-{kind}-{actor}",
        MismatchId = kind == DecisionKind.Run ? "" : id,
        Kind = kind,
        Actor = actor,
        Reason = "because",
        Assignee = kind == DecisionKind.Assign ? "ben" : null,
        DecidedAtMs = StartMs,
    };

    /// <summary>A decision under an id of its own.</summary>
    public void Decide(string id, DecisionKind kind, string actor = "anna", long? untilMs = null) => Decide(
        Decision(id, kind, actor) with { DecisionId = $"d{++decisions}", UntilMs = untilMs });

    public void Decide(RepairDecision decision, string? key = null) => Pipe(
        Options.DecisionTopic, key ?? (decision.Kind == DecisionKind.Run ? decision.DecisionId : decision.MismatchId),
        Bytes(Serdes.Decisions, decision));

    public void Run(
        string scope = "*", string actor = "anna", int? cap = null, string? className = null, long? sinceMs = null,
        string id = "run-1") => Decide(new RepairDecision
        {
            DecisionId = id,
            Kind = DecisionKind.Run,
            Actor = actor,
            Reason = "because",
            Scope = scope,
            Cap = cap,
            Class = className,
            SinceMs = sinceMs,
            DecidedAtMs = StartMs,
        });

    public void Apply(OperationsCatalogue catalogue) => Pipe(
        Options.CatalogueTopic, CatalogueRecords.Key, Bytes(
            Serdes.Catalogue, CatalogueRecords.InForce(catalogue, catalogue.Version - 1, NowMs, "kim", "test")));

    /// <summary>The shipped catalogue with another row for a class.</summary>
    public static OperationsCatalogue With(
        MismatchClass mismatch, Func<MismatchClassRow, MismatchClassRow> change, int version = 1) =>
        OperationsCatalogue.Shipped with
        {
            Version = version,
            Classes = [.. OperationsCatalogue.Shipped.Classes.Select(r => r.Class == mismatch ? change(r) : r)],
        };

    /// <summary>Lets time pass as the keeper looks at it.</summary>
    public void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += KeeperProcessor.Interval)
        {
            Driver.AdvanceWallClock(KeeperProcessor.Interval);
        }
    }

    /// <summary>Lets more time pass, in steps that are long.</summary>
    public void PassLong(TimeSpan time, TimeSpan step)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            Driver.AdvanceWallClock(step);
        }
    }

    public KeptMismatch? Kept(string id) =>
        Driver.GetStore<IKeyValueStore<string, KeptMismatch>>(MismatchStores.Kept).Get(id);

    public Mismatch Row(string id) => Kept(id)!.Mismatch;

    public MismatchReads Reads() => new(
        Driver.GetStore<IKeyValueStore<string, KeptMismatch>>(MismatchStores.Kept),
        Driver.GetStore<IKeyValueStore<OpenKey, OpenMismatch>>(MismatchStores.Open),
        Driver.GetStore<IKeyValueStore<TallyKey, MismatchTally>>(MismatchStores.Tallies));

    /// <summary>All events so far.</summary>
    public IReadOnlyList<MismatchEvent> Events() => Read(Options.EventTopic, Serdes.Events);

    public IReadOnlyList<MismatchEventKind> EventKinds(string id) =>
        [.. Events().Where(e => e.MismatchId == id).Select(e => e.Kind)];

    /// <summary>All commands so far.</summary>
    public IReadOnlyList<AllocationCommand> Commands() => Read(Options.CommandTopic, Serdes.Commands);

    public IReadOnlyList<SupplyRequest> Requests() => Read(Options.SupplyRequestTopic, Serdes.SupplyRequests);

    public IReadOnlyList<AllocationOutcome> Redeliveries() => Read(Options.RedeliveryTopic, Serdes.Redeliveries);

    /// <summary>The last word of the topic of mismatches about one; null: it was taken back.</summary>
    public Mismatch? Published(string id) =>
        Records(Options.MismatchTopic).Last(r => Encoding.UTF8.GetString(r.Key!) == id).Value is { } value
            ? Serdes.Mismatches.Deserialize(value)
            : null;

    public IReadOnlyList<TestRecord> Records(string topic)
    {
        if (!read.TryGetValue(topic, out var records))
        {
            read[topic] = records = [];
        }
        records.AddRange(Driver.ReadOutputs(topic));
        return records;
    }

    public IReadOnlyList<string> DeadLetters() =>
        [.. Records(ReconciliationOptions.DeadLettersOf(Options.DecisionTopic)).Select(r => string.Join(
            " ", r.Headers!.Select(h => Encoding.UTF8.GetString(h.Value ?? []))))];

    public static byte[] Bytes<T>(ISerializer<T> serializer, T value)
    {
        var output = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, output);
        return output.WrittenSpan.ToArray();
    }

    public void Dispose() => Driver.Dispose();

    private void Pipe(string topic, string key, byte[] value) =>
        Driver.PipeInput(topic, Encoding.UTF8.GetBytes(key), value, NowMs, 0);

    private List<T> Read<T>(string topic, IDeserializer<T> values) =>
        [.. Records(topic).Select(r => values.Deserialize(r.Value))];
}
