using Alloc.Schemas.Allocation;
using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Model;

/// <summary>
/// The ledger against a second, naive model: scripts of every command, under policies of every kind. What fails is
/// made shorter and printed as a script that a test can take.
/// </summary>
public sealed class ModelPropertyTests
{
    private const string Reclaim = "reclaim";
    private const int ScriptLength = 60;
    public static TheoryData<string> Policies => [.. ModelPolicies.Decided.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Policies))]
    public void No_history_breaks_a_rule(string name)
    {
        var policy = ModelPolicies.Named(name);
        Prop.ForAll(Histories.For(policy, ScriptLength), script => { ModelRun.Check(policy, script); })
            .Check(Properties.Of(800));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Same_log_gives_the_same_bytes_also_after_restarts_in_the_middle(string name)
    {
        var policy = ModelPolicies.Named(name);
        Prop.ForAll(Histories.For(policy, ScriptLength), script =>
        {
            var once = Run(policy, script.Where(l => l != "restart"));
            var restarted = Run(policy, script.SelectMany((l, index) => index % 7 == 3 ? [l, "restart"] : new[] { l }));
            if (!once.Bytes().SequenceEqual(restarted.Bytes()))
            {
                throw new BrokenRuleException("8: same log, same bytes", Difference(once, restarted), script);
            }
        }).Check(Properties.Of(60));
    }

    [Fact]
    public void Preemptor_comes_before_a_waiter_that_only_its_preemption_unblocks() => ModelRun.Check(
        ModelPolicies.Named("everything"),
        "hold r6 4 ttl=9000 class=web customer=bob dealer=nine",
        "snapshot 7 version=4 through=5",
        "hold r4 4 ttl=21000 class=field dealer=seven wait",
        "hold r1 4 ttl=17000 class=field customer=ann wait");

    [Fact]
    public void A_line_passes_a_waiter_whose_quota_the_line_before_it_filled() => ModelRun.Check(
        ModelPolicies.Named("best effort"),
        "hold r6 3 ttl=17000 class=field customer=bob",
        "hold r1 2 + r1x 2 class=gold dealer=seven partial",
        "hold r5 4 ttl=1000 class=web customer=ann dealer=nine wait",
        "hold r3 4 + r3x:web 2 class=gold customer=ann partial");

    [Fact]
    public void A_line_is_overbooked_where_the_line_before_it_took_what_was_kept() => ModelRun.Check(
        ModelPolicies.Named("taking, best effort"),
        "hold r2 2 group=g class=web",
        "hold r6 4 ttl=17000 class=web dealer=seven",
        "hold r1 3 + r1x:web 2 class=gold");

    [Fact]
    public void A_line_is_filled_up_by_overbooking_that_the_minimums_of_all_make_possible() => ModelRun.Check(
        ModelPolicies.Named("taking, best effort"),
        "hold r6 1 ttl=17000 class=field customer=ann dealer=seven wait",
        "hold r5 2 ttl=5000 class=field customer=bob dealer=nine",
        "block 4",
        "hold r2 2 + r2x:web 2 class=gold partial");

    [Fact]
    public void A_confirmation_may_change_who_can_lose_what_was_lent() => ModelRun.Check(
        ModelPolicies.Named("taking"),
        "hold r3 3 + r3x 2 class=field customer=bob dealer=seven",
        "hold r4 1 ttl=1000 class=field dealer=seven",
        "snapshot 5 version=4",
        "hold r5 3 ttl=21000 class=gold customer=ann wait",
        "confirm r3 keep");

    [Fact]
    public void Who_could_preempt_those_before_it_needs_no_preemption_for_units_that_are_there() => ModelRun.Check(
        ModelPolicies.Named("taking"),
        "block 1",
        "hold r1 1 + r1x 2 class=gold customer=bob partial",
        "hold r5 4 ttl=25000 class=web",
        "hold r6 3 ttl=9000 class=gold dealer=nine wait",
        "hold r2 1 ttl=1000 class=gold dealer=nine wait",
        "wait 4382",
        "hold r2 3 ttl=9000 class=web customer=bob",
        "wait 4310",
        "hold r1 3 ttl=1000 class=web customer=ann wait");

    [Fact]
    public void Whom_a_promotion_lets_be_overbooked_comes_before_the_next() => ModelRun.Check(
        ModelPolicies.Named("taking, best effort"),
        "hold r5 3 + r5x 2 class=web partial",
        "wait 60000",
        "hold r2 4 + r2x:web 2 class=gold customer=ann dealer=nine partial",
        "snapshot 7 version=7 through=11",
        "consume r5 4 m5",
        "confirm r5 2",
        "wait 4246",
        "hold r1 3 ttl=1000 class=field customer=bob wait");

    [Fact]
    public void A_part_is_taken_from_though_a_command_waits_for_the_rest() => ModelRun.Check(
        ModelPolicies.Named("preempting"),
        "hold r3 1 group=g class=field dealer=seven",
        "hold r6 4 ttl=25000 class=web dealer=seven",
        "consume r6 4 m11 erp=12",
        "supply 2 erp=14",
        "snapshot 3 version=6 through=13",
        "hold r1 1 ttl=5000 class=field dealer=nine wait",
        "split r6 r6s2=2");

    [Fact]
    public void Overbooking_by_percent_grows_with_a_snapshot_that_frees_nothing() => ModelRun.Check(
        ModelPolicies.Named("curve"),
        "hold r2 4 ttl=1000 class=web dealer=seven wait",
        "supply -3 erp=6",
        "return r4 2 n8 erp=5",
        "hold r5 4 ttl=1000 class=gold dealer=seven",
        "hold r3 4 ttl=17000 class=field wait",
        "snapshot 9 version=4 through=8");

    [Fact]
    public void Histories_reach_every_kind_of_outcome()
    {
        var random = new Random(7);
        var reached = new HashSet<string>();
        foreach (var policy in ModelPolicies.Decided)
        {
            for (var count = 0; count < 60; count++)
            {
                var run = Run(policy, Histories.Write(policy, random, ScriptLength));
                reached.UnionWith(run.Journal.Select(o => o.Event.GetType().Name));
                reached.UnionWith(run.Journal.Where(IsReclaim).Select(_ => Reclaim));
            }
        }

        Assert.True(reached.Remove(Reclaim), "In no history somebody took back what was lent.");
        string[] all = [.. typeof(AllocationOutcomeEvent).GetNestedTypes().Select(t => t.Name)];
        Assert.Equal(ModelPolicies.NotReached.Order(), all.Except(reached).Order());
    }

    [Fact]
    public void Partitions_do_not_see_each_other_whatever_their_order()
    {
        var policy = ModelPolicies.Named("plain");
        Prop.ForAll(Histories.For(policy, ScriptLength), Histories.For(policy, ScriptLength), (one, two) =>
        {
            var (first, second) = (new LedgerRun(policy.Write()), new LedgerRun(policy.Write()));
            for (var index = 0; index < Math.Max(one.Length, two.Length); index++)
            {
                if (index < two.Length)
                {
                    second.Run(new ScriptLine(two[index]));
                }
                if (index < one.Length)
                {
                    first.Run(new ScriptLine(one[index]));
                }
            }

            return first.Bytes().SequenceEqual(Run(policy, one, isSetUp: false).Bytes())
                && second.Bytes().SequenceEqual(Run(policy, two, isSetUp: false).Bytes());
        }).Check(Properties.Of(60));
    }

    private static bool IsReclaim(AllocationOutcome outcome) =>
        outcome.Event is AllocationOutcomeEvent.Preempted && outcome.Decision.Any(
            s => s.Rule == DecisionRule.Preemption && s.Row.StartsWith("quota/", StringComparison.Ordinal));

    private static LedgerRun Run(NaivePolicy policy, IEnumerable<string> script, bool isSetUp = true)
    {
        var run = new LedgerRun(policy.Write());
        string[] setUp = isSetUp ? ["configure service=60000", "supply 10 erp=1"] : [];
        foreach (var line in setUp.Concat(script))
        {
            run.Run(new ScriptLine(line));
        }
        return run;
    }

    private static string Difference(LedgerRun one, LedgerRun two)
    {
        var (left, right) = (one.Journal, two.Journal);
        for (var index = 0; index < Math.Min(left.Count, right.Count); index++)
        {
            if (left[index].ToString() != right[index].ToString())
            {
                return $"{left[index]}\nother:\n{right[index]}";
            }
        }
        return $"{left.Count} and {right.Count} outcomes";
    }
}
