using Alloc.Replay.Shop;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// A day of orders of a shop with everything around it, from a seed: each takes its way through hold, fraud, payment,
/// confirmation, shipment, perhaps a cancellation or a return. With faults, and what must be found because of each.
/// </summary>
internal sealed class OrderDay
{
    public const string Service = "warehouse";
    private const int MeanGapMs = 3_000;
    private const int LongestStepMs = 20_000;

    private readonly World world;
    private readonly VirtualShop shop;
    private readonly ShopFloor floor;

    public OrderDay(World world, int seed, int orderCount, double faultShare, params ShopFault[] faults)
    {
        this.world = world;
        var random = new Random(seed);
        shop = new VirtualShop(world) { Random = random };
        floor = new ShopFloor(shop, seed)
        {
            StartMs = world.NowMs,
            LongestStepMs = LongestStepMs,
            AbandonedTtl = TimeSpan.FromMinutes(2),
        };
        floor.Warehouse.Keep(World.Pool, 0);
        var faultOf = new Dictionary<string, ShopFault>(StringComparer.Ordinal);
        shop.OnOutcome = new Services(
            floor, [new Obligation("Confirmed", Service)], r => faultOf.GetValueOrDefault(r)).Take;
        for (var order = 0; order < orderCount; order++)
        {
            var fault = random.NextDouble() < faultShare ? faults[random.Next(faults.Length)] : ShopFault.None;
            var plan = Plan(random, $"o-{order}", fault, random.Next(0, orderCount * MeanGapMs));
            faultOf[plan.Lines[0].ReservationId] = plan.Lines[0].Fault;
            shop.After(plan.DueMs, () => new OrderLife(floor, plan).Begin());
        }
    }

    /// <summary>Every mismatch that must be found, as class and id of the scope.</summary>
    public IReadOnlyCollection<string> Truth => [.. floor.Truth.Mismatches.Keys];

    /// <summary>How many orders have a fault.</summary>
    public long FaultCount => floor.Truth.Injected.Values.Sum();

    /// <summary>Answers of the ledger that the shop did not reckon with.</summary>
    public IReadOnlyCollection<string> Unexpected => floor.Unexpected.Keys;

    /// <summary>Called after each second of the day.</summary>
    public Action EachSecond { get; init; } = () => { };

    /// <summary>Lets the day pass, and what is tolerated after it.</summary>
    public void Run()
    {
        while (shop.IsBusy || floor.UnderWay > 0)
        {
            shop.Turn();
            world.Pass(TimeSpan.FromSeconds(1));
            EachSecond();
        }
        for (var second = 0; second < 1_500; second += 5)
        {
            world.Pass(TimeSpan.FromSeconds(5), 5);
            EachSecond();
        }
    }

    private static PlannedOrder Plan(Random random, string order, ShopFault fault, long dueMs)
    {
        var isOfLine = ShopFaults.OfLines.Contains(fault);
        var quantity = random.Next(1, 4);
        var kept = fault == ShopFault.None && quantity > 1 && random.Next(8) == 0 ? quantity - 1 : quantity;
        var fate = random.Next(10);
        return new PlannedOrder
        {
            OrderRef = order,
            DueMs = dueMs,
            Lines =
            [
                new PlannedLine("1", World.Pool, $"{order}/1", quantity, kept, isOfLine ? fault : ShopFault.None),
            ],
            Fate = fault != ShopFault.None || fate > 2 ? OrderFate.Ships
                : fate == 2 ? OrderFate.Abandoned : OrderFate.Cancelled,
            Fault = isOfLine ? ShopFault.None : fault,
            Returns = random.Next(4) == 0 && fault == ShopFault.None
                ? [new PlannedReturn(0, $"r-{order}", "1", 1, random.Next(3) == 0)] : [],
        };
    }
}
