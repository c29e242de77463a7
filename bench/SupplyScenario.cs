using System.Globalization;
using Alloc.Schemas.Warehouse;

namespace Alloc.Bench;

/// <summary>
/// The supply bridge alone, exactly once: how many commands a second a subscriber sees made of movements when many
/// wait. Nothing is decided meanwhile.
/// </summary>
internal static class SupplyScenario
{
    private const string Source = "wms";

    public static async Task RunAsync(BenchRun run, BenchCluster cluster, CancellationToken cancellation)
    {
        var options = run.Options;
        var settings = await cluster.PrepareAsync("supply").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        using (var sender = new RecordSender<WarehouseMovement>(
            settings, registry, "warehouse.movements", isPaced: false))
        {
            run.Say($"writing {options.Count:N0} movements");
            for (long index = 0; index < options.Count; index++)
            {
                if ((index & 1023) == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                }
                var movement = Movement(index, options.PoolCount);
                sender.Send(movement.PoolId, movement);
            }
            sender.Flush();
        }
        using var meter = new OutcomeMeter(settings, fromEnd: false, run.Time, "allocation.commands");
        run.Say("making commands of them");
        // It works before it says that it is ready: whoever counts only from then on finds the first million done.
        var counting = Task.Run(
            () => meter.Count(options.Count, options.Deadline, null, cancellation), cancellation);
        await using var engine = await EngineProcess.StartAsync(
            settings, options, "a", null, run.Time, cancellation, "supply-bridge").ConfigureAwait(false);
        var rate = await counting.ConfigureAwait(false);
        run.Report.Add(new Figure(
            "supply", "facts made commands a second", rate, "/s",
            $"{cluster.Name}; {options.Count:N0} movements of {options.PoolCount:N0} pools in turn, "
            + $"{options.PartitionCount} partitions, 1 thread"));
    }

    // Two of three are shipped, as in most warehouses; the rest is received and counted.
    private static WarehouseMovement Movement(long index, int poolCount)
    {
        var sequence = (index / poolCount) + 1;
        var kind = (sequence % 3) switch
        {
            0 => sequence % 2 == 0 ? MovementKind.Received : MovementKind.Adjusted,
            _ => MovementKind.Shipped,
        };
        return new WarehouseMovement
        {
            MovementId = string.Create(CultureInfo.InvariantCulture, $"m-{index}"),
            PoolId = string.Create(CultureInfo.InvariantCulture, $"pool-{index % poolCount}"),
            Kind = kind,
            OrderRef = kind == MovementKind.Shipped
                ? string.Create(CultureInfo.InvariantCulture, $"order-{index}") : null,
            ReservationId = kind == MovementKind.Shipped
                ? string.Create(CultureInfo.InvariantCulture, $"order-{index}/1") : null,
            Quantity = 1,
            Source = Source,
            SourceSequence = sequence,
            OccurredAtMs = 0,
        };
    }
}
