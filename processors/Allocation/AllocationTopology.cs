using System.Buffers;
using System.Globalization;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// Allocation as a stream: commands in, outcomes and availability out. The outcomes are the journal: state is their
/// fold.
/// <code>
/// allocation.commands ──► allocate ──► allocation.outcomes (journal of all stores)
///        ▲     tick          │    └──► publish ──► allocation.availability (last per pool and commit)
///        └───────────────────┘
/// </code>
/// </summary>
public static class AllocationTopology
{
    /// <summary>Node that reads commands.</summary>
    public const string Commands = "commands";

    /// <summary>Node that decides.</summary>
    public const string Allocate = "allocate";

    /// <summary>Node that writes outcomes.</summary>
    public const string Outcomes = "outcomes";

    /// <summary>Node that makes a pool's availability of its outcomes.</summary>
    public const string Publish = "publish";

    /// <summary>Node that writes availability.</summary>
    public const string Availability = "availability";

    /// <summary>Builds the topology.</summary>
    /// <exception cref="TopologyException">The options contradict each other.</exception>
    public static Topology Build(AllocationOptions options, AllocationSerdes serdes)
    {
        var builder = new TopologyBuilder()
            .AddSource(Commands, options.CommandTopic, CommandRecords.Keys, serdes.Commands, new SourceOptions
            {
                Tick = (partition, dueAtMs) => Tick(partition, dueAtMs, serdes.Commands),
                DeadLetterTopic = options.DeadLetterTopic,
                RequireLogAppendTime = options.RequireLogAppendTime,
            })
            .AddProcessor<string, AllocationCommand, string, AllocationOutcome>(
                Allocate, () => new AllocationProcessor(options), Commands)
            .AddSink<string, AllocationOutcome>(
                Outcomes, options.OutcomeTopic, Serdes.Utf8, serdes.Outcomes, new SinkOptions
                {
                    Partitioning = SinkPartitioning.TaskPartition,
                    Emit = SinkEmit.EveryRecord,
                    CleanupPolicy = "delete",
                }, Allocate)
            .AddProcessor<string, AllocationOutcome, string, PoolAvailability>(
                Publish, () => new AvailabilityProcessor(options.Policy), Allocate)
            .AddSink<string, PoolAvailability>(
                Availability, options.AvailabilityTopic, Serdes.Utf8, serdes.Availability, new SinkOptions
                {
                    Partitioning = SinkPartitioning.TaskPartition,
                    Emit = SinkEmit.LastPerKeyPerCommit,
                    CleanupPolicy = "compact",
                }, Publish);
        foreach (var store in AllocationStores.Definitions(options.Persistence))
        {
            string[] users = store.Name
                is AllocationStores.Pools or AllocationStores.Usages or AllocationStores.Settings
                ? [Allocate, Publish] : [Allocate];
            builder.AddStateStore(store, users);
        }
        return builder
            .UseJournal(Outcomes, () => new OutcomeJournal(serdes.Outcomes), AllocationStores.Names)
            .Build();
    }

    // The engine appends it to the partition's own commands when a timer is due and nothing else comes.
    private static TickRecord Tick(int partition, long dueAtMs, ISerializer<AllocationCommand> serializer)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"tick/{partition}/{dueAtMs}");
        var output = new ArrayBufferWriter<byte>();
        serializer.Serialize(
            new AllocationCommand
            {
                CommandId = id,
                PoolId = ReservedKeys.Tick,
                Actor = new Actor { Type = ActorType.Engine, Id = "alloc" },
                CorrelationId = id,
                IssuedAtMs = dueAtMs,
                Body = new AllocationCommandBody.Tick { DueAtMs = dueAtMs },
            },
            output);
        return new TickRecord(Encoding.UTF8.GetBytes(ReservedKeys.Tick), output.WrittenSpan.ToArray());
    }
}
