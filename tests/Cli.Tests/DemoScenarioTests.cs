using Alloc.Cli.Demo;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Cli.Tests;

public sealed class DemoScenarioTests
{
    private static readonly Dictionary<string, DemoLeftovers> Nothing = [];

    public static TheoryData<string> Stories => [.. DemoScenario.Names];

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_story_has_a_valid_policy_and_shares_that_add_up(string name)
    {
        var story = DemoScenario.Find(name)!;

        Assert.Equal(1, story.Customers.Sum(c => c.Share), 6);
        Assert.Equal(1, story.Pools.Sum(p => p.Share), 6);
        if (story.Policy is { } policy)
        {
            var reading = PolicyDocument.ParseAny(DemoPolicy.Text(policy), PolicyVersions.Version0);
            Assert.True(reading.Policy is not null, string.Join('\n', reading.Errors.Select(e => e.Show())));
            var modes = story.Catalogue is { } catalogue ? DemoCatalogue.Of(catalogue).Modes : [];
            Assert.Equal(
                story.Pools.Select(p => p.Id),
                story.Pools.Where(p => reading.Policy.QuotasFor(p.Id).Length > 0
                    || reading.Policy.OverbookingFor(p.Id) is not null
                    || modes.Any(m => !m.Concerns(p.Id) || reading.Policy.ModeFor(p.Id, m.Id) is not null))
                    .Select(p => p.Id));
        }
    }

    [Fact]
    public void On_the_busiest_day_fraud_is_slow_for_long_enough_that_its_mode_comes_on_and_holds_expire()
    {
        var story = DemoScenario.Find("black-friday")!;
        var catalogue = DemoCatalogue.Of(story.Catalogue!);
        var fraud = story.Stages.Single(s => s.SlowShare < 1);
        var slowMs = fraud.SlowToMs - fraud.SlowFromMs;

        var mode = Assert.Single(catalogue.Modes);
        Assert.Equal(fraud.Id, mode.Stage);
        Assert.Equal(story.Stages.Select(s => s.Id), catalogue.Stages.Select(s => s.Id));
        Assert.InRange(catalogue.Stage(fraud.Id)!.Sla.TotalMilliseconds, 1, slowMs / 2);
        Assert.InRange(mode.MinimumDwell.TotalMilliseconds, 1, slowMs / 2);
        Assert.InRange(story.HoldMs, catalogue.Stage(fraud.Id)!.Sla.TotalMilliseconds + 1, slowMs - 5_000);
        Assert.Contains(story.Pools, p => mode.Concerns(p.Id));
        Assert.Contains(story.Pools, p => !mode.Concerns(p.Id));
        Assert.InRange(fraud.PeriodMs, 2 * fraud.SlowToMs, 120_000);
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public void Every_kind_of_customer_of_a_story_comes(string name)
    {
        var story = DemoScenario.Find(name)!;
        var script = new DemoScript(story, 1, startMs: 1_000, Nothing);

        var holds = script.Next(1_000, 400).Where(c => c.Body is AllocationCommandBody.Hold).ToList();

        foreach (var customer in story.Customers)
        {
            Assert.Contains(holds, c => c.Actor.Channel == customer.Channel && c.Actor.Tier == customer.Tier
                && ((AllocationCommandBody.Hold)c.Body).Attributes.SequenceEqual(customer.Attributes));
        }
    }

    [Fact]
    public void A_policy_is_put_in_force_in_every_partition_with_a_command_of_its_own()
    {
        var activations = DemoPolicy.Activations("quota", partitionCount: 3, nowMs: 5).ToList();

        Assert.Equal([0, 1, 2], activations.Select(a => a.Partition));
        Assert.Equal(3, activations.DistinctBy(a => a.Command.CommandId).Count());
        Assert.All(activations, a => Assert.Equal("$policy", a.Command.PoolId));
    }
}
