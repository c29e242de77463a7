using Alloc.Engine.Joins;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Dsl;

/// <summary>A join's results, and what came too late for it.</summary>
/// <remarks>A late branch that nobody asks for is no node: late records are then counted and dropped.</remarks>
public sealed class JoinStreams<TKey, TLeft, TRight, TResult>
    where TKey : notnull
    where TLeft : class
    where TRight : class
    where TResult : class
{
    private readonly Func<KStream<TKey, TLeft>> makeLateLeft;
    private readonly Func<KStream<TKey, TRight>> makeLateRight;
    private KStream<TKey, TLeft>? lateLeft;
    private KStream<TKey, TRight>? lateRight;

    internal JoinStreams(
        KStream<TKey, TResult> results, Func<KStream<TKey, TLeft>> makeLateLeft,
        Func<KStream<TKey, TRight>> makeLateRight)
    {
        Results = results;
        this.makeLateLeft = makeLateLeft;
        this.makeLateRight = makeLateRight;
    }

    /// <summary>Pairs, and records that found none where their side is outer.</summary>
    public KStream<TKey, TResult> Results { get; }

    /// <summary>Left records that came too late.</summary>
    public KStream<TKey, TLeft> LateLeft => lateLeft ??= makeLateLeft();

    /// <summary>Right records that came too late.</summary>
    public KStream<TKey, TRight> LateRight => lateRight ??= makeLateRight();
}

/// <content>Joins. docs/joins.md says case by case what they do.</content>
public sealed partial class KStream<TKey, TValue>
{
    /// <summary>Pairs of records with one key within a window.</summary>
    /// <exception cref="TopologyException">Keys were changed and the stream was not partitioned since; windows that
    /// are none.</exception>
    public JoinStreams<TKey, TValue, TRight, TResult> Join<TRight, TResult>(
        KStream<TKey, TRight> right, JoinWindows windows, Joiner<TKey, TValue, TRight, TResult> joiner,
        JoinedWith<TKey, TValue, TRight> with)
        where TRight : class
        where TResult : class =>
        Join(right, windows, joiner, with, new JoinStores(with.Name, LeftIsOuter: false, RightIsOuter: false));

    /// <summary>
    /// The same, and each record of this side that finds none by the end of its window and grace, once.
    /// </summary>
    /// <exception cref="TopologyException">As for <c>Join</c>.</exception>
    public JoinStreams<TKey, TValue, TRight, TResult> LeftJoin<TRight, TResult>(
        KStream<TKey, TRight> right, JoinWindows windows, Joiner<TKey, TValue, TRight, TResult> joiner,
        JoinedWith<TKey, TValue, TRight> with)
        where TRight : class
        where TResult : class =>
        Join(right, windows, joiner, with, new JoinStores(with.Name, LeftIsOuter: true, RightIsOuter: false));

    /// <summary>The same for records of both sides.</summary>
    /// <exception cref="TopologyException">As for <c>Join</c>.</exception>
    public JoinStreams<TKey, TValue, TRight, TResult> OuterJoin<TRight, TResult>(
        KStream<TKey, TRight> right, JoinWindows windows, Joiner<TKey, TValue, TRight, TResult> joiner,
        JoinedWith<TKey, TValue, TRight> with)
        where TRight : class
        where TResult : class =>
        Join(right, windows, joiner, with, new JoinStores(with.Name, LeftIsOuter: true, RightIsOuter: true));

    /// <summary>
    /// Each record with what a table has for its key at that time; nothing for one that it has not.
    /// </summary>
    public KStream<TKey, TResult> Join<TTable, TResult>(
        KTable<TKey, TTable> table, Func<TKey, TValue, TTable, TResult> joiner, string? name = null)
        where TTable : class
        where TResult : class => Join(
            table, (key, value, found) => joiner(key, value, found!), isLeft: false,
            Builder.Take(name, Name, $"join-{table.StoreName}"));

    /// <summary>Each record with what a table has for its key at that time, or null.</summary>
    public KStream<TKey, TResult> LeftJoin<TTable, TResult>(
        KTable<TKey, TTable> table, Func<TKey, TValue, TTable?, TResult> joiner, string? name = null)
        where TTable : class
        where TResult : class =>
        Join(table, joiner, isLeft: true, Builder.Take(name, Name, $"left-join-{table.StoreName}"));

    private KStream<TKey, TResult> Join<TTable, TResult>(
        KTable<TKey, TTable> table, Func<TKey, TValue, TTable?, TResult> joiner, bool isLeft, string name)
        where TTable : class
        where TResult : class
    {
        RequirePartitioned($"joined as '{name}'");
        Builder.Nodes.AddProcessor(
            name, () => new TableJoinProcessor<TKey, TValue, TTable, TResult>(table.StoreName, joiner, isLeft), Name);
        Builder.Nodes.ConnectStateStore(table.StoreName, name);
        return new KStream<TKey, TResult>(Builder, name, Sources, null);
    }

    private JoinStreams<TKey, TValue, TRight, TResult> Join<TRight, TResult>(
        KStream<TKey, TRight> right, JoinWindows windows, Joiner<TKey, TValue, TRight, TResult> joiner,
        JoinedWith<TKey, TValue, TRight> with, JoinStores stores)
        where TRight : class
        where TResult : class
    {
        windows.RequireValid(with.Name);
        RequirePartitioned($"joined as '{with.Name}'");
        right.RequirePartitioned($"joined as '{with.Name}'");
        var plan = new JoinPlan<TKey, TValue, TRight, TResult>(with, windows, stores, joiner)
        {
            LeftClaims = with.LeftClaims ?? right.SourceTopics,
            RightClaims = with.RightClaims ?? SourceTopics,
            Sources = [.. SourceTopics.Union(right.SourceTopics)],
            Fault = with.Fault,
        };
        var nodes = Builder.Nodes.UseWatermarks();
        var (leftNode, rightNode) = (Builder.Take($"{with.Name}-left"), Builder.Take($"{with.Name}-right"));
        var makeLateLeft = AddGate(this, leftNode, plan.GraceMs);
        var makeLateRight = AddGate(right, rightNode, plan.GraceMs);
        nodes.AddProcessor(
            leftNode, () => new LeftJoinProcessor<TKey, TValue, TRight, TResult>(plan), GateOf(leftNode));
        nodes.AddProcessor(
            rightNode, () => new RightJoinProcessor<TKey, TValue, TRight, TResult>(plan), GateOf(rightNode));
        foreach (var store in stores.Define(Builder.NextStoreId))
        {
            nodes.AddStateStore(store, leftNode, rightNode);
        }
        var result = Builder.Take(with.Name);
        nodes.AddProcessor(
            result, () => StepProcessor<TKey, TResult, TKey, TResult>.HandOn, leftNode, rightNode);
        return new JoinStreams<TKey, TValue, TRight, TResult>(
            new KStream<TKey, TResult>(Builder, result, [.. Sources.Union(right.Sources)], null),
            makeLateLeft, makeLateRight);
    }

    private static string GateOf(string node) => $"{node}-gate";

    /// <summary>Adds the node before a side that turns late records away; returns what makes their branch.</summary>
    private static Func<KStream<TKey, TSide>> AddGate<TSide>(KStream<TKey, TSide> side, string node, long graceMs)
        where TSide : class
    {
        var late = new LateBranch();
        var gate = side.Builder.Take(GateOf(node));
        var topics = side.SourceTopics;
        side.Builder.Nodes.AddProcessor(
            gate, () => new LateGate<TKey, TSide>(node, late, topics, graceMs), side.Name);
        return () =>
        {
            late.Child = $"{node}-late";
            return side.HandOn(late.Child, gate);
        };
    }
}
