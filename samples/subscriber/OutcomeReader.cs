using Alloc.Client;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Samples.Subscriber;

/// <summary>
/// Reads the journal and what is delivered again out of it. Positions are the database's; the group has none.
/// </summary>
internal sealed class OutcomeReader : IDisposable
{
    private const string Outcomes = "allocation.outcomes";
    private const string Redeliveries = "effects.redeliveries";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly PackingDatabase database;
    private readonly IConsumer<string, AllocationOutcome?> consumer;

    public OutcomeReader(PackingDatabase database, string bootstrap, ISchemaRegistryClient registry)
    {
        this.database = database;
        consumer = new ConsumerBuilder<string, AllocationOutcome?>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            ClientId = "subscriber-sample",
            // Needed by the client; nothing is committed under it.
            GroupId = "subscriber-sample",
            EnableAutoCommit = false,
            // What is not committed was not decided.
            IsolationLevel = IsolationLevel.ReadCommitted,
            // A position that the journal no longer has is an error, not a reason to jump.
            AutoOffsetReset = AutoOffsetReset.Error,
        })
            .SetValueDeserializer(new ContractDeserializer<AllocationOutcome>(registry))
            .Build();
    }

    /// <summary>Begins where the database is.</summary>
    public void Begin()
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        consumer.Assign(
        [
            .. PartitionsOf(admin, Outcomes).Select(
                p => new TopicPartitionOffset(p, database.PositionOf(p) ?? Offset.Beginning)),
            .. PartitionsOf(admin, Redeliveries).Select(p => new TopicPartitionOffset(p, RedeliveryPositionOf(p))),
        ]);
    }

    /// <summary>Takes the next outcome, if there is one within the time.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ConsumeException">
    /// A record cannot be read. Only Alloc writes these topics: nothing may be passed over.
    /// </exception>
    /// <exception cref="JournalGapException">Outcomes before it are missing.</exception>
    public bool TakeNext(TimeSpan wait)
    {
        if (consumer.Consume(wait) is not { } record)
        {
            return false;
        }
        var outcome = record.Message.Value
            ?? throw new JournalGapException($"The record at {record.TopicPartitionOffset} has no value.");
        var said = record.Topic == Redeliveries
            ? database.TakeAgain(outcome, record.TopicPartitionOffset)
            : database.Take(outcome, record.TopicPartitionOffset);
        if (said is not null)
        {
            Console.WriteLine(said);
        }
        return true;
    }

    public void Dispose() => consumer.Dispose();

    private static IEnumerable<TopicPartition> PartitionsOf(IAdminClient admin, string topic) =>
        admin.GetMetadata(topic, Patience).Topics.Single().Partitions
            .Select(p => new TopicPartition(topic, p.PartitionId));

    /// <summary>
    /// The journal is kept for good, redeliveries for 30 days: who was away for longer is asked again.
    /// </summary>
    private Offset RedeliveryPositionOf(TopicPartition partition)
    {
        if (database.PositionOf(partition) is not { } next)
        {
            return Offset.Beginning;
        }
        var first = consumer.QueryWatermarkOffsets(partition, Patience).Low;
        if (next < first)
        {
            Console.WriteLine($"{partition}: redeliveries {next} to {first - 1} are gone; Alloc asks again for them");
        }
        return Math.Max(next, first);
    }
}
