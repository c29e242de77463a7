using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Operations;

namespace Alloc.Processors.Backlog;

/// <summary>
/// The stores of the backlog: first those of the partitions, then those of the merger. Ids are never reused.
/// </summary>
public static class BacklogStores
{
    /// <summary>Work by id: where it waits and what it needs (string, <see cref="WaitingWork"/>).</summary>
    public const string Works = "backlog-works";

    /// <summary>Waiting items by stage, oldest first (<see cref="EntryKey"/>, <see cref="EntryMark"/>).</summary>
    public const string Entries = "backlog-entries";

    /// <summary>When items are looked at next.</summary>
    public const string Timers = "backlog-timers";

    /// <summary>Holds of waiting items by stage and expiry (<see cref="RiskKey"/>, <see cref="RiskMark"/>).</summary>
    public const string Risks = "backlog-risks";

    /// <summary>How many of them there are in each few seconds.</summary>
    public const string Cells = "backlog-risk-cells";

    /// <summary>What each stage counts.</summary>
    public const string Tallies = "backlog-tallies";

    /// <summary>Counts that changed since the last word about a stage.</summary>
    public const string Changes = "backlog-changes";

    /// <summary>The catalogue that a partition follows.</summary>
    public const string Catalogue = "backlog-catalogue";

    /// <summary>The last word of each partition about each stage.</summary>
    public const string Words = "backlog-words";

    /// <summary>Counts of all partitions.</summary>
    public const string Counts = "backlog-counts";

    /// <summary>Rates of each stage.</summary>
    public const string Merges = "backlog-merges";

    /// <summary>Where items go from one stage to the next.</summary>
    public const string Edges = "backlog-edges";

    /// <summary>How modes stand.</summary>
    public const string Modes = "backlog-mode-memory";

    /// <summary>The catalogue that the merger follows.</summary>
    public const string MergedCatalogue = "backlog-merged-catalogue";

    /// <summary>What is said of each stage (string, <see cref="StageStatus"/>).</summary>
    public const string Statuses = "backlog-statuses";

    /// <summary>How each mode was switched last (string, <see cref="ModeState"/>).</summary>
    public const string ModeStates = "backlog-mode-states";

    /// <summary>When every partition was given the catalogue last.</summary>
    public const string Copies = "backlog-catalogue-copies";

    /// <summary>The only key of the catalogues, and of when they were copied.</summary>
    public const string CatalogueKey = "catalogue";

    /// <summary>Stores of a partition of workflow.stages.</summary>
    internal static IReadOnlyList<StoreDefinition> OfPartition(StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(
            Works, 1, Serdes.Utf8, new StateSerde<WaitingWork>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(
            Entries, 2, BacklogKeys.Entry, new StateSerde<EntryMark>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(Timers, 3, BacklogKeys.Item, persistence),
        StoreDefinition.KeyValue(
            Risks, 4, BacklogKeys.Risk, new StateSerde<RiskMark>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(Cells, 5, BacklogKeys.Cell, new StateSerde<RiskCell>(), persistence),
        StoreDefinition.KeyValue(Tallies, 6, Serdes.Utf8, new StateSerde<StageTally>(), persistence),
        StoreDefinition.KeyValue(Changes, 7, BacklogKeys.Count, new StateSerde<CountOf>(), persistence),
        StoreDefinition.KeyValue(Catalogue, 8, Serdes.Utf8, new StateSerde<CatalogueInForce>(), persistence),
    ];

    /// <summary>Stores of the merger.</summary>
    internal static IReadOnlyList<StoreDefinition> OfMerger(StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(Words, 9, BacklogKeys.Word, new StateSerde<StageDelta>(), persistence),
        StoreDefinition.KeyValue(Counts, 10, BacklogKeys.Count, new StateSerde<CountOf>(), persistence),
        StoreDefinition.KeyValue(Merges, 11, Serdes.Utf8, new StateSerde<StageMerge>(), persistence),
        StoreDefinition.KeyValue(Edges, 12, BacklogKeys.Item, new StateSerde<EdgeWeight>(), persistence),
        StoreDefinition.KeyValue(Modes, 13, Serdes.Utf8, new StateSerde<ModeMemory>(), persistence),
        StoreDefinition.KeyValue(
            MergedCatalogue, 14, Serdes.Utf8, new StateSerde<CatalogueInForce>(), persistence),
        StoreDefinition.KeyValue(Statuses, 15, Serdes.Utf8, new StateSerde<StageStatus>(), persistence),
        StoreDefinition.KeyValue(ModeStates, 16, Serdes.Utf8, new StateSerde<ModeState>(), persistence),
        StoreDefinition.KeyValue(Copies, 17, Serdes.Utf8, new StateSerde<CatalogueCopy>(), persistence),
    ];
}
