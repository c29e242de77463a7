using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Processors.Records;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>Something of a pool: a reservation, a movement.</summary>
/// <param name="PoolId">The pool.</param>
/// <param name="Id">What it is in the pool.</param>
internal readonly record struct InPoolKey(string PoolId, string Id)
{
    /// <summary>As people read it.</summary>
    public string Shown => CompoundIds.Plain(PoolId, Id);

    /// <summary>A difference about it.</summary>
    public DifferenceKey Difference(MismatchClass mismatch, string kind) =>
        DifferenceKey.InPool(mismatch, kind, PoolId, Id);
}

/// <summary>What a service does about an outcome.</summary>
/// <param name="OutcomeId">The outcome.</param>
/// <param name="Service">The service.</param>
internal readonly record struct EffectKey(string OutcomeId, string Service);

/// <summary>The stores of a partition of pools. Ids are never reused.</summary>
internal sealed class PoolStores(IProcessorContext context)
{
    public const string PendingCommands = "pending-commands";
    public const string EarlyAnswers = "early-answers";
    public const string Marks = "pool-marks";
    public const string Holds = "watched-holds";
    public const string HoldTimers = "watched-hold-timers";
    public const string Effects = "watched-effects";
    public const string EffectTimers = "watched-effect-timers";
    public const string Goods = "watched-goods";
    public const string GoodsTimers = "watched-goods-timers";
    public const string Slices = "pool-slices";
    public const string PoolMarks = "marks-of-pools";
    private const byte FirstOfDifferences = 12;

    /// <summary>Commands that are not answered yet, by offset.</summary>
    public IKeyValueStore<long, PendingCommand> Commands { get; } =
        context.GetStore<IKeyValueStore<long, PendingCommand>>(PendingCommands);

    /// <summary>Answers to commands that are not read yet, by offset; the mark is the answer's time.</summary>
    public IKeyValueStore<long, Mark> Early { get; } = context.GetStore<IKeyValueStore<long, Mark>>(EarlyAnswers);

    /// <summary>What the partition remembers.</summary>
    public IKeyValueStore<string, Mark> MarkOf { get; } = context.GetStore<IKeyValueStore<string, Mark>>(Marks);

    /// <summary>Holds that must end.</summary>
    public IKeyValueStore<InPoolKey, WatchedHold> HoldOf { get; } =
        context.GetStore<IKeyValueStore<InPoolKey, WatchedHold>>(Holds);

    public ITimeIndex<InPoolKey> HoldsDue { get; } = context.GetStore<ITimeIndex<InPoolKey>>(HoldTimers);

    /// <summary>What services must do, or did.</summary>
    public IKeyValueStore<EffectKey, WatchedEffect> EffectOf { get; } =
        context.GetStore<IKeyValueStore<EffectKey, WatchedEffect>>(Effects);

    public ITimeIndex<EffectKey> EffectsDue { get; } = context.GetStore<ITimeIndex<EffectKey>>(EffectTimers);

    /// <summary>Movements of goods, by consumeId.</summary>
    public IKeyValueStore<InPoolKey, WatchedGoods> GoodsOf { get; } =
        context.GetStore<IKeyValueStore<InPoolKey, WatchedGoods>>(Goods);

    public ITimeIndex<InPoolKey> GoodsDue { get; } = context.GetStore<ITimeIndex<InPoolKey>>(GoodsTimers);

    /// <summary>Who decides about which pools; one entry.</summary>
    public IKeyValueStore<string, SlicesOf> SlicesHere { get; } =
        context.GetStore<IKeyValueStore<string, SlicesOf>>(Slices);

    /// <summary>What is remembered of a pool, by what it is.</summary>
    public IKeyValueStore<InPoolKey, Mark> MarkOfPool { get; } =
        context.GetStore<IKeyValueStore<InPoolKey, Mark>>(PoolMarks);

    private static ISerde<InPoolKey> InPool { get; } = new KeySerde<InPoolKey>(
        (key, output) =>
        {
            OrderedKeys.WriteText(key.PoolId, output);
            OrderedKeys.WriteText(key.Id, output);
        },
        (ref reader) => new InPoolKey(reader.Text(), reader.Text()));

    private static ISerde<EffectKey> Effect { get; } = new KeySerde<EffectKey>(
        (key, output) =>
        {
            OrderedKeys.WriteText(key.OutcomeId, output);
            OrderedKeys.WriteText(key.Service, output);
        },
        (ref reader) => new EffectKey(reader.Text(), reader.Text()));

    /// <summary>The bytes that keys of a pool begin with.</summary>
    public static byte[] PrefixOf(string poolId) => OrderedKeys.PrefixOf(poolId);

    /// <summary>Defines them.</summary>
    public static IReadOnlyList<StoreDefinition> Define(StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(
            PendingCommands, 1, Serdes.Int64, new StateSerde<PendingCommand>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(EarlyAnswers, 2, Serdes.Int64, new StateSerde<Mark>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(Marks, 3, Serdes.Utf8, new StateSerde<Mark>(), persistence),
        StoreDefinition.KeyValue(Holds, 4, InPool, new StateSerde<WatchedHold>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(HoldTimers, 5, InPool, persistence),
        StoreDefinition.KeyValue(Effects, 6, Effect, new StateSerde<WatchedEffect>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(EffectTimers, 7, Effect, persistence),
        StoreDefinition.KeyValue(Goods, 8, InPool, new StateSerde<WatchedGoods>(), persistence, EntryForm.Bytes),
        StoreDefinition.TimeIndex(GoodsTimers, 9, InPool, persistence),
        StoreDefinition.KeyValue(Slices, 10, Serdes.Utf8, new StateSerde<SlicesOf>(), persistence),
        StoreDefinition.KeyValue(PoolMarks, 11, InPool, new StateSerde<Mark>(), persistence),
        .. DifferenceStores.OfPools.Define(FirstOfDifferences, persistence),
    ];
}
