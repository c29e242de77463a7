using Alloc.Client;
using Alloc.Schemas.Allocation;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Samples.Outbox;

/// <summary>
/// Sends what waits in the outbox, at least once: a row is marked after Kafka has its command, and a crash in between
/// sends it again under the same id, which Alloc answers as it did the first time.
/// </summary>
internal sealed class OutboxRelay : IDisposable
{
    private const string Topic = "allocation.commands";
    private const int BatchCount = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly ShopDatabase shop;
    private readonly CachedSchemaRegistryClient registry;
    private readonly IProducer<string, AllocationCommand> producer;

    public OutboxRelay(ShopDatabase shop, string bootstrap, string registryUrl)
    {
        this.shop = shop;
        registry = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = registryUrl });
        producer = new ProducerBuilder<string, AllocationCommand>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            ClientId = "outbox-sample",
            // In the order of the rows, also over retries; and for as long as it takes: a row that is given up would
            // be overtaken by those behind it.
            EnableIdempotence = true,
            MessageTimeoutMs = 0,
            Partitioner = Partitioner.Murmur2Random,
        })
            // Not the asynchronous one: records that wait for the registry may overtake each other.
            .SetValueSerializer((ISerializer<AllocationCommand>)new ContractSerializer<AllocationCommand>(registry))
            .Build();
    }

    /// <summary>Sends until it is told to end. One relay for one outbox.</summary>
    /// <param name="isCrashing">Ends the process between sending and marking the first row.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(bool isCrashing, CancellationToken cancellation)
    {
        using var ticks = new PeriodicTimer(Pause);
        try
        {
            do
            {
                // All are under way at once; each is marked when its own report is there.
                var sending = shop.Unsent(BatchCount)
                    .Select(row => (Row: row, Report: producer.ProduceAsync(Topic, Message(row), cancellation)))
                    .ToList();
                foreach (var (row, report) in sending)
                {
                    await report;
                    if (isCrashing)
                    {
                        Console.WriteLine($"{CommandIdOf(row)} is sent, and the process ends before that is noted");
                        Environment.Exit(1);
                    }
                    shop.MarkSent(row);
                    Console.WriteLine($"{CommandIdOf(row)} is sent");
                }
            }
            while (await ticks.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is under way is sent again next time.
        }
    }

    public void Dispose()
    {
        producer.Dispose();
        registry.Dispose();
    }

    /// <summary>The row's, so that it is the same however often it is sent.</summary>
    private static string CommandIdOf(OutboxRow row) => $"shop-outbox/{row.Id}";

    private static Message<string, AllocationCommand> Message(OutboxRow row) => new()
    {
        Key = row.Pool,
        Value = new AllocationCommand
        {
            CommandId = CommandIdOf(row),
            PoolId = row.Pool,
            Actor = new Actor { Type = ActorType.Service, Id = "shop" },
            CorrelationId = row.Order,
            IssuedAtMs = row.CreatedAtMs,
            Body = new AllocationCommandBody.Hold { ReservationId = row.Order, Quantity = row.Seats },
        },
    };
}
