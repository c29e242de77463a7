using Alloc.Cli.Demo;
using Alloc.Schemas.Workflow;

namespace Cli.Tests;

/// <summary>The demo's small order flow: queues that work at their own speed, in virtual time.</summary>
public sealed class DemoFlowTests
{
    private const long Start = 1_000_000;
    private const long Never = long.MaxValue;

    [Fact]
    public void An_order_passes_the_stages_in_turn_and_each_word_follows_the_one_before()
    {
        var flow = Flow(new DemoStage("One", 10), new DemoStage("Two", 10));
        flow.Begin(Order(1), Never, Start);

        var done = Run(flow, Start, Start + 1_000);

        Assert.Equal(["r-1"], done.Select(o => o.ReservationId));
        Assert.Equal(
            ["One Entered", "One Left Completed", "Two Entered", "Two Left Completed"],
            flow.TakeEvents().Select(Words));
        Assert.Empty(flow.TakeEvents());
        Assert.Equal(0, flow.Count);
    }

    [Fact]
    public void A_slow_stage_lets_them_wait_and_catches_up_first_come_first_served()
    {
        var flow = Flow(new DemoStage("Fraud", 20) { SlowShare = 0.1, SlowFromMs = 0, SlowToMs = 10_000 });
        var done = new List<DemoOrder>();
        for (var at = Start; at < Start + 10_000; at += 100)
        {
            flow.Begin(Order((int)(at - Start) / 100), Never, at);
            done.AddRange(flow.Work(at));
        }

        Assert.InRange(done.Count, 19, 21);
        Assert.Equal(100 - done.Count, flow.Count);

        done.AddRange(Run(flow, Start + 10_000, Start + 15_000));

        Assert.Equal(100, done.Count);
        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"r-{n}"), done.Select(o => o.ReservationId));
    }

    [Fact]
    public void An_idle_stage_saves_nothing_up()
    {
        var flow = Flow(new DemoStage("One", 10));
        flow.Work(Start + 60_000);
        for (var n = 0; n < 50; n++)
        {
            flow.Begin(Order(n), Never, Start + 60_000);
        }

        Assert.InRange(flow.Work(Start + 60_100).Count, 1, 2);
    }

    [Fact]
    public void An_order_whose_hold_is_gone_leaves_where_it_waits_and_holds_nobody_up()
    {
        var flow = Flow(new DemoStage("One", 1));
        flow.Begin(Order(1), Start + 3_000, Start);
        flow.Begin(Order(2), Start + 60_000, Start);
        flow.TakeEvents();

        // Nobody confirms what is about to expire: the ledger would refuse it.
        Assert.Equal(["r-2"], flow.Work(Start + 2_500).Select(o => o.ReservationId));
        Assert.True(flow.Lose("r-1", StageResult.Expired, Start + 3_000));
        Assert.False(flow.Lose("r-1", StageResult.Expired, Start + 3_000));

        Assert.Equal(["One Left Completed", "One Left Expired"], flow.TakeEvents().Select(Words));
        Assert.Empty(Run(flow, Start + 3_000, Start + 10_000));
    }

    [Fact]
    public void A_hold_that_lives_longer_is_waited_for()
    {
        var flow = Flow(new DemoStage("One", 1));
        flow.Begin(Order(1), Start + 500, Start);
        flow.Extend("r-1", Start + 60_000);

        Assert.Single(flow.Work(Start + 1_000));
    }

    [Fact]
    public void An_order_that_was_passed_over_because_its_hold_was_about_to_go_is_next_when_the_hold_lives_longer()
    {
        var flow = Flow(new DemoStage("One", 1));
        flow.Begin(Order(1), Start + 1_500, Start);
        flow.Begin(Order(2), Never, Start);
        flow.Begin(Order(3), Never, Start);
        Assert.Equal(["r-2"], flow.Work(Start + 1_000).Select(o => o.ReservationId));

        flow.Extend("r-1", Start + 60_000);

        Assert.Equal(["r-1", "r-3"], Run(flow, Start + 1_100, Start + 5_000).Select(o => o.ReservationId));
    }

    [Fact]
    public void Everything_that_enters_leaves_once()
    {
        var random = new Random(1);
        var flow = Flow(new DemoStage("One", 9), new DemoStage("Two", 5) { SlowShare = 0.2, SlowToMs = 20_000 });
        var events = new List<StageEvent>();
        for (var at = Start; at < Start + 60_000; at += 100)
        {
            var number = (int)(at - Start) / 100;
            if (number < 300)
            {
                flow.Begin(Order(number), at + 8_000, at);
            }
            flow.Work(at);
            if (number >= 80 && random.Next(2) == 0)
            {
                flow.Lose($"r-{number - 80}", StageResult.Expired, at);
            }
            events.AddRange(flow.TakeEvents());
        }
        for (var number = 0; number < 300; number++)
        {
            flow.Lose($"r-{number}", StageResult.Expired, Start + 60_000);
        }
        events.AddRange(flow.TakeEvents());

        Assert.Equal(0, flow.Count);
        Assert.All(
            events.GroupBy(e => (e.WorkId, e.StageId)),
            g => Assert.Equal([StageEventKind.Entered, StageEventKind.Left], g.Select(e => e.Kind)));
        Assert.Contains(events, e => e.Result == StageResult.Expired);
    }

    private static DemoFlow Flow(params DemoStage[] stages) => new(stages, Start);

    private static DemoOrder Order(int number) => new($"o-{number}", "pool", $"r-{number}");

    private static string Words(StageEvent e) => $"{e.StageId} {e.Kind} {e.Result}".TrimEnd();

    private static List<DemoOrder> Run(DemoFlow flow, long from, long to)
    {
        var done = new List<DemoOrder>();
        for (var at = from; at <= to; at += 100)
        {
            done.AddRange(flow.Work(at));
        }
        return done;
    }
}
