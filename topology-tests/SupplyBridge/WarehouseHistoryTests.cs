using System.Globalization;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.SupplyBridge;

/// <summary>
/// A thousand facts of a warehouse, late, doubled and reordered, while shops go on promising: the ledger ends at the
/// shelf, and never promises what nobody could have.
/// </summary>
public sealed class WarehouseHistoryTests
{
    private const string Gearbox = SupplyBridgeDriver.Gearbox;
    private const int FactCount = 1_000;
    private const long Opening = 600;
    private const int ReservationCount = 200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_thousand_facts_end_at_the_shelf_and_promise_nothing_twice(int seed)
    {
        var random = new Random(seed);
        using var bridge = new SupplyBridgeDriver();
        var confirmed = Open(bridge, random);
        var warehouse = new Warehouse(random, Opening, confirmed, FactCount);
        var seen = new Seen(warehouse);

        foreach (var (index, fact) in warehouse.Arrivals().Index())
        {
            bridge.Allocation.Driver.AdvanceWallClock(TimeSpan.FromMilliseconds(random.Next(500)));
            seen.Take(bridge.Tell(fact));
            seen.Take(bridge.Allocation.Send(Gearbox, new AllocationCommandBody.Hold
            {
                ReservationId = $"web-{index}",
                Quantity = 1 + random.Next(4),
                TtlMs = 300_000,
            }));
        }
        bridge.Allocation.Driver.AdvanceWallClock(TimeSpan.FromMinutes(1));
        seen.Take(bridge.Allocation.Outcomes());

        var end = bridge.Allocation.Balances(Gearbox);
        Assert.Equal(warehouse.Shelf, end.Free + end.Held + end.Confirmed + end.Blocked);
        Assert.Equal(warehouse.Shipped.Values.Sum(), seen.Consumed.Values.Sum());
        Assert.All(warehouse.Shipped, s => Assert.Equal(s.Value, seen.Consumed[s.Key]));
        Assert.True(seen.GrantCount > 100, $"Only {seen.GrantCount} holds were granted: this tells nothing.");
        Assert.True(seen.RefusalCount > 100, $"Only {seen.RefusalCount} holds were refused: this tells nothing.");
    }

    private static Dictionary<string, long> Open(SupplyBridgeDriver bridge, Random random)
    {
        bridge.Configure();
        bridge.Tell(SupplyBridgeDriver.Counted(0, Opening, through: 0));
        var confirmed = Enumerable.Range(0, ReservationCount)
            .ToDictionary(n => $"order-{n}/1", _ => 1L + random.Next(3), StringComparer.Ordinal);
        foreach (var (id, units) in confirmed)
        {
            bridge.Promise(id, units);
        }
        return confirmed;
    }

    // What the ledger said so far, against what it was told.
    private sealed class Seen(Warehouse warehouse)
    {
        private readonly HashSet<long> posted = [];
        private long through;

        /// <summary>Units that left for each reservation, by what the ledger knows.</summary>
        public Dictionary<string, long> Consumed { get; } = new(StringComparer.Ordinal);

        public int GrantCount { get; private set; }

        public int RefusalCount { get; private set; }

        public void Take(IReadOnlyList<AllocationOutcome> outcomes)
        {
            foreach (var outcome in outcomes)
            {
                foreach (var after in outcome.After)
                {
                    Consumed[after.ReservationId] = after.Consumed;
                }
                NoteFact(outcome);
                switch (outcome.Event)
                {
                    case AllocationOutcomeEvent.Held:
                        GrantCount++;
                        CheckGrant(outcome);
                        break;
                    case AllocationOutcomeEvent.Rejected rejected:
                        Assert.Equal(ReasonCode.InsufficientAvailability, rejected.Reasons[0].Code);
                        RefusalCount++;
                        break;
                    default:
                        break;
                }
            }
        }

        private void NoteFact(AllocationOutcome outcome)
        {
            if (outcome.Event is AllocationOutcomeEvent.SupplyApplied { Through: { } covered })
            {
                through = Math.Max(through, covered);
            }
            // A count has a v before its number. A consumption that is parked is not posted yet.
            else if (outcome.CommandId is { } id && outcome.Event is not AllocationOutcomeEvent.Parked
                && long.TryParse(id[(id.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture, out var sequence)
                && id.StartsWith("sb/", StringComparison.Ordinal))
            {
                posted.Add(sequence);
            }
        }

        // Whatever is promised or left was there once: at the begin, or it came in, and was not lost. The ledger can
        // only know of what it was told, by itself or inside a count.
        private void CheckGrant(AllocationOutcome grant)
        {
            var known = warehouse.Facts.OfType<WarehouseMovement>()
                .Where(m => m.SourceSequence <= through || posted.Contains(m.SourceSequence)).ToList();
            var there = Opening + known.Sum(Warehouse.GainOf) - known.Sum(Warehouse.LossOf);
            var taken = grant.BalancesAfter.Held + grant.BalancesAfter.Confirmed + Consumed.Values.Sum();
            Assert.True(
                taken <= there,
                $"{grant.PoolId}#{grant.Sequence}: {taken} were promised or left, of {there} that were ever there");
        }
    }
}
