using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow;

/// <summary>
/// What allocation would decide about slices that another system decides: the same commands, the same ledger, outcomes
/// of its own. It writes nothing else, neither ticks nor availability nor dead letters.
/// <code>
/// allocation.commands ──► shadow ──► allocation.shadow.outcomes (journal of all stores)
/// </code>
/// </summary>
public static class ShadowTopology
{
    /// <summary>Node that reads commands.</summary>
    public const string Commands = "commands";

    /// <summary>Node that decides.</summary>
    public const string Decide = "shadow";

    /// <summary>Node that writes what was decided.</summary>
    public const string Outcomes = "shadow-outcomes";

    // Known by its identity: any text may be a key.
    private static readonly string UnreadableKey = new('?', 1);

    /// <summary>Builds the topology.</summary>
    /// <param name="options">Options made by <see cref="AllocationOptions.ForShadow"/>.</param>
    /// <param name="serdes">Serdes made for these options.</param>
    /// <exception cref="ArgumentException">The options are those of the authority.</exception>
    public static Topology Build(AllocationOptions options, AllocationSerdes serdes)
    {
        if (options.Role != LedgerRole.Shadow)
        {
            throw new ArgumentException(
                "These are the authority's options; make them with ForShadow.", nameof(options));
        }
        var builder = new TopologyBuilder()
            .AddSource(
                Commands, options.CommandTopic, new Readable<string>(CommandRecords.Keys, UnreadableKey),
                new Readable<AllocationCommand>(serdes.Commands, null),
                new SourceOptions { RequireLogAppendTime = options.RequireLogAppendTime })
            .AddProcessor<string, AllocationCommand, string, AllocationOutcome>(
                Decide, () => new AllocationProcessor(options), Commands)
            .AddSink<string, AllocationOutcome>(
                Outcomes, options.OutcomeTopic, Serdes.Utf8, serdes.Outcomes, new SinkOptions
                {
                    Partitioning = SinkPartitioning.TaskPartition,
                    Emit = SinkEmit.EveryRecord,
                    CleanupPolicy = "delete",
                }, Decide);
        foreach (var store in AllocationStores.Definitions(options.Persistence))
        {
            builder.AddStateStore(store, Decide);
        }
        return builder
            .UseJournal(Outcomes, () => new OutcomeJournal(serdes.Outcomes), AllocationStores.Names)
            .Build();
    }

    /// <summary>Whether a record is no command: it does not even move the clock.</summary>
    internal static bool IsUnreadable(in Record<string, AllocationCommand> record) =>
        record.Value is null || ReferenceEquals(record.Key, UnreadableKey);

    // What is no command is a dead letter of the authority; here it is nothing.
    private sealed class Readable<T>(IDeserializer<T> inner, T? unreadable) : IDeserializer<T>
        where T : class
    {
        public T Deserialize(ReadOnlySpan<byte> data)
        {
            try
            {
                return inner.Deserialize(data);
            }
            catch (BadRecordException)
            {
                return unreadable!;
            }
        }
    }
}
