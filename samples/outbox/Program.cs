using System.Globalization;
using Alloc.Samples.Outbox;

// order DATABASE POOL ORDER SEATS   or   relay DATABASE [bootstrap] [registry] [--crash]
switch (args)
{
    case ["order", var path, var pool, var order, var seats]:
        using (var shop = new ShopDatabase(path))
        {
            shop.PlaceOrder(pool, order, long.Parse(seats, CultureInfo.InvariantCulture));
        }
        return 0;
    case ["relay", var path, ..]:
        using (var ending = new CancellationTokenSource())
        using (var shop = new ShopDatabase(path))
        using (var relay = new OutboxRelay(
            shop, args.ElementAtOrDefault(2) ?? "localhost:9092",
            args.ElementAtOrDefault(3) ?? "http://localhost:8081"))
        {
            Console.CancelKeyPress += (_, e) =>
            {
                e.Cancel = true;
                ending.Cancel();
            };
            // --crash ends the process in the worst moment: Kafka has the command, and the table does not know it.
            await relay.RunAsync(isCrashing: args.Contains("--crash"), ending.Token);
        }
        return 0;
    default:
        await Console.Error.WriteLineAsync(
            "outbox-sample order DATABASE POOL ORDER SEATS | relay DATABASE [bootstrap] [registry] [--crash]");
        return 2;
}
