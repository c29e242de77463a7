using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Alloc.Processors.Allocation;

/// <summary>
/// How commands, outcomes and availability are read and written: Avro in Confluent framing, schemas from a registry.
/// </summary>
public sealed class AllocationSerdes
{
    /// <param name="registry">The schema registry.</param>
    /// <param name="options">The topics, whose names give the subjects.</param>
    public AllocationSerdes(ISchemaRegistryClient registry, AllocationOptions options)
    {
        Commands = ForCommands(registry, options.CommandTopic);
        var guarded = GuardedRegistryClient.Over(registry);
        Outcomes = new RegistrySerde<AllocationOutcome>(guarded, options.OutcomeTopic);
        Availability = new RegistrySerde<PoolAvailability>(guarded, options.AvailabilityTopic);
    }

    /// <summary>Commands.</summary>
    public ISerde<AllocationCommand> Commands { get; }

    /// <summary>Outcomes.</summary>
    public ISerde<AllocationOutcome> Outcomes { get; }

    /// <summary>Availability of pools.</summary>
    public ISerde<PoolAvailability> Availability { get; }

    /// <summary>How the values of a command topic are read and written.</summary>
    /// <param name="registry">The schema registry.</param>
    /// <param name="topic">The topic, whose name gives the subject.</param>
    public static ISerde<AllocationCommand> ForCommands(ISchemaRegistryClient registry, string topic) =>
        new RegistrySerde<AllocationCommand>(GuardedRegistryClient.Over(registry), topic);
}
