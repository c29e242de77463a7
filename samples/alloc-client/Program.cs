using Alloc.Client;
using Alloc.Samples.Client;

// Where 'make run' listens, unless two addresses are given.
await using var client = new AllocClient(new AllocClientOptions
{
    Bootstrap = args.ElementAtOrDefault(0) ?? "localhost:9092",
    Registry = new Uri(args.ElementAtOrDefault(1) ?? "http://localhost:8081"),
    ClientId = "box-office",
});
using var ending = new CancellationTokenSource(TimeSpan.FromMinutes(2));
var order = args.ElementAtOrDefault(2) ?? $"order-{CommandId.Next(TimeProvider.System)}";
var office = new BoxOffice(client, "opera");

await office.OpenAsync(seats: 100, ending.Token);
Console.WriteLine(await office.HoldAsync(order, seats: 2, ending.Token));
Console.WriteLine(await office.PayAsync(order, ending.Token));
Console.WriteLine(await office.HoldAsync($"{order}-party", seats: 1_000, ending.Token));

using (var view = await client.OpenAvailabilityAsync(ending.Token))
{
    Console.WriteLine($"available: {view.Find("opera")?.Balances.Free}");
}
await foreach (var line in office.HistoryAsync(order, ending.Token))
{
    Console.WriteLine(line);
}
