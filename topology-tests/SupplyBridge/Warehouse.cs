using Alloc.Schemas.Warehouse;

namespace Topology.Tests.SupplyBridge;

/// <summary>
/// A shelf, and everything that happened to it, numbered as it happened: the truth of a random history.
/// </summary>
internal sealed class Warehouse
{
    private const int UncountedCount = 150;
    private readonly Random random;
    private readonly List<(string Id, long Left)> open;
    private readonly List<string> shipped = [];
    private long sequence;
    private long version;

    /// <summary>Fills the shelf, and lets so much happen.</summary>
    /// <param name="random">What happens.</param>
    /// <param name="opening">Units at the begin, counted as version 0.</param>
    /// <param name="confirmed">Reservations that are shipped, and their units.</param>
    /// <param name="factCount">How many facts.</param>
    public Warehouse(Random random, long opening, IReadOnlyDictionary<string, long> confirmed, int factCount)
    {
        this.random = random;
        open = [.. confirmed.Select(r => (r.Key, r.Value))];
        Shelf = opening;
        while (Facts.Count < factCount)
        {
            Facts.Add(random.Next(12) switch
            {
                0 or 1 or 2 => Ship(),
                3 => Move(MovementKind.Shipped, -1, null),
                4 or 5 => Move(MovementKind.Received, 1 + random.Next(5), null),
                6 => Move(MovementKind.Adjusted, random.Next(2) == 0 ? 2 : -1, null),
                7 => Move(MovementKind.Scrapped, -1, null),
                8 or 9 when shipped.Count > 0 => Return(),
                // The end is of facts alone: a last count would cover up what went wrong before it.
                _ when Facts.Count < factCount - UncountedCount =>
                    SupplyBridgeDriver.Counted(++version, Shelf, through: sequence),
                _ => Move(MovementKind.Received, 1, null),
            });
        }
    }

    /// <summary>What happened, in order.</summary>
    public List<object> Facts { get; } = [];

    /// <summary>What lies there at the end.</summary>
    public long Shelf { get; private set; }

    /// <summary>Units that left for each reservation.</summary>
    public Dictionary<string, long> Shipped { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The facts as they arrive: reordered within some dozens, a few of them much later, one of five twice.
    /// </summary>
    public List<object> Arrivals() =>
    [
        .. Facts.SelectMany((fact, index) => Enumerable.Range(0, random.Next(5) == 0 ? 2 : 1).Select(_ => (
            Fact: fact, At: index + random.Next(40) + (random.Next(25) == 0 ? random.Next(Facts.Count) : 0))))
            .OrderBy(a => a.At).Select(a => a.Fact),
    ];

    /// <summary>Units that a movement puts on the shelf.</summary>
    public static long GainOf(object fact) => fact switch
    {
        WarehouseMovement { Kind: MovementKind.Received or MovementKind.Returned } came => came.Quantity,
        WarehouseMovement { Kind: MovementKind.Adjusted, Quantity: > 0 } adjusted => adjusted.Quantity,
        _ => 0,
    };

    /// <summary>Units that a movement takes from the shelf beside those of reservations.</summary>
    public static long LossOf(object fact) => fact switch
    {
        WarehouseMovement { Kind: MovementKind.Scrapped } scrapped => scrapped.Quantity,
        WarehouseMovement { Kind: MovementKind.Adjusted, Quantity: < 0 } adjusted => -adjusted.Quantity,
        WarehouseMovement { Kind: MovementKind.Shipped, ReservationId: null } lost => lost.Quantity,
        _ => 0,
    };

    private WarehouseMovement Ship()
    {
        if (open.Count == 0)
        {
            return Move(MovementKind.Received, 1, null);
        }
        var index = random.Next(open.Count);
        var (id, left) = open[index];
        var quantity = 1 + random.Next((int)left);
        open[index] = (id, left - quantity);
        if (left == quantity)
        {
            open.RemoveAt(index);
        }
        shipped.AddRange(Enumerable.Repeat(id, quantity));
        Shipped[id] = Shipped.GetValueOrDefault(id) + quantity;
        return Move(MovementKind.Shipped, -quantity, id);
    }

    private WarehouseMovement Return()
    {
        var index = random.Next(shipped.Count);
        var id = shipped[index];
        shipped.RemoveAt(index);
        return Move(MovementKind.Returned, 1, id);
    }

    private WarehouseMovement Move(MovementKind kind, long change, string? reservation)
    {
        Shelf += change;
        Assert.True(Shelf >= 0, "The history takes more than there is: give it a larger opening.");
        return SupplyBridgeDriver.Moved(
            ++sequence, kind, kind == MovementKind.Adjusted ? change : Math.Abs(change), reservation);
    }
}
