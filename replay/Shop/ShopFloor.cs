using System.Globalization;
using Alloc.Schemas.Allocation;

namespace Alloc.Replay.Shop;

/// <summary>What the orders of a shop share.</summary>
/// <param name="World">What it lives in.</param>
/// <param name="Seed">Draws how long each step takes.</param>
internal sealed record ShopFloor(IShopWorld World, long Seed)
{
    private readonly Seeded seeded = new(Seed);

    /// <summary>The warehouse.</summary>
    public Warehouse Warehouse { get; } = new(World);

    /// <summary>What must be found.</summary>
    public ShopTruth Truth { get; } = new();

    /// <summary>The longest that a step takes, in milliseconds.</summary>
    public int LongestStepMs { get; init; } = 4_000;

    /// <summary>How long a hold lives that nobody comes back to.</summary>
    public TimeSpan AbandonedTtl { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Answers of the ledger that the shop did not reckon with, by name.</summary>
    public SortedDictionary<string, long> Unexpected { get; } = new(StringComparer.Ordinal);

    /// <summary>What became of the orders, by name.</summary>
    public SortedDictionary<string, long> Ended { get; } = new(StringComparer.Ordinal);

    /// <summary>When the shop opened, milliseconds since 1970 UTC.</summary>
    public long StartMs { get; set; }

    /// <summary>What owners do about what no rule repairs, once they are told.</summary>
    public List<Action> Resolutions { get; } = [];

    /// <summary>Orders that came and did not end.</summary>
    public long UnderWay { get; set; }

    /// <summary>How long a step takes, in milliseconds: at least a fortieth of the longest.</summary>
    public long DelayOf(string step) => seeded.Next("delay/" + step, LongestStepMs) + (LongestStepMs / 40);

    /// <summary>A number from 0 (inclusive) to a bound (exclusive), always the same for a name.</summary>
    public int Draw(string name, int bound) => seeded.Next(name, bound);

    /// <summary>An answer that the shop did not reckon with.</summary>
    public void Wonder(string asked, AllocationOutcome outcome)
    {
        var why = outcome.Event is AllocationOutcomeEvent.Rejected { Reasons: [var reason, ..] }
            ? $" {reason.Code}" : "";
        var name = $"{asked}: {outcome.Event.GetType().Name}{why}";
        Unexpected[name] = Unexpected.GetValueOrDefault(name) + 1;
    }

    /// <summary>A fact of the warehouse is missing: the next one tells that it is.</summary>
    public void MissFact(ShopFault fault, string poolId, long sequence)
    {
        var text = sequence.ToString(CultureInfo.InvariantCulture);
        Truth.Expect(fault, "SupplyGap", $"{poolId}/{Warehouse.Source}/{text}-{text}");
        Warehouse.Receive(poolId, $"after-{text}", 1);
    }

    /// <summary>An order ended.</summary>
    public void End(string how)
    {
        UnderWay--;
        Ended[how] = Ended.GetValueOrDefault(how) + 1;
    }
}
