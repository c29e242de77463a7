using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Processors.Backlog;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;

namespace Topology.Tests.Backlog;

/// <summary>
/// The backlog on virtual time: stage events and outcomes by order in, alerts, statuses and modes out.
/// </summary>
internal sealed class BacklogDriver : IDisposable
{
    public const long StartMs = 1_700_000_000_000;
    public const string Fraud = "AwaitingFraudDecision";
    public const string Payment = "AuthorizationPending";

    private readonly Dictionary<(string Mode, string Partition), string> told = [];
    private long sequence;

    public BacklogDriver(int partitions = 1, BacklogInstruments? instruments = null)
    {
        Options = new BacklogOptions
        {
            StagePartitionCount = partitions,
            CommandPartitionCount = 2,
            Persistence = StorePersistence.InMemory,
            Instruments = instruments ?? BacklogInstruments.Shared,
        };
        Serdes = new BacklogSerdes(new InMemorySchemaRegistryClient(), Options);
        Driver = new TopologyTestDriver(
            BacklogTopology.Build(Options, Serdes), StartMs, partitions, new Dictionary<string, int>
            {
                [Options.DeltaTopic] = 1,
                [Options.ModeTopic] = 1,
                [Options.CatalogueTopic] = 1,
                [Options.StatusTopic] = 1,
                [Options.CommandTopic] = Options.CommandPartitionCount,
            });
    }

    public BacklogOptions Options { get; }

    public BacklogSerdes Serdes { get; }

    public TopologyTestDriver Driver { get; }

    public long NowMs => Driver.NowMs;

    public void Enter(string workId, string stage = Fraud, int attempt = 1, params string[] pools) => Send(
        Event(workId, stage, attempt, StageEventKind.Entered) with
        {
            Reservations = [.. pools.Select(p => new StageReservation { PoolId = p, ReservationId = workId })],
        });

    public void Leave(
        string workId, string stage = Fraud, int attempt = 1, StageResult result = StageResult.Completed) =>
        Send(Event(workId, stage, attempt, StageEventKind.Left) with { Result = result });

    public static StageEvent Event(string workId, string stage, int attempt, StageEventKind kind) =>
        new() { WorkId = workId, StageId = stage, Attempt = attempt, Kind = kind };

    public void Send(StageEvent stageEvent, string? key = null, int? partition = null, long? atMs = null) =>
        Driver.PipeInput(
            Options.StageTopic, Encoding.UTF8.GetBytes(key ?? stageEvent.WorkId), Bytes(Serdes.Stages, stageEvent),
            atMs ?? NowMs, partition);

    /// <summary>A hold of an order as it is now; no units: it has ended.</summary>
    public void Hold(
        string order, string pool, long? expiresAtMs, long held = 1, OrderRole role = OrderRole.Owner,
        long? version = null) => Driver.PipeInput(
            Options.ByOrderTopic, Encoding.UTF8.GetBytes(order), Bytes(Serdes.ByOrder, new OrderAllocation
            {
                OrderRef = order,
                Role = role,
                OutcomeId = $"{pool}#{++sequence}",
                PoolId = pool,
                Sequence = sequence,
                TMs = NowMs,
                Event = held > 0 ? "Held" : "Expired",
                Reservations =
                [
                    new OrderReservation
                    {
                        ReservationId = order, Held = held, ExpiresAtMs = expiresAtMs, Version = version ?? sequence,
                    },
                ],
            }), NowMs);

    public void Switch(string mode, bool on, string? person, string reason = "") => Driver.PipeInput(
        Options.ModeTopic, Encoding.UTF8.GetBytes(mode), Bytes(Serdes.Modes, new ModeState
        {
            Mode = mode,
            On = on,
            StageId = "",
            Measure = "",
            Effect = "",
            SinceMs = NowMs,
            Episode = 0,
            Person = person,
            Reason = reason,
            CatalogueVersion = 0,
        }), NowMs, 0);

    /// <summary>Puts a catalogue into force, as an apply does.</summary>
    public void Apply(OperationsCatalogue catalogue)
    {
        var record = CatalogueRecords.InForce(catalogue, catalogue.Version - 1, NowMs, "kim", "test");
        for (var partition = 0; partition < Options.StagePartitionCount; partition++)
        {
            Send(CatalogueRecords.Copy(record), CatalogueRecords.Key, partition);
        }
        Driver.PipeInput(
            Options.CatalogueTopic, Encoding.UTF8.GetBytes(CatalogueRecords.Key), Bytes(Serdes.Catalogue, record),
            NowMs, 0);
    }

    /// <summary>Lets time pass, a second at a time.</summary>
    public void Pass(TimeSpan time)
    {
        for (var second = 0; second < time.TotalSeconds; second++)
        {
            Driver.AdvanceWallClock(TimeSpan.FromSeconds(1));
        }
    }

    public StageStatus Status(string stage = Fraud) =>
        Driver.GetStore<IKeyValueStore<string, StageStatus>>(BacklogStores.Statuses).Get(stage)!;

    public IReadOnlyList<AgingAlert> Alerts() =>
        [.. Driver.ReadOutputs(Options.AgingTopic).Select(r => Serdes.Aging.Deserialize(r.Value))];

    public IReadOnlyList<ModeState> Modes() =>
        [.. Driver.ReadOutputs(Options.ModeTopic).Select(r => Serdes.Modes.Deserialize(r.Value))];

    /// <summary>What the ledger is told, but for what its partition was told already.</summary>
    public IReadOnlyList<AllocationCommand> Commands() => [.. AllCommands().Where(IsNews)];

    /// <summary>The same with every reminder.</summary>
    public IReadOnlyList<AllocationCommand> AllCommands() =>
        [.. Driver.ReadOutputs(Options.CommandTopic).Select(r => Serdes.Commands.Deserialize(r.Value))];

    public IReadOnlyList<StageDelta> Deltas() =>
        [.. Driver.ReadOutputs(Options.DeltaTopic).Select(r => Serdes.Deltas.Deserialize(r.Value))];

    public IReadOnlyList<string> DeadLetters() =>
        [.. Driver.ReadOutputs(Options.DeadLetterTopic).Select(r => string.Join(
            " ", r.Headers!.Select(h => Encoding.UTF8.GetString(h.Value ?? []))))];

    public WaitingWork? Work(string workId, int partition = 0) =>
        Driver.GetStore<IKeyValueStore<string, WaitingWork>>(BacklogStores.Works, partition).Get(workId);

    private bool IsNews(AllocationCommand command)
    {
        var said = (AllocationCommandBody.ModeSwitch)command.Body;
        var partition = command.CommandId[(command.CommandId.LastIndexOf('/') + 1)..];
        var text = $"{said.On} {said.CapMs} {string.Join(',', said.Pools)} {string.Join(',', said.Classes)} "
            + command.Actor.Id;
        var isNews = told.GetValueOrDefault((said.Mode, partition)) != text;
        told[(said.Mode, partition)] = text;
        return isNews;
    }

    public static byte[] Bytes<T>(ISerializer<T> serializer, T value)
    {
        var output = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, output);
        return output.WrittenSpan.ToArray();
    }

    public void Dispose() => Driver.Dispose();
}
