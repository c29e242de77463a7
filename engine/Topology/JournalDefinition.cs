using Alloc.Engine.Processing;

namespace Alloc.Engine.Topology;

/// <summary>An output topic that is the changelog of stores.</summary>
/// <param name="Sink">The sink that writes it.</param>
/// <param name="Applier">Makes what folds it.</param>
/// <param name="StoreNames">The stores that it feeds.</param>
public sealed record JournalDefinition(
    SinkDefinition Sink, Func<IJournalApplier> Applier, IReadOnlySet<string> StoreNames)
{
    /// <summary>The journal's topic.</summary>
    public string Topic => Sink.Topic;
}
