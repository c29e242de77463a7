using System.Globalization;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Reconciliation;

/// <summary>Sequences that are missing: which of them stand, whatever comes late, is counted, or never comes.</summary>
public sealed class SupplyGapTests
{
    private static readonly string[] Pools = [World.Pool, "parts-7/gear"];
    private static readonly string[] Sources = ["erp", "gear"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_stands_is_what_a_look_at_all_of_it_for_each_fact_would_leave(int seed)
    {
        using var world = new World();
        var random = new Random(seed);
        foreach (var pool in Pools)
        {
            world.Stock(1_000, pool);
        }
        var highest = new Dictionary<(string, string), long>();
        var mostAtOnce = 0;

        for (var step = 0; step < 400; step++)
        {
            Step(world, random, highest);
            if (step % 10 == 0)
            {
                var expected = Naive(world);
                mostAtOnce = Math.Max(mostAtOnce, expected.Count);
                Assert.Equal(expected, Gaps(world));
            }
        }

        Assert.Equal(Naive(world), Gaps(world));
        Assert.InRange(mostAtOnce, 10, int.MaxValue);
        Assert.InRange(Ended(world), 10, int.MaxValue);
    }

    [Fact]
    public void A_fact_of_a_pool_ends_nothing_of_another_pool_whose_name_begins_with_it_and_the_source()
    {
        using var world = new World();
        world.Stock(10, Pools[0]);
        world.Stock(10, Pools[1]);
        Send(world, Pools[1], "erp", 4);
        world.Pass(TimeSpan.FromHours(2), 60);
        var found = Gaps(world);

        Send(world, Pools[0], "gear", 1);
        Send(world, Pools[0], "gear", 2);

        Assert.Equal(["SupplyGap parts-7/gear/erp/2-3"], found);
        Assert.Equal(found, Gaps(world));
    }

    private static void Step(World world, Random random, Dictionary<(string, string), long> highest)
    {
        var (pool, source) = (Pools[random.Next(2)], Sources[random.Next(2)]);
        var known = highest.GetValueOrDefault((pool, source), 1);
        switch (random.Next(10))
        {
            case 0:
                world.Pass(TimeSpan.FromHours(1), 600);
                break;
            case 1 when source == "erp":
                world.Send(
                    new AllocationCommandBody.SupplySnapshot
                    {
                        Source = source,
                        Version = world.NowMs,
                        Quantity = 1_000,
                        Through = random.Next(1, (int)known + 2),
                    }, pool: pool);
                break;
            case < 5:
                Send(world, pool, source, random.Next(1, (int)known + 1));
                break;
            default:
                known += random.Next(1, 5);
                Send(world, pool, source, known);
                highest[(pool, source)] = known;
                break;
        }
    }

    private static void Send(World world, string pool, string source, long sequence) => world.Send(
        new AllocationCommandBody.SupplyDelta { Source = source, SourceSequence = sequence, Quantity = 1 },
        pool: pool);

    private static List<string> Gaps(World world) =>
        [.. world.Standing().Where(m => m.StartsWith("SupplyGap", StringComparison.Ordinal)).Order(
            StringComparer.Ordinal)];

    private static int Ended(World world) => Outcomes(world).Count(o => o.Event is AllocationOutcomeEvent.SupplyGap)
        - Naive(world).Count;

    private static List<string> Naive(World world)
    {
        var standing = new HashSet<(string Pool, string Source, long From, long To)>();
        foreach (var outcome in Outcomes(world).Where(o => o.DuplicateOf is null))
        {
            foreach (var mark in outcome.SupplySources)
            {
                standing.RemoveWhere(g => g.Pool == outcome.PoolId && g.Source == mark.Source
                    && !mark.Missing.Any(m => m.From <= g.To && m.To >= g.From));
            }
            if (outcome.Event is AllocationOutcomeEvent.SupplyGap gap)
            {
                standing.Add((outcome.PoolId, gap.Source, gap.From, gap.To));
            }
        }
        return
        [
            .. standing.Select(g => string.Create(
                CultureInfo.InvariantCulture, $"SupplyGap {g.Pool}/{g.Source}/{g.From}-{g.To}"))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<AllocationOutcome> Outcomes(World world) =>
        world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic)
            .Select(r => world.Ledger.Serdes.Outcomes.Deserialize(r.Value));
}
