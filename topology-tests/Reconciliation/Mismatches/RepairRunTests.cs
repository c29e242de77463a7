using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Reconciliation;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>When repairs are sent, and how many.</summary>
public sealed class RepairRunTests : IDisposable
{
    private readonly MismatchDriver keeper = new();

    public void Dispose() => keeper.Dispose();

    [Fact]
    public void A_run_sends_as_many_of_a_class_as_its_row_says_and_the_next_one_the_rest()
    {
        keeper.Apply(With(MismatchClass.ExpiryNotReleased, r => r with { RepairCap = 3 }));
        Open(5, Late, Tick());
        Open(2, "UnansweredCommand", Tick());

        keeper.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal((3, 2), (SentOf(Late), SentOf("UnansweredCommand")));
        Assert.Equal(["m0", "m1", "m2"], Sent().Where(e => e.Class == Late).Select(e => e.MismatchId[..2]));

        keeper.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(5, SentOf(Late));
    }

    [Fact]
    public void A_hundred_records_a_second_are_sent_at_most()
    {
        keeper.Apply(With(MismatchClass.ExpiryNotReleased, r => r with { RepairCap = 1_000 }));
        Open(350, Late, Tick());
        keeper.Pass(TimeSpan.FromSeconds(65));

        Assert.Equal(350, keeper.Commands().Count);
        var times = keeper.Commands().Select(c => c.IssuedAtMs).ToList();
        foreach (var from in times)
        {
            Assert.InRange(times.Count(t => t >= from && t < from + 1_000), 1, 100);
            Assert.InRange(times.Count(t => t == from), 1, 10);
        }
        Assert.InRange(times[^1] - times[0], 3_300, 3_700);
    }

    [Fact]
    public void A_repair_of_many_records_uses_up_their_share()
    {
        for (var n = 0; n < 20; n++)
        {
            var id = $"m{n:00}";
            keeper.Say(Stands(id, "DualWriter", new RepairFacts
            {
                Kind = RepairKind.Freeze,
                PoolId = "p1",
                Epoch = 1,
            }));
            keeper.Decide(id, DecisionKind.Approve, "anna");
            keeper.Decide(id, DecisionKind.Approve, "ben");
        }
        keeper.Pass(TimeSpan.FromSeconds(62));

        Assert.Equal(60, keeper.Commands().Count);
        var times = keeper.Commands().Select(c => c.IssuedAtMs).ToList();
        Assert.InRange(times[^1] - times[0], 400, 700);
    }

    [Theory]
    [InlineData("*", null, null, null, 6, 1)]
    [InlineData("p1", null, null, null, 6, 1)]
    [InlineData("o1", null, null, null, 4, 0)]
    [InlineData("m2", null, null, null, 1, 0)]
    [InlineData("*", Zombie, null, null, 4, 0)]
    [InlineData("*", null, 2, null, 2, 1)]
    [InlineData("*", null, null, 5_000L, 2, 0)]
    [InlineData("nothing", null, null, null, 0, 0)]
    public void A_run_approves_what_one_person_may_and_asks_a_second_for_the_rest(
        string scope, string? className, int? cap, long? sinceMs, int approved, int proposed)
    {
        Open(4, Zombie, Release());
        keeper.Say(Stands("two", Dead, Force(), order: "o2"));
        keeper.Say(Stands("none", order: "o2"));
        keeper.Pass(TimeSpan.FromSeconds(6));
        keeper.Say(Stands("late-1", "SupplyGap", Request(), order: "o3"));
        keeper.Say(Stands("late-2", "SupplyGap", Request(), order: "o3"));

        keeper.Run(scope, cap: cap, className: className, sinceMs: sinceMs is { } ms ? StartMs + ms : null);
        keeper.Pass(TimeSpan.FromSeconds(2));

        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.RunFinished);
        Assert.Equal(("", "run-1", "anna"), (told.MismatchId, told.DecisionId, told.Actor));
        Assert.Equal((approved, proposed), (told.Counts["approved"], told.Counts["proposed"]));
        Assert.Equal(cap is { } most ? 6L - most : 0L, told.Counts["capped"]);
        Assert.Equal(approved, Sent().Count);
        Assert.All(Sent(), e => Assert.Equal("anna", e.Actor));
        Assert.Equal(proposed > 0 ? "anna" : "reconciliation", keeper.Row("two").ProposedBy);
        Assert.Equal(MismatchState.Proposed, keeper.Row("two").State);
        keeper.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(approved, Sent().Count);
    }

    [Fact]
    public void A_run_goes_no_further_than_the_row_says()
    {
        keeper.Apply(With(MismatchClass.ZombieHold, r => r with { RepairCap = 3 }));
        Open(5, Zombie, Release());

        keeper.Run();
        keeper.Pass(TimeSpan.FromSeconds(2));

        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.RunFinished);
        Assert.Equal((3, 2), (told.Counts["approved"], told.Counts["capped"]));
        var left = keeper.Reads().Open(new MismatchFilter { State = MismatchState.Proposed }, 10);
        Assert.Equal(2, left.Mismatches.Count);
    }

    [Fact]
    public void A_run_of_the_same_person_asks_once_and_approves_nothing_of_its_own()
    {
        keeper.Say(Stands("two", Dead, Force()));
        keeper.Run(id: "run-1");
        keeper.Pass(TimeSpan.FromSeconds(1));
        keeper.Run(id: "run-2");
        keeper.Run(id: "run-3", actor: "ben");
        keeper.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(
            [(1, 0), (0, 1), (0, 1)],
            keeper.Events().Where(e => e.Kind == MismatchEventKind.RunFinished)
                .Select(e => ((int)e.Counts["proposed"], (int)e.Counts["skipped"])));
        Assert.Equal(MismatchState.Proposed, keeper.Row("two").State);
    }

    [Fact]
    public void A_run_goes_on_after_a_restart_and_sends_nothing_twice()
    {
        keeper.Apply(With(MismatchClass.ZombieHold, r => r with { RepairCap = 1_000 }));
        Open(100, Zombie, Release());
        keeper.Run();
        keeper.Pass(TimeSpan.FromMilliseconds(500));
        Assert.InRange(Sent().Count, 20, 60);

        keeper.Driver.RestartFromJournal();
        keeper.Pass(TimeSpan.FromMilliseconds(200));
        keeper.Driver.Kill();
        keeper.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(100, Sent().Count);
        Assert.Equal(100, keeper.Commands().Select(c => c.CommandId).Distinct().Count());
        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.RunFinished);
        Assert.Equal(100, told.Counts["approved"]);
    }

    [Fact]
    public void Too_many_runs_at_once_are_refused()
    {
        for (var n = 0; n <= RepairRuns.MaximumRuns; n++)
        {
            keeper.Run(id: $"run-{n}");
        }

        var told = Assert.Single(keeper.Events(), e => e.Kind == MismatchEventKind.DecisionRefused);
        Assert.Equal("run-100", told.DecisionId);
        Assert.Contains("100 runs are under way", told.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_said_again_opens_nothing_and_sends_nothing()
    {
        Open(3, Late, Tick());
        keeper.Say(Stands("asked", repair: Release()));
        keeper.Decide(Decision("asked", DecisionKind.Approve));
        keeper.Run();
        keeper.Pass(TimeSpan.FromSeconds(61));
        keeper.End("m0");
        keeper.Answer("m1", 1);
        keeper.End("asked");
        var events = keeper.Events().Count;
        var commands = keeper.Commands().Count;

        foreach (var topic in new[] { keeper.Options.DifferenceTopic, keeper.Options.DecisionTopic })
        {
            foreach (var record in keeper.Driver.Log(topic).ToList())
            {
                keeper.Driver.PipeInput(topic, record.Key, record.Value, keeper.NowMs, 0);
            }
        }
        keeper.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal(commands, keeper.Commands().Count);
        Assert.Equal(events, keeper.Events().Count);
    }

    private void Open(int count, string className, RepairFacts facts)
    {
        var prefix = className == "UnansweredCommand" ? "u" : "m";
        for (var n = 0; n < count; n++)
        {
            keeper.Say(Stands(count > 9 ? $"{prefix}{n:000}" : $"{prefix}{n}", className, facts));
        }
    }

    private static RepairFacts Request() => new()
    {
        Kind = RepairKind.RequestMovements,
        PoolId = "p1",
        Source = "wms",
        FromSequence = 1,
        ToSequence = 2,
    };

    private List<MismatchEvent> Sent() => [.. keeper.Events().Where(e => e.Kind == MismatchEventKind.RepairSent)];

    private int SentOf(string className) => Sent().Count(e => e.Class == className);
}
