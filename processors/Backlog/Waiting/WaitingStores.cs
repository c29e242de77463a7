using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Operations;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>The stores of a partition.</summary>
internal sealed class WaitingStores(IProcessorContext context)
{
    public IKeyValueStore<string, WaitingWork> Works { get; } =
        context.GetStore<IKeyValueStore<string, WaitingWork>>(BacklogStores.Works);

    public IKeyValueStore<EntryKey, EntryMark> Entries { get; } =
        context.GetStore<IKeyValueStore<EntryKey, EntryMark>>(BacklogStores.Entries);

    public ITimeIndex<ItemKey> Timers { get; } = context.GetStore<ITimeIndex<ItemKey>>(BacklogStores.Timers);

    public IKeyValueStore<RiskKey, RiskMark> Risks { get; } =
        context.GetStore<IKeyValueStore<RiskKey, RiskMark>>(BacklogStores.Risks);

    public IKeyValueStore<CellKey, RiskCell> Cells { get; } =
        context.GetStore<IKeyValueStore<CellKey, RiskCell>>(BacklogStores.Cells);

    public IKeyValueStore<string, StageTally> Tallies { get; } =
        context.GetStore<IKeyValueStore<string, StageTally>>(BacklogStores.Tallies);

    public IKeyValueStore<CountKey, CountOf> Changes { get; } =
        context.GetStore<IKeyValueStore<CountKey, CountOf>>(BacklogStores.Changes);

    public IKeyValueStore<string, CatalogueInForce> Catalogue { get; } =
        context.GetStore<IKeyValueStore<string, CatalogueInForce>>(BacklogStores.Catalogue);

    /// <summary>Counts on a stage's tally.</summary>
    public void Tally(string stageId, Func<StageTally, StageTally> change) => Tallies.Put(
        stageId, change(Tallies.Get(stageId) ?? new StageTally()) with { IsChanged = true });

    /// <summary>Keeps that a count changed, until it is said.</summary>
    public void Change(CountKey key, long by)
    {
        var count = (Changes.Get(key)?.Count ?? 0) + by;
        if (count == 0)
        {
            Changes.Delete(key);
        }
        else
        {
            Changes.Put(key, new CountOf { Count = count });
        }
    }
}
