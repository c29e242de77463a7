using System.Diagnostics;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>Lets as many metrics as a healthy process has say something, under any policy.</summary>
internal static class SomethingOfEverything
{
    // The first run of reconciliation is finished a minute after its keeper has begun.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Commands, repeats, rejections, a confirmation, an expiry and a dead letter, in a pool that is new; returns when
    /// their metrics, and those that are counted from time to time, are there.
    /// </summary>
    public static async Task HappensAsync(Deployment deployment, string pool, CancellationToken cancellation)
    {
        using var client = new CommandClient(deployment);
        await client.StockAsync(pool, 5);
        var hold = CommandClient.Command($"{pool}-hold", pool, CommandClient.Hold("r", 2));
        await client.AskAsync(hold);
        await client.AskAsync(hold);
        await client.AskAsync(CommandClient.Command($"{pool}-release", pool, new AllocationCommandBody.Release
        {
            ReservationId = "r",
            Quantity = 3,
            Reason = "Cancelled",
        }));
        await client.AskAsync(CommandClient.Command(
            $"{pool}-confirm", pool, new AllocationCommandBody.Confirm { ReservationId = "r" }));
        await client.AskAsync(CommandClient.Command(
            $"{pool}-supply-again", pool, new AllocationCommandBody.SupplySnapshot
            {
                Source = "test",
                Version = 1,
                Quantity = 5,
                Through = 0,
            }));
        await client.AskAsync(CommandClient.Command(
            $"{pool}-brief", pool,
            new AllocationCommandBody.Hold { ReservationId = "brief", Quantity = 1, TtlMs = 100 }));
        await client.DeadLetterAsync(await client.WriteAsync("x"u8.ToArray(), "rubbish"u8.ToArray(), 0));
        await AreSaidAsync(
            deployment,
            [
                "alloc_supply_ignored_total", "alloc_dead_letters_total", "alloc_ticks_total",
                "alloc_release_failures_total", "alloc_confirmation_duration_seconds_count", "alloc_holds_active",
                "alloc_consumer_groups", "alloc_expiry_lateness_seconds_count",
            ],
            cancellation);
    }

    /// <summary>Waits until all of these have a sample; what has a value too is said word for word.</summary>
    public static async Task AreSaidAsync(
        Deployment deployment, IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        var started = Stopwatch.StartNew();
        while (true)
        {
            var scrape = await http.GetStringAsync(new Uri($"{deployment.Console}/metrics"), cancellation);
            var missing = names.Where(n => !"{ \n".Any(end => scrape.Contains($"\n{n}{end}", StringComparison.Ordinal)))
                .ToList();
            if (missing.Count == 0)
            {
                return;
            }
            Assert.True(
                started.Elapsed < Deadline,
                $"There is no {string.Join(", ", missing)} after {Deadline.TotalSeconds:0} s:\n{scrape}");
            await Task.Delay(100, cancellation);
        }
    }
}
