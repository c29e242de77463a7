using Alloc.Client;
using Alloc.Schemas.Effects;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Samples.Subscriber;

/// <summary>Where the process ends on purpose, to show what then happens.</summary>
internal enum CrashPoint
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>The effect is in the database, and its receipt was not sent.</summary>
    Committed,

    /// <summary>The receipt was sent, and the database does not know it.</summary>
    Sent,
}

/// <summary>
/// Sends the receipts that the database owes, at least once: one is marked after Kafka has it, and a crash in between
/// sends it again, the same.
/// </summary>
internal sealed class ReceiptSender : IDisposable
{
    private const string Topic = "effects.receipts";
    private const int BatchCount = 100;
    private readonly PackingDatabase database;
    private readonly IProducer<string, EffectReceipt> producer;

    public ReceiptSender(PackingDatabase database, string bootstrap, ISchemaRegistryClient registry)
    {
        this.database = database;
        producer = new ProducerBuilder<string, EffectReceipt>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            ClientId = "subscriber-sample",
            // For as long as it takes: what is owed stays owed.
            EnableIdempotence = true,
            MessageTimeoutMs = 0,
            Partitioner = Partitioner.Murmur2Random,
        })
            // Not the asynchronous one: records that wait for the registry may overtake each other.
            .SetValueSerializer((ISerializer<EffectReceipt>)new ContractSerializer<EffectReceipt>(registry))
            .Build();
    }

    /// <summary>Sends all that is owed.</summary>
    public async Task SendOwedAsync(CrashPoint crash, CancellationToken cancellation)
    {
        while (database.Owed(BatchCount) is { Count: > 0 } owed)
        {
            EndAt(CrashPoint.Committed, crash, owed[0]);
            var sending = owed.Select(r => (Receipt: r, Report: producer.ProduceAsync(Topic, Message(r), cancellation)))
                .ToList();
            foreach (var (receipt, report) in sending)
            {
                await report;
                EndAt(CrashPoint.Sent, crash, receipt);
                database.MarkSent(receipt);
                Console.WriteLine($"receipt {receipt.ReceiptId} is sent");
            }
        }
    }

    public void Dispose() => producer.Dispose();

    private static void EndAt(CrashPoint point, CrashPoint crash, EffectReceipt receipt)
    {
        if (point == crash)
        {
            Console.WriteLine($"{receipt.ReceiptId}: {point}, and the process ends");
            Environment.Exit(1);
        }
    }

    // The key is the pool of the outcome: what stands before the last #.
    private static Message<string, EffectReceipt> Message(EffectReceipt receipt) => new()
    {
        Key = receipt.OutcomeId[..receipt.OutcomeId.LastIndexOf('#')],
        Value = receipt,
    };
}
