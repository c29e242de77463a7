using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Operations;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// Merges what all partitions say of their stages, exactly; once a second it says how each stage is and what will
/// happen, tells every partition when items will leave, and switches modes. Times are the clock: what comes out
/// are reports, and what they switch is a command on the log like any other.
/// </summary>
internal sealed class MergeProcessor(BacklogOptions options) : IProcessor<string, object, PartitionedKey, object>
{
    /// <summary>How often it looks at the stages.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How often it looks ahead.</summary>
    public static readonly TimeSpan SimulationInterval = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, MergedStage> stages = new(StringComparer.Ordinal);
    private readonly List<StageStatus> unpublished = [];
    private readonly Dictionary<string, IReadOnlyList<Propagation>> propagation = new(StringComparer.Ordinal);
    private readonly CatalogueBook book = new();
    private long simulatedAtMs = long.MinValue / 2;
    private IProcessorContext<PartitionedKey, object> context = null!;
    private MergeStores stores = null!;
    private StageGraph graph = null!;
    private ModeSwitches modes = null!;
    private CatalogueCopies copies = null!;
    private bool isTrue;

    public void Init(IProcessorContext<PartitionedKey, object> context)
    {
        this.context = context;
        stores = new MergeStores(context);
        modes = new ModeSwitches(stores, new ModeRecords(stores, options.CommandPartitionCount, Emit));
        copies = new CatalogueCopies(stores, options.StagePartitionCount, Emit);
        if (stores.Catalogue.Get(BacklogStores.CatalogueKey) is { } inForce)
        {
            book.Restore(inForce);
        }
        context.Schedule(Interval, PunctuationType.WallClock, _ => WithTruth(() => Look(context.ClockMs)));
        context.WhenCommitted((_, _) => Publish());
    }

    public void Process(in Record<string, object> record)
    {
        switch (record.Value)
        {
            case StageDelta word when word.Partition < 0 || word.Partition >= options.StagePartitionCount:
                throw new BadRecordException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"it is of partition {word.Partition}; stages have {options.StagePartitionCount}"));
            case StageDelta word:
                WithTruth(() => Take(word));
                break;
            case ModeState { Decided: false } asked:
                modes.Take(book.InForce, asked, context.ClockMs);
                break;
            case CatalogueInForce inForce when book.Replace(inForce):
                stores.Catalogue.Put(BacklogStores.CatalogueKey, inForce);
                // Its partitions have it from the same transaction; one of long ago, they may have no more.
                copies.Applied(Math.Min(record.TimestampMs, context.ClockMs));
                break;
            default:
                break;
        }
    }

    public void Close() => options.Instruments.Withdraw(this);

    // What is in memory follows the stores; where a change of them was dropped, it is made anew from them.
    private void WithTruth(Action work)
    {
        if (!isTrue)
        {
            stages.Clear();
            unpublished.Clear();
            graph = new StageGraph(stores);
        }
        isTrue = false;
        work();
        isTrue = true;
    }

    private MergedStage Stage(string stageId)
    {
        if (!stages.TryGetValue(stageId, out var stage))
        {
            stages[stageId] = stage = new MergedStage(stageId, stores, context.ClockMs);
        }
        return stage;
    }

    private void Take(StageDelta word)
    {
        if (!Stage(word.StageId).Take(word))
        {
            return;
        }
        foreach (var change in word.Changes)
        {
            if (change.Kind == StageChangeKind.Edge)
            {
                graph.Count(change.Name, word.StageId, change.Change, context.ClockMs);
            }
        }
    }

    private void Look(long nowMs)
    {
        foreach (var (key, _) in stores.Merges.All().ToList())
        {
            Stage(key);
        }
        foreach (var stageId in book.StageIds)
        {
            Stage(stageId);
        }
        var statuses = new Dictionary<string, StageStatus>(StringComparer.Ordinal);
        foreach (var (stageId, stage) in stages.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            stage.Look(nowMs);
            // One that the catalogue has no more is shown where something waited since; it takes nothing new.
            if (book.StageOf(stageId) is not null || stage.Waiting > 0 || stores.Statuses.Get(stageId) is not null)
            {
                statuses[stageId] = stage.IsQuiet(nowMs)
                    ? stage.Said!
                    : StageStatuses.Of(stageId, stage, book.InForce, options.StagePartitionCount, nowMs);
                stage.Note(StageKnowledge.IsWhole(statuses[stageId]), nowMs);
            }
        }
        Simulate(statuses, nowMs);
        unpublished.Clear();
        foreach (var (stageId, status) in statuses)
        {
            unpublished.Add(status);
            if (status.AtMs == nowMs)
            {
                Say(status with { Propagation = propagation.GetValueOrDefault(stageId) ?? [] }, stages[stageId]);
            }
        }
        LookAtModes(statuses, nowMs);
        copies.Look(nowMs);
    }

    private void LookAtModes(Dictionary<string, StageStatus> statuses, long nowMs)
    {
        modes.Follow(book.InForce, nowMs);
        foreach (var row in book.InForce.Modes)
        {
            var status = statuses.GetValueOrDefault(row.Stage);
            var value = ModeMeasures.Of(row, status, status is null ? null : stages[row.Stage].KnownSinceMs);
            modes.Look(book.InForce, row, value, nowMs);
        }
    }

    private void Simulate(Dictionary<string, StageStatus> statuses, long nowMs)
    {
        if (nowMs >= simulatedAtMs && nowMs - simulatedAtMs < SimulationInterval.TotalMilliseconds)
        {
            return;
        }
        simulatedAtMs = nowMs;
        propagation.Clear();
        var shares = graph.Shares(
            book.InForce, id => stages.TryGetValue(id, out var s) ? Rates.ItemsOfHour(s.Merge.Leaving) : 0, nowMs);
        var flows = statuses.Values.Select(s => StageStatuses.FlowOf(s, stages[s.StageId])).ToList();
        var effects = FluidSimulation.Run(flows, (from, to) => shares.GetValueOrDefault((from, to)));
        foreach (var flow in flows)
        {
            propagation[flow.StageId] = StageStatuses.PropagationOf(
                flow.StageId, flow.IsCongested, effects, shares, nowMs);
        }
    }

    private void Say(StageStatus status, MergedStage stage)
    {
        stage.Said = status;
        stores.Statuses.Put(status.StageId, status);
        Emit(new PartitionedKey(status.StageId, -1), status);
        Predict(status, stage);
    }

    private void Predict(StageStatus status, MergedStage stage)
    {
        var leaves = LeavePrediction.Of(
            stage.Merge, stage.Entries, status.OldestEnteredAtMs is { } oldest ? status.AtMs - oldest : 0,
            status.AtMs);
        var prediction = new StagePrediction
        {
            StageId = status.StageId,
            AtMs = status.AtMs,
            WaitMs = leaves.Count > 0 && leaves[^1].LeaveAtMs is { } leaveAtMs
                ? Math.Max(0, leaveAtMs - status.AtMs)
                : null,
            DeparturesPerSecond = status.DeparturesPerSecond,
            Waiting = status.Waiting,
            Leaves = leaves,
        };
        for (var partition = 0; partition < options.StagePartitionCount; partition++)
        {
            Emit(new PartitionedKey(status.StageId, partition), prediction);
        }
    }

    private void Emit(PartitionedKey key, object value) =>
        context.Forward(new Record<PartitionedKey, object>(key, value, context.ClockMs));

    private void Publish()
    {
        if (unpublished.Count > 0)
        {
            options.Instruments.Show(
                this, [.. unpublished], [.. book.InForce.Modes.Where(m => !m.ActsOnLedger).Select(m => m.Id)
                    .Where(m => stores.Modes.Get(m)?.On == true)]);
            unpublished.Clear();
        }
    }
}
