using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.ByOrder;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Warehouse;
using Topology.Tests.Topology;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// A ledger that decides, by-order behind it, and the comparisons of reconciliation over all that is said: on virtual
/// time, one partition of each. What another system says is said here.
/// </summary>
internal sealed class World : IDisposable
{
    public const long StartMs = AllocationDriver.StartMs;
    public const string Pool = "parts-7";

    private readonly InMemorySchemaRegistryClient registry = new();
    private readonly Meter meter = new("test");
    private readonly Dictionary<long, (byte[]? Key, byte[]? Value)> unseen = [];
    private readonly List<Difference> said = [];
    private readonly ByOrderSerdes byOrderSerdes;
    private readonly TopologyTestDriver byOrder;
    private readonly Dictionary<string, long> versions = new(StringComparer.Ordinal);
    private readonly bool keeps;
    private int mirrored;

    public World(bool compares = true, AllocationPolicy? policy = null, bool keeps = false)
    {
        this.keeps = keeps;
        Ledger = new AllocationDriver(registry: registry, policy: policy);
        var byOrderOptions = new ByOrderOptions { PartitionCount = 1 };
        byOrderSerdes = new ByOrderSerdes(registry, byOrderOptions);
        byOrder = new TopologyTestDriver(ByOrderTopology.Build(byOrderOptions, byOrderSerdes), StartMs);
        Options = new ReconciliationOptions
        {
            PoolPartitionCount = 1,
            OrderPartitionCount = 1,
            Persistence = StorePersistence.InMemory,
            Instruments = new ReconciliationInstruments(meter),
        };
        Serdes = new ReconciliationSerdes(registry, Options);
        if (compares)
        {
            Listen();
        }
    }

    public AllocationDriver Ledger { get; }

    public ReconciliationOptions Options { get; }

    public ReconciliationSerdes Serdes { get; }

    public TopologyTestDriver Driver { get; private set; } = null!;

    public long NowMs => Ledger.Driver.NowMs;

    /// <summary>Whether the ledger's outcomes reach by-order and reconciliation.</summary>
    public bool IsLedgerHeard { get; set; } = true;

    /// <summary>The comparisons begin, over all that the logs have.</summary>
    public void Listen()
    {
        var builder = new TopologyBuilder();
        ReconciliationTopology.AddComparisons(builder, Options, Serdes);
        Driver = new TopologyTestDriver(
            keeps ? ReconciliationTopology.Build(Options, Serdes) : builder.Build(), NowMs);
        Mirror();
    }

    public void Stock(long quantity, string pool = Pool)
    {
        Send(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
        }, pool: pool);
        Send(
            new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = quantity },
            pool: pool);
    }

    /// <summary>Has a command decided.</summary>
    public void Send(
        AllocationCommandBody body, string? commandId = null, string pool = Pool, long? epoch = null,
        string correlationId = "test")
    {
        var command = Ledger.Command(pool, body, commandId) with { Epoch = epoch, CorrelationId = correlationId };
        Ledger.Pipe(
            Encoding.UTF8.GetBytes(pool), Ledger.Bytes(command), ReservedKeys.NamesPartition(pool) ? 0 : null);
        Mirror();
    }

    /// <summary>A command is written that the ledger never sees.</summary>
    public void Lose(AllocationCommandBody body, string commandId, string pool = Pool) =>
        Lose(Encoding.UTF8.GetBytes(pool), Ledger.Bytes(Ledger.Command(pool, body, commandId)));

    /// <summary>A record is written to the commands that the ledger never sees.</summary>
    public void Lose(byte[] key, byte[] value)
    {
        unseen[Ledger.Driver.Log(Ledger.Options.CommandTopic).Count] = (key, value);
        // A tick that finds nothing to do takes its place there.
        Ledger.Pipe(
            Encoding.UTF8.GetBytes(ReservedKeys.Tick),
            Ledger.Bytes(Ledger.Command(
                ReservedKeys.Tick, new AllocationCommandBody.Tick { DueAtMs = 0 }, "tick")), 0);
        Mirror();
    }

    /// <summary>Bytes that are no command.</summary>
    public void Garble()
    {
        Ledger.Pipe(Encoding.UTF8.GetBytes(Pool), [1, 2, 3], 0);
        Mirror();
    }

    public void Hold(
        string id, long quantity, string? order = null, TimeSpan? ttl = null, string pool = Pool) => Send(
            new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = quantity,
                OrderRef = order,
                TtlMs = (long)(ttl ?? TimeSpan.FromHours(1)).TotalMilliseconds,
            }, pool: pool);

    public void Confirm(string id, string pool = Pool) =>
        Send(new AllocationCommandBody.Confirm { ReservationId = id }, pool: pool);

    public void Release(string id, string pool = Pool) =>
        Send(new AllocationCommandBody.Release { ReservationId = id, Reason = "test" }, pool: pool);

    public void Consume(string id, long quantity, string movement, string pool = Pool) =>
        Send(new AllocationCommandBody.Consume
        {
            ReservationId = id,
            Quantity = quantity,
            ConsumeId = movement,
            OccurredAtMs = NowMs,
        }, pool: pool);

    /// <summary>The order's owner says what the order is.</summary>
    public void Order(
        string order, string state, params (string Line, string? Reservation, long Quantity)[] lines) => Say(
            new OrderStatus
            {
                OrderRef = order,
                Version = versions[order] = versions.GetValueOrDefault(order) + 1,
                State = state,
                Lines = [.. lines.Select(l => new OrderLine
                {
                    LineId = l.Line, PoolId = Pool, ReservationId = l.Reservation, Quantity = l.Quantity,
                })],
            });

    public void Say(OrderStatus status, string? key = null) =>
        Pipe(Options.OrderTopic, key ?? status.OrderRef, Bytes(Serdes.Orders, status));

    public void Pay(
        string order, PaymentState state, long version = 1, TimeSpan? authorizedFor = null, string currency = "EUR",
        string payment = "pay-1") => Pipe(Options.PaymentTopic, order, Bytes(Serdes.Payments, new PaymentStatus
        {
            OrderRef = order,
            PaymentId = payment,
            Version = version,
            State = state,
            AmountMinor = 1_999,
            Currency = currency,
            AuthorizedUntilMs = authorizedFor is { } time ? NowMs + (long)time.TotalMilliseconds : null,
        }));

    /// <summary>The payment gateway says how a payment stands.</summary>
    public void Say(PaymentStatus status) =>
        Pipe(Options.PaymentTopic, status.OrderRef, Bytes(Serdes.Payments, status));

    /// <summary>A warehouse says what moved.</summary>
    public void Say(WarehouseMovement movement) =>
        Pipe(Options.MovementTopic, movement.PoolId, Bytes(Serdes.Movements, movement));

    public void Move(
        string movement, MovementKind kind, long quantity, string? reservation = null, string pool = Pool,
        long sequence = 1) => Pipe(Options.MovementTopic, pool, Bytes(Serdes.Movements, new WarehouseMovement
        {
            MovementId = movement,
            PoolId = pool,
            Kind = kind,
            ReservationId = reservation,
            Quantity = quantity,
            Source = "wms",
            SourceSequence = sequence,
            OccurredAtMs = NowMs,
        }));

    public void Receipt(
        string outcomeId, string service, EffectResult result = EffectResult.Applied, string? id = null,
        string? key = null) => Pipe(
            Options.ReceiptTopic, key ?? outcomeId[..outcomeId.LastIndexOf('#')],
            Bytes(Serdes.Receipts, new EffectReceipt
            {
                ReceiptId = id ?? $"{service}/{outcomeId}",
                OutcomeId = outcomeId,
                Service = service,
                Result = result,
            }));

    public void Apply(OperationsCatalogue catalogue)
    {
        var control = new ReconciliationControl
        {
            Catalogue = CatalogueRecords.InForce(catalogue, catalogue.Version - 1, NowMs, "kim", "test"),
        };
        Pipe(Options.PoolControlTopic, CatalogueRecords.Key, Bytes(Serdes.PoolControl, control));
        Pipe(Options.OrderControlTopic, CatalogueRecords.Key, Bytes(Serdes.OrderControl, control));
    }

    public void Pipe(string topic, string? key, byte[]? value) => Driver.PipeInput(
        topic, key is null ? null : Encoding.UTF8.GetBytes(key), value, NowMs, 0);

    /// <summary>Lets time pass, a second at a time.</summary>
    public void Pass(TimeSpan time, int stepSeconds = 1)
    {
        for (var second = 0; second < time.TotalSeconds; second += stepSeconds)
        {
            Ledger.Driver.AdvanceWallClock(TimeSpan.FromSeconds(stepSeconds));
            Mirror();
            byOrder.AdvanceWallClock(TimeSpan.FromSeconds(stepSeconds));
            Driver.AdvanceWallClock(TimeSpan.FromMilliseconds(NowMs - Driver.NowMs));
            Decide();
        }
    }

    /// <summary>Puts a catalogue into force for the keeper, who tells every partition.</summary>
    public void PutIntoForce(OperationsCatalogue catalogue) => Pipe(
        Options.CatalogueTopic, CatalogueRecords.Key, Bytes(Serdes.Catalogue, CatalogueRecords.InForce(
            catalogue, catalogue.Version - 1, NowMs, "kim", "test")));

    /// <summary>A person decides about a mismatch.</summary>
    public void Decide(RepairDecision decision) => Pipe(
        Options.DecisionTopic, decision.MismatchId.Length > 0 ? decision.MismatchId : decision.DecisionId,
        Bytes(Serdes.Decisions, decision));

    /// <summary>The newest word on each mismatch, as class, id of the scope, and how it stands.</summary>
    public IReadOnlyList<string> Kept() =>
        [.. Rows().Select(m => $"{m.Class} {m.Scope.Id} {m.State}").Order(StringComparer.Ordinal)];

    /// <summary>The newest word on each mismatch.</summary>
    public IReadOnlyList<Mismatch> Rows() =>
        [.. Driver.Log(Options.MismatchTopic).Where(r => r.Value is not null)
            .Select(r => Serdes.Mismatches.Deserialize(r.Value)).GroupBy(m => m.MismatchId).Select(g => g.Last())];

    /// <summary>The audit of a mismatch.</summary>
    public IReadOnlyList<MismatchEvent> Audit() =>
        [.. Driver.Log(Options.EventTopic).Select(r => Serdes.Events.Deserialize(r.Value))];

    // What the keeper asked of the ledger lies in the one log that both have.
    private void Decide()
    {
        var commands = Driver.Log(Options.CommandTopic);
        while (mirrored < commands.Count)
        {
            var record = commands[mirrored++];
            Ledger.Pipe(record.Key, record.Value, 0);
        }
        Mirror();
    }

    /// <summary>Nothing is read or asked for: what is stopped does not know the time.</summary>
    public void Hold(params string[] topics)
    {
        foreach (var topic in topics)
        {
            Driver.HoldWatermark(topic);
        }
    }

    /// <summary>What the comparisons said since it was asked last.</summary>
    public IReadOnlyList<Difference> Differences()
    {
        var news = Driver.ReadOutputs(Options.DifferenceTopic)
            .Select(r => Serdes.Differences.Deserialize(r.Value)).ToList();
        said.AddRange(news);
        return news;
    }

    /// <summary>All mismatches that were ever said, each once, as class and id of the scope.</summary>
    public IReadOnlyList<string> Mismatches()
    {
        Differences();
        return [.. said.Where(d => d.Kind == DifferenceKind.Stands).DistinctBy(d => d.MismatchId)
            .Select(d => $"{d.Class} {d.Scope!.Id}")];
    }

    /// <summary>Those that stand now.</summary>
    public IReadOnlyList<string> Standing()
    {
        Differences();
        return [.. said.Where(d => d.Kind is DifferenceKind.Stands or DifferenceKind.Ended)
            .GroupBy(d => d.MismatchId).Select(g => g.Last()).Where(d => d.Kind == DifferenceKind.Stands)
            .Select(d => $"{d.Class} {d.Scope!.Id}")];
    }

    /// <summary>
    /// What the comparisons say who read the same logs from the beginning and remember nothing: at the pace at which
    /// they were written, or all at once at the end.
    /// </summary>
    public IReadOnlyList<Difference> ReadAgain(IReadOnlyList<string> inputs, bool atOnce)
    {
        var builder = new TopologyBuilder();
        ReconciliationTopology.AddComparisons(builder, Options, Serdes);
        using var again = new TopologyTestDriver(builder.Build(), atOnce ? NowMs : StartMs);
        var records = inputs.SelectMany(topic => Driver.Log(topic).Select(record => (Topic: topic, Record: record)))
            .OrderBy(r => r.Record.TimestampMs).ToList();
        foreach (var (topic, record) in records)
        {
            while (again.NowMs < record.TimestampMs)
            {
                again.AdvanceWallClock(
                    TimeSpan.FromMilliseconds(Math.Min(1_000, record.TimestampMs - again.NowMs)));
            }
            again.PipeInput(topic, record.Key, record.Value, record.TimestampMs, 0, record.Headers);
        }
        while (again.NowMs < NowMs + (atOnce ? (long)TimeSpan.FromMinutes(20).TotalMilliseconds : 0))
        {
            again.AdvanceWallClock(TimeSpan.FromSeconds(1));
        }
        return [.. again.ReadOutputs(Options.DifferenceTopic).Select(r => Serdes.Differences.Deserialize(r.Value))];
    }

    public IReadOnlyList<string> DeadLetters(string topic) =>
        [.. Driver.ReadOutputs(ReconciliationOptions.DeadLettersOf(topic)).Select(r => string.Join(
            " ", r.Headers!.Select(h => Encoding.UTF8.GetString(h.Value ?? []))))];

    public static byte[] Bytes<T>(ISerializer<T> serializer, T value)
    {
        var output = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, output);
        return output.WrittenSpan.ToArray();
    }

    public void Dispose()
    {
        Driver?.Dispose();
        byOrder.Dispose();
        Ledger.Dispose();
        meter.Dispose();
    }

    // Gives reconciliation what the ledger's logs have that it has not read yet, in the order of time.
    private void Mirror()
    {
        if (Driver is null)
        {
            return;
        }
        var commands = Ledger.Driver.Log(Ledger.Options.CommandTopic);
        for (; mirrored < commands.Count; mirrored++)
        {
            var record = commands[mirrored];
            var (key, value) = unseen.GetValueOrDefault(mirrored, (record.Key, record.Value));
            Driver.PipeInput(Options.CommandTopic, key, value, record.TimestampMs, 0);
        }
        if (!IsLedgerHeard)
        {
            return;
        }
        foreach (var letter in Ledger.Driver.ReadOutputs(Ledger.Options.DeadLetterTopic))
        {
            Driver.PipeInput(
                Options.CommandDeadLetterTopic, letter.Key, letter.Value, letter.TimestampMs, 0, letter.Headers);
        }
        foreach (var outcome in Ledger.Driver.ReadOutputs(Ledger.Options.OutcomeTopic))
        {
            Driver.PipeInput(Options.OutcomeTopic, outcome.Key, outcome.Value, outcome.TimestampMs, 0);
            byOrder.PipeInput(Options.OutcomeTopic, outcome.Key, outcome.Value, outcome.TimestampMs, 0);
            foreach (var order in byOrder.ReadOutputs(Options.ByOrderTopic))
            {
                Driver.PipeInput(Options.ByOrderTopic, order.Key, order.Value, order.TimestampMs, 0);
            }
        }
    }
}
