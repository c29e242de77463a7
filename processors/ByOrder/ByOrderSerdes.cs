using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Alloc.Processors.ByOrder;

/// <summary>How outcomes are read, and what they mean for orders is written: Avro, schemas from a registry.</summary>
public sealed class ByOrderSerdes
{
    /// <param name="registry">The schema registry.</param>
    /// <param name="options">The topics, whose names give the subjects.</param>
    public ByOrderSerdes(ISchemaRegistryClient registry, ByOrderOptions options)
    {
        var guarded = GuardedRegistryClient.Over(registry);
        Outcomes = new RegistrySerde<AllocationOutcome>(guarded, options.OutcomeTopic);
        ByOrder = new RegistrySerde<OrderAllocation>(guarded, options.ByOrderTopic);
    }

    /// <summary>Outcomes.</summary>
    public IDeserializer<AllocationOutcome> Outcomes { get; }

    /// <summary>What outcomes mean for orders.</summary>
    public ISerde<OrderAllocation> ByOrder { get; }
}
