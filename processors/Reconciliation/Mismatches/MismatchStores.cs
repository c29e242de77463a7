using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>The stores of the keeper of mismatches. Ids begin at 100 and are never reused.</summary>
public static class MismatchStores
{
    /// <summary>Mismatches by id, closed ones for 7 days more (string, <see cref="KeptMismatch"/>).</summary>
    public const string Kept = "mismatch-kept";

    /// <summary>
    /// Mismatches in lists, closed ones in those of what is settled (<see cref="OpenKey"/>,
    /// <see cref="OpenMismatch"/>).
    /// </summary>
    public const string Open = "mismatch-open";

    /// <summary>When mismatches are looked at next.</summary>
    public const string Timers = "mismatch-timers";

    /// <summary>How many there are of what (<see cref="TallyKey"/>, <see cref="MismatchTally"/>).</summary>
    public const string Tallies = "mismatch-tallies";

    /// <summary>What was closed last of a class and scope.</summary>
    public const string Episodes = "mismatch-episodes";

    /// <summary>When that is forgotten.</summary>
    public const string EpisodeEnds = "mismatch-episode-ends";

    /// <summary>Decisions that were taken.</summary>
    public const string Decisions = "mismatch-decisions";

    /// <summary>When they are forgotten.</summary>
    public const string DecisionEnds = "mismatch-decision-ends";

    /// <summary>Runs that are under way, the first to be finished in front.</summary>
    public const string Runs = "mismatch-runs";

    /// <summary>Where the keeper is with its runs.</summary>
    public const string Keeper = "mismatch-keeper";

    /// <summary>The catalogue that the keeper follows.</summary>
    public const string Catalogue = "mismatch-catalogue";

    /// <summary>The only key of stores that hold one thing.</summary>
    internal const string TheKey = "the";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<StoreDefinition> Definitions(StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(
            Kept, 100, Serdes.Utf8, new StateSerde<KeptMismatch>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(
            Open, 101, MismatchKeys.Open, new StateSerde<OpenMismatch>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(Timers, 102, Serdes.Utf8, persistence),
        StoreDefinition.KeyValue(Tallies, 103, MismatchKeys.Tally, new StateSerde<MismatchTally>(), persistence),
        StoreDefinition.KeyValue(
            Episodes, 104, MismatchKeys.Episode, new StateSerde<ClosedEpisode>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(EpisodeEnds, 105, MismatchKeys.Episode, persistence),
        StoreDefinition.KeyValue(
            Decisions, 106, Serdes.Utf8, new StateSerde<SeenDecision>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(DecisionEnds, 107, Serdes.Utf8, persistence),
        StoreDefinition.KeyValue(Runs, 108, MismatchKeys.Run, new StateSerde<RepairRun>(), persistence),
        StoreDefinition.KeyValue(Keeper, 109, Serdes.Utf8, new StateSerde<KeeperState>(), persistence),
        StoreDefinition.KeyValue(Catalogue, 110, Serdes.Utf8, new StateSerde<CatalogueInForce>(), persistence),
    ];
}

/// <summary>The stores as the keeper has them.</summary>
internal sealed class KeeperStores(IProcessorContext context)
{
    public IKeyValueStore<string, KeptMismatch> Kept { get; } =
        context.GetStore<IKeyValueStore<string, KeptMismatch>>(MismatchStores.Kept);

    public IKeyValueStore<OpenKey, OpenMismatch> Open { get; } =
        context.GetStore<IKeyValueStore<OpenKey, OpenMismatch>>(MismatchStores.Open);

    public ITimeIndex<string> Timers { get; } = context.GetStore<ITimeIndex<string>>(MismatchStores.Timers);

    public IKeyValueStore<TallyKey, MismatchTally> Tallies { get; } =
        context.GetStore<IKeyValueStore<TallyKey, MismatchTally>>(MismatchStores.Tallies);

    public IKeyValueStore<EpisodeKey, ClosedEpisode> Episodes { get; } =
        context.GetStore<IKeyValueStore<EpisodeKey, ClosedEpisode>>(MismatchStores.Episodes);

    public ITimeIndex<EpisodeKey> EpisodeEnds { get; } =
        context.GetStore<ITimeIndex<EpisodeKey>>(MismatchStores.EpisodeEnds);

    public IKeyValueStore<string, SeenDecision> Decisions { get; } =
        context.GetStore<IKeyValueStore<string, SeenDecision>>(MismatchStores.Decisions);

    public ITimeIndex<string> DecisionEnds { get; } =
        context.GetStore<ITimeIndex<string>>(MismatchStores.DecisionEnds);

    public IKeyValueStore<RunKey, RepairRun> Runs { get; } =
        context.GetStore<IKeyValueStore<RunKey, RepairRun>>(MismatchStores.Runs);

    public IKeyValueStore<string, KeeperState> Keeper { get; } =
        context.GetStore<IKeyValueStore<string, KeeperState>>(MismatchStores.Keeper);

    public IKeyValueStore<string, CatalogueInForce> Catalogue { get; } =
        context.GetStore<IKeyValueStore<string, CatalogueInForce>>(MismatchStores.Catalogue);

    /// <summary>How many there are of something.</summary>
    public long Count(TallyKey key) => Tallies.Get(key)?.Count ?? 0;

    /// <summary>There are more of something, or fewer.</summary>
    public void Tally(TallyKey key, long change)
    {
        var count = checked(Count(key) + change);
        if (count == 0)
        {
            Tallies.Delete(key);
        }
        else
        {
            Tallies.Put(key, new MismatchTally { Count = count });
        }
    }
}
