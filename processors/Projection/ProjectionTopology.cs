using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Projection;

/// <summary>What the topology of the projection needs to know of its surroundings.</summary>
public sealed record ProjectionOptions
{
    /// <summary>Topic of outcomes: the journal that is folded.</summary>
    public string OutcomeTopic { get; init; } = "allocation.outcomes";

    /// <summary>Where committed state is kept.</summary>
    public StorePersistence Persistence { get; init; } = StorePersistence.Persistent;

    /// <summary>Where tasks learn that a part of them is built anew; null where it never is.</summary>
    public ScopeRepairs? Repairs { get; init; }
}

/// <summary>
/// The search projection: outcomes in, nothing out. Its stores answer which reservations an order, a customer or a pool
/// has. An application of its own: when it falls behind, no decision waits.
/// <code>
/// allocation.outcomes ──► project ──► reservations by pool · by order · by customer · by status and age
/// </code>
/// </summary>
public static class ProjectionTopology
{
    /// <summary>Node that reads outcomes.</summary>
    public const string Outcomes = "outcomes";

    /// <summary>Node that folds them.</summary>
    public const string Project = "project";

    /// <summary>Builds the topology.</summary>
    /// <param name="options">Topics and persistence.</param>
    /// <param name="outcomes">Reads outcomes.</param>
    public static Topology Build(ProjectionOptions options, IDeserializer<AllocationOutcome> outcomes)
    {
        var builder = new TopologyBuilder()
            .AddSource(Outcomes, options.OutcomeTopic, Serdes.Utf8, outcomes)
            .AddProcessor<string, AllocationOutcome, string, AllocationOutcome>(
                Project, () => new ProjectionProcessor(options), Outcomes);
        foreach (var store in ProjectionStores.Definitions(options.Persistence))
        {
            builder.AddStateStore(store, Project);
        }
        return builder.Build();
    }
}
