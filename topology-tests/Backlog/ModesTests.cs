using Alloc.Processors.Backlog.Merging;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>Degraded modes: thresholds, dwell, and a person who knows better.</summary>
public sealed class ModesTests : IDisposable
{
    private readonly BacklogDriver backlog = new();

    public ModesTests() => backlog.Apply(FraudSlow.Catalogue);

    public void Dispose() => backlog.Dispose();

    public static TheoryData<string, double[], bool[]> Histories => new()
    {
        // One measure a minute: on at 0.2, off below 0.05, for five minutes at least.
        { "on at the threshold", [0.1, 0.2], [false, true] },
        { "between both it stays", [0.1, 0.19, 0.25, 0.1, 0.05], [false, false, true, true, true] },
        {
            "off below the lower one, after the dwell", [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.04],
            [true, true, true, true, true, true, false]
        },
        { "no sooner than the dwell", [0.3, 0, 0, 0, 0, 0, 0], [true, true, true, true, true, false, false] },
        {
            "nor on again sooner", [0.3, 0, 0, 0, 0, 0, 0.3, 0.3, 0.3, 0.3, 0.3],
            [true, true, true, true, true, false, false, false, false, false, true]
        },
        { "for ever is above everything", [double.PositiveInfinity], [true] },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void A_mode_follows_its_measure(string what, double[] measures, bool[] expected)
    {
        var memory = Unused;
        var stands = new List<bool>();
        for (var minute = 0; minute < measures.Length; minute++)
        {
            memory = ModeAutomaton.Next(Row, memory, measures[minute], isBarred: false, Minute(minute));
            stands.Add(memory.On);
        }

        Assert.True(expected.SequenceEqual(stands), $"{what}: {string.Join(", ", stands)}");
    }

    [Fact]
    public void A_measure_that_is_not_known_changes_nothing()
    {
        var on = ModeAutomaton.Next(Row, Unused, 1, isBarred: false, Minute(0));

        Assert.Equal(on, ModeAutomaton.Next(Row, on, null, isBarred: false, Minute(60)));
    }

    [Fact]
    public void A_mode_in_the_way_keeps_another_from_beginning_and_not_from_ending()
    {
        var barred = ModeAutomaton.Next(Row, Unused, 1, isBarred: true, Minute(0));
        Assert.False(barred.On);
        Assert.True(ModeAutomaton.Next(Row, barred, 1, isBarred: false, Minute(1)).On);

        var on = ModeAutomaton.Next(Row, Unused, 1, isBarred: false, Minute(0));
        Assert.False(ModeAutomaton.Next(Row, on, 0, isBarred: true, Minute(6)).On);
    }

    [Fact]
    public void A_persons_switch_counts_until_the_episode_ends()
    {
        var on = ModeAutomaton.Next(Row, Unused, 0.3, isBarred: false, Minute(0));
        var off = ModeAutomaton.Switch(on, false, "kim", "we know", Minute(1));
        Assert.False(ModeAutomaton.Next(Row, off, 0.9, isBarred: false, Minute(30)).On);

        var ended = ModeAutomaton.Next(Row, off, 0.01, isBarred: false, Minute(31));
        Assert.Null(ended.Person);

        var again = ModeAutomaton.Next(Row, ended, 0.3, isBarred: false, Minute(40));
        Assert.True(again.On);
        Assert.Equal(on.Episode + 1, again.Episode);
    }

    [Fact]
    public void A_person_may_switch_on_before_it_is_needed_and_it_ends_with_the_need()
    {
        var on = ModeAutomaton.Switch(Unused, true, "kim", "soon", Minute(0));
        var quiet = ModeAutomaton.Next(Row, on, 0, isBarred: false, Minute(30));
        Assert.True(quiet.On);

        var needed = ModeAutomaton.Next(Row, quiet, 0.5, isBarred: false, Minute(40));
        var over = ModeAutomaton.Next(Row, needed, 0, isBarred: false, Minute(60));

        Assert.False(over.On);
    }

    /// <summary>It said 1970 of a mode that had never been on.</summary>
    [Fact]
    public void What_a_person_leaves_as_it_is_stands_so_since_it_was_switched_or_since_she_said_so()
    {
        var asked = ModeAutomaton.Switch(Unused, false, "kim", "not today", Minute(3));
        var again = ModeAutomaton.Switch(asked, false, "lee", "nor tomorrow", Minute(5));
        var on = ModeAutomaton.Switch(again, true, "lee", "now", Minute(7));

        Assert.Equal((Minute(3), Minute(3), Minute(7)), (asked.SinceMs, again.SinceMs, on.SinceMs));
    }

    [Fact]
    public void A_switch_says_its_measure_and_what_it_changes_and_commands_every_partition_of_the_ledger()
    {
        Breach();

        var state = Assert.Single(backlog.Modes());
        Assert.Equal((FraudSlow.Id, true, Fraud, true), (state.Mode, state.On, state.StageId, state.Decided));
        Assert.Equal(1, state.Value);
        Assert.Contains("live longer", state.Changes, StringComparison.Ordinal);
        Assert.Contains("breachedShare of AwaitingFraudDecision is 1", state.Reason, StringComparison.Ordinal);
        var commands = backlog.Commands();
        Assert.Equal(2, commands.Count);
        Assert.Equal(2, commands.Select(c => c.CommandId).Distinct().Count());
        Assert.All(commands, c => Assert.Equal("$mode", c.PoolId));
        Assert.All(commands, c => Assert.Equal(FraudSlow.Id, ((AllocationCommandBody.ModeSwitch)c.Body).Mode));
    }

    [Fact]
    public void An_operator_switches_it_off_and_it_stays_off_though_the_stage_stays_slow()
    {
        Breach();
        backlog.Modes();
        backlog.Commands();

        backlog.Switch(FraudSlow.Id, false, "kim", "customers rather wait");
        backlog.Pass(TimeSpan.FromMinutes(20));

        var states = backlog.Modes().Where(m => m.Decided).ToList();
        Assert.Equal((false, "kim", "customers rather wait"), (
            Assert.Single(states).On, states[0].Person, states[0].Reason));
        Assert.All(backlog.Commands(), c => Assert.Equal(("kim", ActorType.Operator), (c.Actor.Id, c.Actor.Type)));
    }

    [Fact]
    public void Who_asks_for_an_unknown_mode_or_asks_as_nobody_gets_a_dead_letter()
    {
        backlog.Switch("no-such-mode", true, "kim");
        backlog.Switch(FraudSlow.Id, true, null);

        var letters = backlog.DeadLetters();
        Assert.Contains("has no mode 'no-such-mode'", letters[0], StringComparison.Ordinal);
        Assert.Contains("nobody asks for mode 'fraud-slow'", letters[1], StringComparison.Ordinal);
        Assert.Empty(backlog.Commands());
    }

    [Fact]
    public void Who_asks_for_a_mode_while_another_acts_on_its_pools_is_told_which_and_what_to_do()
    {
        var row = Row with { Effect = DegradedEffect.RejectHolds, CapMs = null };
        backlog.Apply(OperationsCatalogue.Shipped with
        {
            Version = 2,
            Modes =
            [
                row with { Id = "first", Pools = [new("a-*")] },
                row with { Id = "second", Pools = [new("a-1"), new("b-*")] },
                row with { Id = "elsewhere", Pools = [new("c-*")] },
                row with { Id = "review", Effect = DegradedEffect.ManualReview },
            ],
        });
        foreach (var mode in new[] { "second", "elsewhere", "review" })
        {
            backlog.Switch(mode, true, "kim");
        }
        Assert.Equal(["second", "elsewhere", "review"], backlog.Modes().Where(m => m.Decided).Select(m => m.Mode));

        // An earlier row is no better: who is on stays.
        backlog.Switch("first", true, "kim");
        Assert.Contains(
            "mode 'first' cannot be on: mode 'second' is, and never do two act on one pool; switch 'second' off first",
            Assert.Single(backlog.DeadLetters()), StringComparison.Ordinal);
        Assert.DoesNotContain(backlog.Modes(), m => m.Decided);

        backlog.Switch("second", true, "kim", "still");
        backlog.Switch("second", false, "kim");
        backlog.Switch("first", true, "kim");
        Assert.Equal(
            [("second", true), ("second", false), ("first", true)],
            backlog.Modes().Where(m => m.Decided).Select(m => (m.Mode, m.On)));
        Assert.Empty(backlog.DeadLetters());
    }

    [Fact]
    public void An_effect_on_workflows_is_told_and_commands_nobody()
    {
        for (var n = 0; n < 30; n++)
        {
            backlog.Enter($"o{n}", Payment);
        }
        backlog.Pass(TimeSpan.FromMinutes(11));

        Assert.Equal("laterAuthorization", Assert.Single(backlog.Modes()).Effect);
        Assert.Empty(backlog.Commands());
    }

    [Fact]
    public void Of_a_few_items_no_share_is_taken()
    {
        for (var n = 0; n < 19; n++)
        {
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(20));

        Assert.Empty(backlog.Modes());
    }

    private static ModeRow Row { get; } = FraudSlow.Row with
    {
        OnAt = 0.2,
        OffAt = 0.05,
        MinimumDwell = TimeSpan.FromMinutes(5),
    };

    private static ModeMemory Unused { get; } = new() { On = false, SinceMs = 0, Episode = 0, IsNeeded = false };

    private static long Minute(int minute) => StartMs + minute * 60_000L;

    private void Breach()
    {
        for (var n = 0; n < 30; n++)
        {
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(16));
    }
}
