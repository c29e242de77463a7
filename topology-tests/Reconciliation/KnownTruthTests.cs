using Alloc.Processors.Catalogue;
using Alloc.Replay.Shop;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>Everything that is wrong is found, and nothing else: measured against a truth that is known.</summary>
public sealed class KnownTruthTests
{
    private static readonly ShopFault[] All = [.. ShopFaults.OfOrders, .. ShopFaults.OfLines];

    public static TheoryData<string> EachFault => [.. All.Select(f => f.ToString())];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_day_without_a_fault_opens_nothing(int seed)
    {
        using var world = Open();
        var day = new OrderDay(world, seed, 200, 0);

        day.Run();

        Assert.Empty(Found(world));
        Assert.Equal(0, day.FaultCount);
        Assert.Empty(day.Unexpected);
    }

    [Theory]
    [MemberData(nameof(EachFault))]
    public void Each_kind_of_fault_is_found_every_time_and_nothing_is_invented(string fault)
    {
        using var world = Open();
        var day = new OrderDay(world, 7, 60, 0.1, Enum.Parse<ShopFault>(fault));

        day.Run();

        Assert.InRange(day.FaultCount, 1, 30);
        Assert.Equal(Text(day.Truth), Text(Found(world)));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void All_kinds_at_once_are_found_after_kills_at_any_moment_too(int seed)
    {
        using var world = Open();
        var random = new Random(seed);
        world.Driver.CommitsEachRecord = false;
        var kills = 0;
        var day = new OrderDay(world, seed, 150, 0.2, All)
        {
            EachSecond = () =>
            {
                switch (random.Next(40))
                {
                    case 0:
                        world.Driver.Kill();
                        kills++;
                        break;
                    case 1:
                        world.Driver.Commit();
                        world.Driver.RestartFromJournal();
                        break;
                    case < 20:
                        world.Driver.Commit();
                        break;
                    default:
                        break;
                }
            },
        };

        day.Run();
        world.Driver.Commit();

        Assert.InRange(day.FaultCount, 15, 60);
        Assert.InRange(kills, 5, 100);
        Assert.Equal(Text(day.Truth), Text(Found(world)));
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void All_kinds_are_found_and_nothing_else_where_tolerances_follow_the_lag(int seed)
    {
        using var world = Open(follows: true);
        var day = new OrderDay(world, seed, 400, 0.05, All);

        day.Run();

        Assert.InRange(day.FaultCount, 10, 60);
        Assert.Equal(Text(day.Truth), Text(Found(world)));
    }

    private static string Text(IEnumerable<string> mismatches) => string.Join('\n', mismatches);

    private static World Open(bool follows = false)
    {
        var world = new World();
        world.Apply(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Effects = [new EffectRow("ship", "Confirmed", ["warehouse"], TimeSpan.FromMinutes(2))],
            Classes = new([.. OperationsCatalogue.Shipped.Classes.Select(
                row => follows && LagFollowing.Measured.Contains(row.Class)
                    ? row with { Follows = LagFollowing.Widest } : row)]),
        });
        world.Stock(100_000);
        world.Move("first", MovementKind.Shipped, 1);
        world.Consume("first", 1, "first");
        world.Send(
            new AllocationCommandBody.SupplyDelta { Source = Warehouse.Source, SourceSequence = 1, Quantity = 1 });
        return world;
    }

    // The order in which they are found is not asked for. The walk-in that wakes the comparison of goods is expected.
    private static SortedSet<string> Found(World world) =>
        new(world.Mismatches().Where(m => !m.EndsWith("/first", StringComparison.Ordinal)), StringComparer.Ordinal);
}
