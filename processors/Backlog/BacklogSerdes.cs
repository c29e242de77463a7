using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Confluent.SchemaRegistry;

namespace Alloc.Processors.Backlog;

/// <summary>How the records of the backlog are read and written: Avro, schemas from a registry.</summary>
public sealed class BacklogSerdes
{
    private readonly List<Func<CancellationToken, ValueTask<int>>> registrations = [];

    /// <param name="registry">The schema registry.</param>
    /// <param name="options">The topics, whose names give the subjects.</param>
    public BacklogSerdes(ISchemaRegistryClient registry, BacklogOptions options)
    {
        var guarded = GuardedRegistryClient.Over(registry);
        Stages = Of<StageEvent>(guarded, options.StageTopic);
        ByOrder = Of<OrderAllocation>(guarded, options.ByOrderTopic);
        Predictions = Of<StagePrediction>(guarded, options.PredictionTopic);
        Aging = Of<AgingAlert>(guarded, options.AgingTopic);
        Deltas = Of<StageDelta>(guarded, options.DeltaTopic);
        Statuses = Of<StageStatus>(guarded, options.StatusTopic);
        Modes = Of<ModeState>(guarded, options.ModeTopic);
        Catalogue = Of<CatalogueInForce>(guarded, options.CatalogueTopic);
        Commands = Of<AllocationCommand>(guarded, options.CommandTopic);
    }

    /// <summary>Stage events.</summary>
    public ISerde<StageEvent> Stages { get; }

    /// <summary>Outcomes by order.</summary>
    public ISerde<OrderAllocation> ByOrder { get; }

    /// <summary>Predictions.</summary>
    public ISerde<StagePrediction> Predictions { get; }

    /// <summary>Alerts by name.</summary>
    public ISerde<AgingAlert> Aging { get; }

    /// <summary>What changed in partitions.</summary>
    public ISerde<StageDelta> Deltas { get; }

    /// <summary>Statuses of stages.</summary>
    public ISerde<StageStatus> Statuses { get; }

    /// <summary>Modes.</summary>
    public ISerde<ModeState> Modes { get; }

    /// <summary>The operations catalogue.</summary>
    public ISerde<CatalogueInForce> Catalogue { get; }

    /// <summary>Commands of the ledger.</summary>
    public ISerde<AllocationCommand> Commands { get; }

    /// <summary>Registers the schemas, so that the first records do not wait for it.</summary>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    /// <exception cref="RegistryRefusedException">The registry holds a version that a schema is not compatible
    /// with.</exception>
    public async Task InitializeAsync(CancellationToken cancellationToken = default)
    {
        foreach (var register in registrations)
        {
            await register(cancellationToken).ConfigureAwait(false);
        }
    }

    private RegistrySerde<T> Of<T>(GuardedRegistryClient registry, string topic)
        where T : class, Alloc.Schemas.Avro.IAvroRecord<T>
    {
        var serde = new RegistrySerde<T>(registry, topic);
        registrations.Add(serde.InitializeAsync);
        return serde;
    }
}
