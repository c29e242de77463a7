using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Catalogue;

namespace Alloc.Processors.Allocation;

/// <summary>What the topology of allocation needs to know of its surroundings.</summary>
public sealed record AllocationOptions
{
    /// <summary>Topic of commands, ticks included.</summary>
    public string CommandTopic { get; init; } = "allocation.commands";

    /// <summary>Topic of outcomes: the journal.</summary>
    public string OutcomeTopic { get; init; } = "allocation.outcomes";

    /// <summary>Topic of the last balances of pools.</summary>
    public string AvailabilityTopic { get; init; } = "allocation.availability";

    /// <summary>Topic of records that are no commands.</summary>
    public string DeadLetterTopic { get; init; } = "allocation.commands.dlq";

    /// <summary>Partitions of commands and outcomes; never changes.</summary>
    public required int PartitionCount { get; init; }

    /// <summary>For whom is decided.</summary>
    public LedgerRole Role { get; private init; }

    /// <summary>Policy in force.</summary>
    public AllocationPolicy Policy { get; init; } = PolicyVersions.Version0;

    /// <summary>Where committed state is kept.</summary>
    public StorePersistence Persistence { get; init; } = StorePersistence.Persistent;

    /// <summary>
    /// Refuses to start on a command topic whose producers set the time. Off only for topics that are replayed with
    /// times of their own.
    /// </summary>
    public bool RequireLogAppendTime { get; init; } = true;

    /// <summary>
    /// The policy that was applied last, as far as this process has read; null while it has read of none. Only metrics
    /// look at it: how long a partition has not taken it.
    /// </summary>
    public Func<PolicyApplication?> AppliedPolicy { get; init; } = static () => null;

    /// <summary>The last answers that registered nothing.</summary>
    public RecentRefusals Refusals { get; private init; } = new();

    /// <summary>What the ledgers count on.</summary>
    internal AllocationInstruments Instruments { get; init; } = AllocationInstruments.Shared;

    /// <summary>The options for the topics of a catalogue.</summary>
    /// <param name="catalogue">The catalogue, with its prefix applied.</param>
    /// <param name="prefix">The prefix.</param>
    public static AllocationOptions For(TopicCatalogue catalogue, string prefix = "")
    {
        var commands = catalogue[prefix + "allocation.commands"];
        return new AllocationOptions
        {
            CommandTopic = commands.Name,
            OutcomeTopic = catalogue[prefix + "allocation.outcomes"].Name,
            AvailabilityTopic = catalogue[prefix + "allocation.availability"].Name,
            DeadLetterTopic = commands.DeadLetterTopic ?? prefix + "allocation.commands.dlq",
            PartitionCount = commands.PartitionCount,
        };
    }

    /// <summary>The options of the shadow that reads the same commands.</summary>
    /// <param name="outcomeTopic">Topic of what it decides, its journal.</param>
    public AllocationOptions ForShadow(string outcomeTopic) => this with
    {
        Role = LedgerRole.Shadow,
        OutcomeTopic = outcomeTopic,
        Refusals = new RecentRefusals(),
        Instruments = AllocationInstruments.Unpublished,
    };
}

/// <summary>An application of a policy.</summary>
/// <param name="Version">The policy's version.</param>
/// <param name="WrittenAtMs">When it was written to its topic, in milliseconds since 1970 UTC.</param>
public sealed record PolicyApplication(int Version, long WrittenAtMs);
