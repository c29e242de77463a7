using System.Text.Json.Nodes;

namespace EndToEnd.Tests.Crashes;

/// <summary>What happened in a warehouse, as lines for its topics, and what lies there at the end.</summary>
internal sealed class WarehouseDay
{
    public const string Source = "wms";
    public const string Reservation = "order-1/1";
    public const int PoolCount = 6;

    /// <summary>Units of a pool that are confirmed for <see cref="Reservation"/>, and leave one by one.</summary>
    public const int Promised = 120;

    private const int FactsPerPool = 400;
    private const int Opening = 600;
    private const string Time = "2026-03-02T08:30:00Z";
    private readonly Random random;
    private readonly Dictionary<string, long> shelves = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> lines = new(StringComparer.Ordinal)
    {
        ["warehouse.movements"] = [],
        ["supply.stock"] = [],
    };

    public WarehouseDay(int seed)
    {
        random = new Random(seed);
        for (var pool = 0; pool < PoolCount; pool++)
        {
            Happen($"parts-{pool}");
        }
    }

    public IEnumerable<string> Pools => shelves.Keys;

    /// <summary>Facts in all.</summary>
    public int FactCount => lines.Values.Sum(l => l.Count);

    /// <summary>Records that <see cref="Told"/> gave in all.</summary>
    public int ToldCount { get; private set; }

    /// <summary>What lies there at the end.</summary>
    public long Shelf(string pool) => shelves[pool];

    /// <summary>All of a topic's facts in an order that nobody knows, some of them twice.</summary>
    public IReadOnlyList<string> Told(string topic)
    {
        var told = lines[topic].Concat(lines[topic].Where(_ => random.Next(4) == 0)).ToArray();
        random.Shuffle(told);
        ToldCount += told.Length;
        return told;
    }

    private void Happen(string pool)
    {
        var shelf = 0L;
        var shipped = 0;
        var returned = 0;
        for (var sequence = 1; sequence <= FactsPerPool; sequence++)
        {
            var (kind, quantity, change) = random.Next(5) switch
            {
                _ when sequence == 1 => ("Received", Opening, Opening),
                0 or 1 when shipped < Promised => ("Shipped", 1, -1),
                2 when returned < shipped => ("Returned", 1, 1),
                3 => ("Adjusted", -2, -2),
                4 => ("Scrapped", 1, -1),
                _ => ("Received", 3, 3),
            };
            shipped += kind == "Shipped" ? 1 : 0;
            returned += kind == "Returned" ? 1 : 0;
            shelf += change;
            Assert.True(shelf >= 0, "The day takes more than there is.");
            lines["warehouse.movements"].Add(new JsonObject
            {
                ["movementId"] = $"m-{sequence}",
                ["poolId"] = pool,
                ["kind"] = kind,
                ["quantity"] = quantity,
                ["reservationId"] = kind is "Shipped" or "Returned" ? Reservation : null,
                ["source"] = Source,
                ["sourceSequence"] = sequence,
                ["occurredAt"] = Time,
            }.ToJsonString());
            if (sequence % 25 == 0)
            {
                lines["supply.stock"].Add(new JsonObject
                {
                    ["poolId"] = pool,
                    ["source"] = Source,
                    ["version"] = sequence,
                    ["quantity"] = shelf,
                    ["through"] = sequence,
                    ["takenAt"] = Time,
                }.ToJsonString());
            }
        }
        shelves[pool] = shelf;
    }
}
