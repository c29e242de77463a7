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
    /// <param name="registry">The schema registry.</param>
    /// <param name="options">The topics, whose names give the subjects.</param>
    public BacklogSerdes(ISchemaRegistryClient registry, BacklogOptions options)
    {
        var guarded = GuardedRegistryClient.Over(registry);
        Stages = new RegistrySerde<StageEvent>(guarded, options.StageTopic);
        ByOrder = new RegistrySerde<OrderAllocation>(guarded, options.ByOrderTopic);
        Predictions = new RegistrySerde<StagePrediction>(guarded, options.PredictionTopic);
        Aging = new RegistrySerde<AgingAlert>(guarded, options.AgingTopic);
        Deltas = new RegistrySerde<StageDelta>(guarded, options.DeltaTopic);
        Statuses = new RegistrySerde<StageStatus>(guarded, options.StatusTopic);
        Modes = new RegistrySerde<ModeState>(guarded, options.ModeTopic);
        Catalogue = new RegistrySerde<CatalogueInForce>(guarded, options.CatalogueTopic);
        Commands = new RegistrySerde<AllocationCommand>(guarded, options.CommandTopic);
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
}
