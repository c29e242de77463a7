using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Operations;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>The stores of the merger.</summary>
internal sealed class MergeStores(IProcessorContext context)
{
    public IKeyValueStore<WordKey, StageDelta> Words { get; } =
        context.GetStore<IKeyValueStore<WordKey, StageDelta>>(BacklogStores.Words);

    public IKeyValueStore<CountKey, CountOf> Counts { get; } =
        context.GetStore<IKeyValueStore<CountKey, CountOf>>(BacklogStores.Counts);

    public IKeyValueStore<string, StageMerge> Merges { get; } =
        context.GetStore<IKeyValueStore<string, StageMerge>>(BacklogStores.Merges);

    public IKeyValueStore<ItemKey, EdgeWeight> Edges { get; } =
        context.GetStore<IKeyValueStore<ItemKey, EdgeWeight>>(BacklogStores.Edges);

    public IKeyValueStore<string, ModeMemory> Modes { get; } =
        context.GetStore<IKeyValueStore<string, ModeMemory>>(BacklogStores.Modes);

    public IKeyValueStore<string, CatalogueInForce> Catalogue { get; } =
        context.GetStore<IKeyValueStore<string, CatalogueInForce>>(BacklogStores.MergedCatalogue);

    public IKeyValueStore<string, StageStatus> Statuses { get; } =
        context.GetStore<IKeyValueStore<string, StageStatus>>(BacklogStores.Statuses);

    public IKeyValueStore<string, ModeState> ModeStates { get; } =
        context.GetStore<IKeyValueStore<string, ModeState>>(BacklogStores.ModeStates);

    public IKeyValueStore<string, CatalogueCopy> Copies { get; } =
        context.GetStore<IKeyValueStore<string, CatalogueCopy>>(BacklogStores.Copies);
}
