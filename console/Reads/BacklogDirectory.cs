using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Processors.Backlog;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Operations;

namespace Alloc.Web.Reads;

/// <summary>
/// One instance's part of the backlog: its partitions of stage events, and what all partitions together say where the
/// task that merges them is here. Thread-safe.
/// </summary>
/// <param name="application">The application.</param>
/// <param name="options">Its topics.</param>
/// <param name="predictions">The newest prediction of each stage, as far as they were read.</param>
/// <param name="time">What tells the time.</param>
public sealed class BacklogDirectory(
    StreamsApplication application, BacklogOptions options, Func<IReadOnlyCollection<StagePrediction>> predictions,
    TimeProvider time)
{
    /// <summary>The partition of the task that merges.</summary>
    public const int Merger = 0;

    /// <summary>Partitions of stage events.</summary>
    public int PartitionCount => options.StagePartitionCount;

    /// <summary>Knows which instance has which partition of stage events.</summary>
    public IPartitionOwners StageOwners { get; } =
        new GroupOwners(() => application.FindOwners(options.StageTopic), time);

    /// <summary>Knows which instance merges.</summary>
    public IPartitionOwners MergerOwners { get; } =
        new GroupOwners(() => application.FindOwners(options.DeltaTopic), time);

    /// <summary>The partition of a piece of work.</summary>
    public int PartitionOf(string workId) => Murmur2.Partition(Encoding.UTF8.GetBytes(workId), PartitionCount);

    /// <summary>The stores of a partition of stage events; null where it is not here and ready.</summary>
    public IStores? Partition(int partition) => application.QueryStores(BacklogStores.Works, partition);

    /// <summary>The same as it was when Kafka was heard last.</summary>
    public LastKnownStores? PartitionLast(int partition) => application.QueryLast(BacklogStores.Works, partition);

    /// <summary>The stores of the task that merges; null where it is not here and ready.</summary>
    public IStores? Merged() => application.QueryStores(BacklogStores.Statuses, Merger);

    /// <summary>The same as it was when Kafka was heard last.</summary>
    public LastKnownStores? MergedLast() => application.QueryLast(BacklogStores.Statuses, Merger);

    /// <summary>The newest that the merger predicted for a stage; null: none was read yet.</summary>
    public StagePrediction? Prediction(string stageId) => predictions().FirstOrDefault(p => p.StageId == stageId);

    /// <summary>Where a piece of work waits and what it needs; null where nothing is known of it.</summary>
    public static WaitingWork? Work(IStores stores, string workId) => ReadsOf(stores).Work(workId);

    /// <summary>
    /// Holds at risk of a partition, the first to expire first.
    /// </summary>
    /// <param name="stores">The partition.</param>
    /// <param name="stageId">The stage that is looked at; null: all of them.</param>
    /// <param name="limit">Most that are wanted.</param>
    public IReadOnlyList<HoldAtRisk> AtRisk(IStores stores, string? stageId, int limit)
    {
        var reads = ReadsOf(stores);
        return
        [
            // Where nothing waits, nothing is at risk: stages without items are not looked through.
            .. predictions().Where(p => p.Waiting > 0 && (stageId is null || p.StageId == stageId))
                .SelectMany(p => reads.AtRisk(p.StageId, p, limit))
                .OrderBy(h => h.ExpiresAtMs).ThenBy(h => h.WorkId, StringComparer.Ordinal).Take(limit),
        ];
    }

    /// <summary>Every stage that was heard of.</summary>
    public static IReadOnlyList<StageStatus> Statuses(IStores stores) =>
        [.. Store<string, StageStatus>(stores, BacklogStores.Statuses).All().Select(s => s.Value)];

    /// <summary>One stage; null where it was not heard of.</summary>
    public static StageStatus? Status(IStores stores, string stageId) =>
        Store<string, StageStatus>(stores, BacklogStores.Statuses).Get(stageId);

    /// <summary>The degraded modes that were ever switched.</summary>
    public static IReadOnlyList<ModeState> Modes(IStores stores) =>
        [.. Store<string, ModeState>(stores, BacklogStores.ModeStates).All().Select(m => m.Value)];

    /// <summary>The operations catalogue that the merger follows.</summary>
    public static OperationsCatalogue Catalogue(IStores stores) =>
        Store<string, CatalogueInForce>(stores, BacklogStores.MergedCatalogue).Get(BacklogStores.CatalogueKey) is
        { } applied
            ? CatalogueRecords.Read(applied).Catalogue ?? OperationsCatalogue.Shipped
            : OperationsCatalogue.Shipped;

    /// <summary>
    /// Items of a stage that entered before a time: by the second, or by the minute where that is more than an hour
    /// ago.
    /// </summary>
    public static long EnteredBefore(IStores stores, string stageId, long timeMs) =>
        Store<CountKey, CountOf>(stores, BacklogStores.Counts).Range(
            new CountKey(stageId, StageChangeKind.Entry, "", long.MinValue, long.MinValue),
            new CountKey(stageId, StageChangeKind.Entry, "", timeMs / 1_000, long.MinValue)).Sum(c => c.Value.Count);

    private static BacklogReads ReadsOf(IStores stores) => new(
        Store<string, WaitingWork>(stores, BacklogStores.Works),
        Store<EntryKey, EntryMark>(stores, BacklogStores.Entries),
        Store<CellKey, RiskCell>(stores, BacklogStores.Cells),
        Store<RiskKey, RiskMark>(stores, BacklogStores.Risks));

    private static IKeyValueStore<TKey, TValue> Store<TKey, TValue>(IStores stores, string name)
        where TKey : notnull
        where TValue : class => stores.GetStore<IKeyValueStore<TKey, TValue>>(name);
}
