using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Replay.Shop;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Bench.Truth;

/// <summary>
/// The world of a shop in real processes: what is said goes to topics, what the ledger answers is read committed, as
/// any service would. One thread turns it.
/// </summary>
internal sealed class LiveShop : IShopWorld, IDisposable
{
    private const int MostPerTurn = 2_000;
    private static readonly Actor Service = new() { Type = ActorType.Service, Id = "shop", Channel = "web" };

    private readonly TimeProvider time;
    private readonly RecordSender<AllocationCommand> commands;
    private readonly RecordSender<OrderStatus> orders;
    private readonly RecordSender<PaymentStatus> payments;
    private readonly RecordSender<WarehouseMovement> movements;
    private readonly RecordSender<StockSnapshot> counts;
    private readonly RecordSender<EffectReceipt> receipts;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private readonly PriorityQueue<Action, (long AtMs, long Number)> due = new();
    private readonly ShopAnswers answers = new();
    private readonly List<Action> lost = [];
    private readonly AvroSerde<SupplyRequest> requests;
    private readonly string requestTopic;
    private readonly string redeliveryTopic;
    private long scheduled;

    public LiveShop(AllocClientOptions settings, ISchemaRegistryClient registry, TimeProvider time)
    {
        this.time = time;
        commands = new RecordSender<AllocationCommand>(settings, registry, "allocation.commands", isPaced: false);
        orders = new RecordSender<OrderStatus>(settings, registry, "orders.status", isPaced: false);
        payments = new RecordSender<PaymentStatus>(settings, registry, "payments.status", isPaced: false);
        movements = new RecordSender<WarehouseMovement>(settings, registry, "warehouse.movements", isPaced: false);
        counts = new RecordSender<StockSnapshot>(settings, registry, "supply.stock", isPaced: false);
        receipts = new RecordSender<EffectReceipt>(settings, registry, "effects.receipts", isPaced: false);
        var outcomeTopic = settings.TopicPrefix + "allocation.outcomes";
        requestTopic = settings.TopicPrefix + "supply.requests";
        redeliveryTopic = settings.TopicPrefix + "effects.redeliveries";
        outcomes = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(outcomeTopic));
        requests = new AvroSerde<SupplyRequest>(registry, ConfluentFraming.SubjectOf(requestTopic));
        consumer = BulkClients.Consumer(settings, "alloc-bench-shop", fields: "topic");
        var clients = new KafkaClients(settings);
        using var admin = clients.Admin();
        string[] topics = [outcomeTopic, requestTopic, redeliveryTopic];
        consumer.Assign(topics.Zip(clients.PartitionCounts(admin, topics)).SelectMany(t => Enumerable
            .Range(0, t.Second).Select(p => new TopicPartitionOffset(t.First, p, Offset.Beginning))));
    }

    /// <summary>Called with every outcome.</summary>
    public Action<AllocationOutcome> OnOutcome { get; set; } = static _ => { };

    /// <summary>Called with every outcome that is given again.</summary>
    public Action<AllocationOutcome> OnRedelivery { get; set; } = static _ => { };

    /// <summary>Called with every question to the warehouse.</summary>
    public Action<SupplyRequest> OnRequest { get; set; } = static _ => { };

    /// <summary>Whether nothing is to be done, and nothing answered.</summary>
    public bool IsIdle => due.Count == 0 && answers.IsIdle;

    /// <summary>Whether something is kept that nobody must read.</summary>
    public bool HasLost => lost.Count > 0;

    /// <summary>Outcomes that were read.</summary>
    public long OutcomeCount { get; private set; }

    /// <summary>Records that were written, of all kinds.</summary>
    public long RecordCount { get; private set; }

    /// <summary>Answers that are waited for.</summary>
    public int AskedCount => answers.Count;

    /// <inheritdoc/>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Reads what came, does what is due; waits a moment where there is neither.</summary>
    public void Turn()
    {
        for (var read = 0; read < MostPerTurn; read++)
        {
            var record = consumer.Consume(read == 0 ? TimeSpan.FromMilliseconds(5) : TimeSpan.Zero);
            if (record is null)
            {
                break;
            }
            if (!record.IsPartitionEOF)
            {
                Take(record.Topic, record.Message.Value!);
            }
        }
        var nowMs = NowMs;
        while (due.TryPeek(out var act, out var at) && at.AtMs <= nowMs)
        {
            due.Dequeue();
            act();
        }
    }

    /// <inheritdoc/>
    public void After(long delayMs, Action act) => due.Enqueue(act, (NowMs + delayMs, scheduled++));

    /// <inheritdoc/>
    public void Ask(
        string poolId, string commandId, AllocationCommandBody body, Action<AllocationOutcome>? answered = null)
    {
        answers.Await(poolId, commandId, answered);
        RecordCount++;
        commands.Send(poolId, Command(poolId, commandId, body));
    }

    /// <summary>Writes a command of somebody who acts under an epoch of authority.</summary>
    public void AskUnder(long epoch, string poolId, string commandId, AllocationCommandBody body)
    {
        RecordCount++;
        commands.Send(poolId, Command(poolId, commandId, body) with { Epoch = epoch });
    }

    /// <inheritdoc/>
    public void WhenExpired(string poolId, string reservationId, Action act)
    {
        if (answers.AwaitExpiry(poolId, reservationId, act))
        {
            After(0, act);
        }
    }

    /// <inheritdoc/>
    public void Say(OrderStatus status)
    {
        RecordCount++;
        orders.Send(status.OrderRef, status);
    }

    /// <inheritdoc/>
    public void Say(PaymentStatus status)
    {
        RecordCount++;
        payments.Send(status.OrderRef, status);
    }

    /// <inheritdoc/>
    public void Say(WarehouseMovement movement, Action<AllocationOutcome>? booked = null)
    {
        answers.Await(movement.PoolId, $"sb/{movement.Source}/{movement.PoolId}/{movement.SourceSequence}", booked);
        RecordCount++;
        movements.Send(movement.PoolId, movement);
    }

    /// <inheritdoc/>
    public void Say(StockSnapshot count, Action<AllocationOutcome>? booked = null)
    {
        answers.Await(count.PoolId, $"sb/{count.Source}/{count.PoolId}/v{count.Version}", booked);
        RecordCount++;
        counts.Send(count.PoolId, count);
    }

    /// <inheritdoc/>
    public void Say(EffectReceipt receipt)
    {
        RecordCount++;
        receipts.Send(receipt.OutcomeId[..receipt.OutcomeId.LastIndexOf('#')], receipt);
    }

    /// <inheritdoc/>
    public void Lose(string poolId, string commandId, AllocationCommandBody body, Action written) => lost.Add(() =>
    {
        Ask(poolId, commandId, body);
        written();
    });

    /// <inheritdoc/>
    public void Lose(WarehouseMovement movement) => lost.Add(() => Say(movement));

    /// <summary>
    /// Writes what nobody must read, while those who would are away: commands of the ledger, movements of the bridge.
    /// </summary>
    public void WriteLost()
    {
        lost.ForEach(write => write());
        lost.Clear();
        Flush();
    }

    /// <summary>Waits until everything that was said is in its log.</summary>
    public void Flush()
    {
        commands.Flush();
        orders.Flush();
        payments.Flush();
        movements.Flush();
        counts.Flush();
        receipts.Flush();
    }

    public void Dispose()
    {
        consumer.Dispose();
        commands.Dispose();
        orders.Dispose();
        payments.Dispose();
        movements.Dispose();
        counts.Dispose();
        receipts.Dispose();
    }

    private void Take(string topic, byte[] value)
    {
        if (topic == requestTopic)
        {
            OnRequest(requests.Deserialize(value));
            return;
        }
        var outcome = outcomes.Deserialize(value);
        if (topic == redeliveryTopic)
        {
            OnRedelivery(outcome);
            return;
        }
        OutcomeCount++;
        answers.Take(outcome);
        OnOutcome(outcome);
    }

    private AllocationCommand Command(string poolId, string commandId, AllocationCommandBody body) => new()
    {
        CommandId = commandId,
        PoolId = poolId,
        Actor = Service,
        CorrelationId = commandId,
        IssuedAtMs = NowMs,
        Body = body,
    };
}
