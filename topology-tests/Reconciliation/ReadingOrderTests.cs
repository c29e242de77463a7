using Alloc.Processors.Catalogue;
using Alloc.Replay.Shop;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// Which topic is read first is chance: after a restart, behind a slow partition, in a rebuild. What is found does not
/// depend on it.
/// </summary>
public sealed class ReadingOrderTests
{
    private const StringComparison Exact = StringComparison.Ordinal;
    private static readonly TimeSpan LongerThanTolerated = TimeSpan.FromMinutes(17);

    public static TheoryData<string> EachInput
    {
        get
        {
            using var world = new World();
            return [.. Inputs(world)];
        }
    }

    [Theory]
    [MemberData(nameof(EachInput))]
    public void A_topic_that_is_read_late_opens_nothing(string topic)
    {
        using var world = Open();
        var seconds = 0;
        var day = new OrderDay(world, 5, 100, 0)
        {
            EachSecond = () => Turn(world, topic, ++seconds),
        };

        day.Run();

        Assert.Empty(world.Mismatches());
    }

    [Theory]
    [MemberData(nameof(EachInput))]
    public void A_topic_that_is_read_late_hides_nothing_and_invents_nothing(string topic)
    {
        using var world = Open();
        var seconds = 0;
        var day = new OrderDay(world, 6, 100, 0.2, [.. ShopFaults.OfOrders, .. ShopFaults.OfLines])
        {
            EachSecond = () => Turn(world, topic, ++seconds),
        };

        day.Run();
        world.Driver.ResumeInput(topic);
        world.Pass(LongerThanTolerated + TimeSpan.FromMinutes(3), 5);

        Assert.InRange(day.FaultCount, 10, 40);
        Assert.Equal(Text(day.Truth), Text(world.Mismatches()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void All_is_found_and_nothing_else_whatever_is_read_first_after_each_kill(int seed)
    {
        using var world = Open();
        var random = new Random(seed);
        var inputs = Inputs(world);
        world.Driver.CommitsEachRecord = false;
        var day = new OrderDay(world, seed, 100, 0.2, [.. ShopFaults.OfOrders, .. ShopFaults.OfLines])
        {
            EachSecond = () =>
            {
                switch (random.Next(20))
                {
                    case 0:
                        foreach (var topic in inputs)
                        {
                            world.Driver.PauseInput(topic);
                        }
                        world.Driver.Kill();
                        break;
                    case < 8:
                        world.Driver.ResumeInput(inputs[random.Next(inputs.Length)]);
                        break;
                    case < 12:
                        world.Driver.Commit();
                        break;
                    default:
                        break;
                }
            },
        };

        day.Run();
        foreach (var topic in inputs.OrderBy(_ => random.Next()))
        {
            world.Driver.ResumeInput(topic);
        }
        world.Driver.Commit();
        world.Pass(LongerThanTolerated + TimeSpan.FromMinutes(3), 5);

        Assert.InRange(day.FaultCount, 10, 40);
        Assert.Equal(Text(day.Truth), Text(world.Mismatches()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_day_that_is_read_again_from_the_beginning_opens_the_same_mismatches_under_the_same_names(bool atOnce)
    {
        using var world = Open();
        var day = new OrderDay(world, 9, 150, 0.2, [.. ShopFaults.OfOrders, .. ShopFaults.OfLines]);
        day.Run();
        var first = world.Differences();

        var again = world.ReadAgain([.. Inputs(world), world.Options.PoolControlTopic], atOnce);

        Assert.InRange(day.FaultCount, 15, 60);
        Assert.Equal(Standing(first), Standing(again));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_first_movement_of_a_pool_pairs_with_what_was_read_or_booked_before_it(bool isBookedFirst)
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 2, "o-1");
        world.Confirm("r");
        world.Driver.PauseInput(world.Options.MovementTopic);
        if (isBookedFirst)
        {
            world.Consume("r", 1, "m-1");
            world.Pass(TimeSpan.FromSeconds(20));
            world.Move("m-1", MovementKind.Shipped, 1, "r");
        }
        else
        {
            world.Move("m-1", MovementKind.Shipped, 1, "r");
            world.Consume("r", 1, "m-1");
        }
        world.Driver.ResumeInput(world.Options.MovementTopic);

        world.Pass(LongerThanTolerated, 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void What_was_booked_after_the_first_movement_of_a_pool_and_read_before_it_is_compared()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 3, "o-1");
        world.Confirm("r");
        world.Consume("r", 1, "m-0");
        world.Pass(TimeSpan.FromSeconds(5));
        world.Driver.PauseInput(world.Options.MovementTopic);
        world.Move("m-1", MovementKind.Shipped, 1, "r");
        world.Consume("r", 1, "m-1");
        world.Consume("r", 1, "m-2");
        world.Driver.ResumeInput(world.Options.MovementTopic);

        world.Pass(LongerThanTolerated, 5);

        Assert.Equal(["OrphanConsume parts-7/m-2"], world.Mismatches());
    }

    [Fact]
    public void A_movement_that_comes_days_after_what_was_booked_pairs_and_one_after_a_week_stands_alone()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold("r", 2, "o-1");
        world.Confirm("r");
        world.Consume("r", 1, "m-1");
        world.Consume("r", 1, "m-2");

        world.Pass(TimeSpan.FromDays(6), 3_600);
        world.Move("m-1", MovementKind.Shipped, 1, "r");
        world.Pass(TimeSpan.FromDays(2), 3_600);
        var before = world.Mismatches();
        world.Move("m-2", MovementKind.Shipped, 1, "r");
        world.Pass(LongerThanTolerated, 5);

        Assert.Empty(before);
        Assert.Equal(["ConfirmedNotConsumed parts-7/m-2"], world.Mismatches());
    }

    [Fact]
    public void What_a_service_owed_before_a_catalogue_and_is_read_after_it_is_owed_still()
    {
        using var world = Open();
        world.Driver.PauseInput(world.Options.OutcomeTopic);
        world.Hold("r", 1, "o-1");
        world.Confirm("r");
        world.Pass(TimeSpan.FromSeconds(10));
        world.Apply(WithEffects(2, ["warehouse", "mail"]));
        world.Driver.ResumeInput(world.Options.OutcomeTopic);
        world.Driver.RestartFromJournal();

        world.Pass(TimeSpan.FromMinutes(4), 5);
        var found = world.Mismatches();
        world.Apply(WithEffects(3, ["mail"]));
        world.Pass(TimeSpan.FromSeconds(10));
        world.Driver.PauseInput(world.Options.OutcomeTopic);
        world.Hold("r-2", 1, "o-2");
        world.Confirm("r-2");
        world.Pass(TimeSpan.FromSeconds(10));
        world.Apply(WithEffects(4, ["warehouse", "mail"]));
        world.Driver.ResumeInput(world.Options.OutcomeTopic);
        world.Pass(TimeSpan.FromMinutes(4), 5);

        Assert.Equal("MissedEvent parts-7#5/warehouse", Text(found.Where(m => m.StartsWith("Missed", Exact))));
        Assert.Equal(
            "MissedEvent parts-7#5/warehouse\nMissedEvent parts-7#7/mail",
            Text(world.Mismatches().Where(m => m.StartsWith("Missed", Exact))));
    }

    // It is read for a moment each five minutes.
    private static void Turn(World world, string topic, int second)
    {
        if (second % 300 == 0)
        {
            world.Driver.ResumeInput(topic);
        }
        world.Driver.PauseInput(topic);
    }

    private static string[] Inputs(World world) =>
    [
        world.Options.CommandTopic, world.Options.CommandDeadLetterTopic, world.Options.OutcomeTopic,
        world.Options.ReceiptTopic, world.Options.MovementTopic, world.Options.ByOrderTopic, world.Options.OrderTopic,
        world.Options.PaymentTopic,
    ];

    private static string Standing(IEnumerable<Difference> differences) => Text(differences
        .Where(d => d.Kind == DifferenceKind.Stands).Select(d => $"{d.MismatchId} {d.Scope!.Id}"));

    private static World Open()
    {
        var world = new World();
        world.Apply(WithEffects(1, ["warehouse"]));
        world.Stock(100_000);
        world.Send(
            new AllocationCommandBody.SupplyDelta { Source = Warehouse.Source, SourceSequence = 1, Quantity = 1 });
        return world;
    }

    private static OperationsCatalogue WithEffects(int version, string[] services) => OperationsCatalogue.Shipped with
    {
        Version = version,
        Effects = [new EffectRow("ship", "Confirmed", [.. services], TimeSpan.FromMinutes(2))],
    };

    private static string Text(IEnumerable<string> mismatches) =>
        string.Join('\n', new SortedSet<string>(mismatches, StringComparer.Ordinal));
}
