using Alloc.Samples.ConfluentKafka;
using Confluent.SchemaRegistry;

// produce [bootstrap] [registry] [pool] [order]   or   subscribe [bootstrap] [registry] [database]
var bootstrap = args.ElementAtOrDefault(1) ?? "localhost:9092";
using var registry = new CachedSchemaRegistryClient(
    new SchemaRegistryConfig { Url = args.ElementAtOrDefault(2) ?? "http://localhost:8081" });
using var ending = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    ending.Cancel();
};

switch (args.ElementAtOrDefault(0))
{
    case "produce":
        var pool = args.ElementAtOrDefault(3) ?? "concert";
        var order = args.ElementAtOrDefault(4) ?? $"order-{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}";
        using (var orders = await OrderProducer.OpenAsync(bootstrap, registry))
        {
            await orders.OpenPoolAsync(pool, seats: 100, ending.Token);
            await orders.HoldAsync(pool, order, seats: 2, ending.Token);
            await orders.ConfirmAsync(pool, order, ending.Token);
        }
        return 0;
    case "subscribe":
        using (var view = new ReservationView(args.ElementAtOrDefault(3) ?? "confluent-kafka-sample.db"))
        {
            OutcomeSubscriber.Run(bootstrap, registry, view, ending.Token);
        }
        return 0;
    default:
        await Console.Error.WriteLineAsync("confluent-kafka-sample produce|subscribe [bootstrap] [registry] …");
        return 2;
}
