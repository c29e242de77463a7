using Alloc.Schemas.Allocation;

namespace Alloc.Replay.Shop;

/// <summary>A shop that plays a year: opens its pools, lets orders and supply come in time, and its services
/// act.</summary>
internal sealed class ShopRun
{
    private const int CountedPercent = 10;
    private readonly RetailYear year;
    private readonly Seeded seeded;
    private int opened;
    private int nextOrder;
    private int nextSupply;

    /// <param name="floor">What its orders share.</param>
    /// <param name="year">What it plays.</param>
    /// <param name="obligations">What its services must act on.</param>
    public ShopRun(ShopFloor floor, RetailYear year, IReadOnlyCollection<Obligation> obligations)
    {
        Floor = floor;
        this.year = year;
        seeded = new Seeded(floor.Seed);
        Services = new Services(floor, obligations, year.FaultOf);
    }

    public ShopFloor Floor { get; }

    public Services Services { get; }

    /// <summary>Whether every pool is open.</summary>
    public bool IsOpen => opened == year.Opening.Count;

    /// <summary>Whether every order and all supply came.</summary>
    public bool HasCome => nextOrder == year.Orders.Count && nextSupply == year.Supplies.Count;

    /// <summary>Whether every order came and ended.</summary>
    public bool IsOver => HasCome && Floor.UnderWay == 0;

    /// <summary>Orders that came.</summary>
    public int OrderCount => nextOrder;

    /// <summary>Lines of the orders that came.</summary>
    public long LineCount { get; private set; }

    /// <summary>Lines of all orders.</summary>
    public long PlannedLineCount => year.LineCount;

    /// <summary>Configures every pool and has it counted.</summary>
    public void Open()
    {
        foreach (var pool in year.Opening)
        {
            var settings = new PoolSettings { Unit = "piece", SnapshotSource = Warehouse.Source };
            Floor.World.Ask(
                pool.Pool, "open", new AllocationCommandBody.PoolConfigure { Settings = settings }, outcome =>
                {
                    if (outcome.Event is not AllocationOutcomeEvent.PoolConfigured)
                    {
                        Floor.Wonder("PoolConfigure", outcome);
                    }
                    Floor.Warehouse.Open(pool.Pool, pool.Quantity, _ => opened++);
                });
        }
    }

    /// <summary>The year begins now.</summary>
    public void Begin() => Floor.StartMs = Floor.World.NowMs;

    /// <summary>Lets come what is due, once the year has begun.</summary>
    public void Turn()
    {
        if (Floor.StartMs == 0)
        {
            return;
        }
        var sinceMs = Floor.World.NowMs - Floor.StartMs;
        while (nextSupply < year.Supplies.Count && year.Supplies[nextSupply].DueMs <= sinceMs)
        {
            Supply(year.Supplies[nextSupply++]);
        }
        while (nextOrder < year.Orders.Count && year.Orders[nextOrder].DueMs <= sinceMs)
        {
            var order = year.Orders[nextOrder++];
            LineCount += order.Lines.Count;
            new OrderLife(Floor, order).Begin();
        }
    }

    private void Supply(PlannedSupply supply)
    {
        var warehouse = Floor.Warehouse;
        var isLost = supply.Fault == ShopFault.LostFact;
        var sequence = warehouse.Receive(supply.PoolId, $"in-{supply.Number}", supply.Quantity, isLost);
        if (isLost)
        {
            Floor.Truth.Inject(supply.Fault);
            Floor.MissFact(supply.Fault, supply.PoolId, sequence);
        }
        else if (!warehouse.Misses(supply.PoolId)
            && seeded.Next($"counted/{supply.PoolId}/{supply.Number}", 100) < CountedPercent)
        {
            warehouse.Count(supply.PoolId);
        }
    }
}
