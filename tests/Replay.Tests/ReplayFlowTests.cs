using Alloc.Replay;
using Alloc.Tests.Support;

namespace Replay.Tests;

public sealed class ReplayFlowTests
{
    private static readonly TimeSpan HoldTtl = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LapseTtl = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_limit_cuts_the_plan_and_changes_nothing_before_the_cut()
    {
        var text = RetailSample.Text(2_000);

        var whole = Plan(text, null);
        var part = Plan(text, 700);

        Assert.True(part.Steps.Count > 100);
        Assert.Equal(
            whole.Steps.Take(part.Steps.Count).Select(s => s.ToString()), part.Steps.Select(s => s.ToString()));
    }

    [Fact]
    public void No_command_id_is_used_twice()
    {
        var sent = Walk(Plan(RetailSample.Text(3_000), null), new Shop());

        Assert.Equal(sent.Count, sent.DistinctBy(s => s.CommandId).Count());
        Assert.Contains(sent, s => s is ReplayIntent.Return);
        Assert.Contains(sent, s => s.CommandId.Contains("/cancel/", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_asked_does_not_depend_on_when_answers_come()
    {
        var plan = Plan(RetailSample.Text(3_000), null);
        var atOnce = Walk(plan, new Shop { Refuses = 20 });
        var late = Walk(Plan(RetailSample.Text(3_000), null), new Shop { Refuses = 20, AnswersLate = new Random(5) });

        Assert.Equal(atOnce.Select(Describe).Order(), late.Select(Describe).Order());
    }

    [Fact]
    public void Nothing_is_taken_from_a_reservation_that_was_refused()
    {
        var shop = new Shop { Refuses = 30 };
        var sent = Walk(Plan(RetailSample.Text(3_000), null), shop);

        var touched = sent.Select(Reservation).Where(r => r is not null).ToHashSet();
        Assert.NotEmpty(shop.Refused);
        Assert.False(shop.Refused.Overlaps(touched!));
    }

    [Fact]
    public void No_more_is_returned_than_was_shipped_and_no_more_shipped_than_held()
    {
        var sent = Walk(Plan(RetailSample.Text(5_000), null), new Shop());

        var held = sent.OfType<ReplayIntent.Hold>().SelectMany(h => h.Lines)
            .ToDictionary(l => l.ReservationId, l => l.Quantity);
        var shipped = sent.OfType<ReplayIntent.Consume>().ToDictionary(c => c.ReservationId, c => c.Quantity);
        var cancelled = sent.OfType<ReplayIntent.Release>().Where(r => r.Quantity is not null)
            .GroupBy(r => r.ReservationId).ToDictionary(g => g.Key, g => g.Sum(r => r.Quantity!.Value));
        Assert.All(shipped, s => Assert.True(s.Value + cancelled.GetValueOrDefault(s.Key) <= held[s.Key]));
        var returned = sent.OfType<ReplayIntent.Return>().Where(r => held.ContainsKey(r.ReservationId)).GroupBy(r =>
            r.ReservationId);
        Assert.All(returned, g => Assert.True(g.Sum(r => r.Quantity) <= shipped[g.Key]));
    }

    [Fact]
    public void Another_seed_invents_something_else()
    {
        var text = RetailSample.Text(500);

        var one = Walk(new ReplayPlanner(1).Plan(new StringReader(text), null, _ => { }), new Shop(), seed: 1);
        var two = Walk(new ReplayPlanner(2).Plan(new StringReader(text), null, _ => { }), new Shop(), seed: 2);

        Assert.Empty(one.Select(s => s.CommandId).Intersect(two.Select(s => s.CommandId)));
        Assert.NotEqual(one.OfType<ReplayIntent.OpeningStock>().Select(s => s.Quantity),
            two.OfType<ReplayIntent.OpeningStock>().Select(s => s.Quantity));
    }

    private static ReplayPlan Plan(string text, long? limit) =>
        new ReplayPlanner(1).Plan(new StringReader(text), limit, _ => { });

    private static List<ReplayIntent> Walk(ReplayPlan plan, Shop shop, long seed = 1)
    {
        var flow = new ReplayFlow(plan, seed, HoldTtl, LapseTtl, shop.Send);
        while (!flow.IsAtEnd)
        {
            flow.Advance();
            shop.AnswerSome();
        }
        do
        {
            shop.AnswerAll();
            flow.Finish();
        }
        while (shop.AnswerAll());
        return shop.Sent;
    }

    private static string Describe(ReplayIntent intent) => intent is ReplayIntent.Hold hold
        ? $"{hold.CommandId} {hold.Ttl} {string.Join(' ', hold.Lines)}"
        : intent.ToString();

    private static string? Reservation(ReplayIntent intent) => intent switch
    {
        ReplayIntent.Confirm c => c.ReservationId,
        ReplayIntent.Release r => r.ReservationId,
        ReplayIntent.Consume c => c.ReservationId,
        ReplayIntent.Return r => r.ReservationId,
        _ => null,
    };

    /// <summary>Answers commands: at once, or later and in another order; refuses some holds by their name.</summary>
    private sealed class Shop
    {
        private readonly List<Action> open = [];

        public int Refuses { get; init; }

        public Random? AnswersLate { get; init; }

        public List<ReplayIntent> Sent { get; } = [];

        public HashSet<string> Refused { get; } = [];

        public void Send(ReplayIntent intent, Action<ReplayAnswer> answer)
        {
            Sent.Add(intent);
            var isRefused = intent is ReplayIntent.Hold && new Seeded(9).Next(intent.CommandId, 100) < Refuses;
            if (isRefused)
            {
                Refused.UnionWith(((ReplayIntent.Hold)intent).Lines.Select(l => l.ReservationId));
            }
            if (AnswersLate is null)
            {
                answer(new ReplayAnswer(!isRefused));
            }
            else
            {
                open.Add(() => answer(new ReplayAnswer(!isRefused)));
            }
        }

        public void AnswerSome()
        {
            for (var n = AnswersLate?.Next(4) ?? 0; n > 0 && open.Count > 0; n--)
            {
                var index = AnswersLate!.Next(open.Count);
                var act = open[index];
                open.RemoveAt(index);
                act();
            }
        }

        public bool AnswerAll()
        {
            var any = open.Count > 0;
            while (open.Count > 0)
            {
                var act = open[0];
                open.RemoveAt(0);
                act();
            }
            return any;
        }
    }
}
