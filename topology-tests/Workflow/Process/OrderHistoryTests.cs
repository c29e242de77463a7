using Alloc.Processors.Workflow.Process;
using Alloc.Schemas.Fraud;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Body = Alloc.Schemas.Orders.OrderEventBody;

namespace Topology.Tests.Workflow.Process;

/// <summary>
/// Orders in a world that answers late, twice, no, or never, while people cancel, amend and decide: whatever the
/// interleaving, nothing is promised to a customer before it is committed, and what ends leaves nothing behind.
/// </summary>
public sealed class OrderHistoryTests
{
    private const int Histories = 4_000;
    private const int StepsOfEach = 60;

    [Fact]
    public void No_interleaving_leaves_money_or_goods_behind_or_tells_a_customer_too_much()
    {
        var ends = new Dictionary<OrderState, int>();
        var broken = new List<string>();
        for (var seed = 0; seed < Histories && broken.Count < 8; seed++)
        {
            try
            {
                var world = Play(seed);
                ends[world.Order.State] = ends.GetValueOrDefault(world.Order.State) + 1;
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException or InvalidOperationException)
            {
                broken.Add(e.Message);
            }
        }
        Assert.True(broken.Count == 0, string.Join("\n\n", broken));

        // A history that never comes anywhere would prove nothing.
        Assert.All(
            new[] { (OrderState.Shipped, 1_000), (OrderState.Cancelled, 1_000), (OrderState.Returned, 10) },
            end => Assert.True(ends.GetValueOrDefault(end.Item1) >= end.Item2, string.Join(", ", ends)));
    }

    private static OrderWorld Play(int seed)
    {
        var random = new Random(seed);
        var world = new OrderWorld
        {
            Around = new(random.Next(3) == 0, random.Next(200)),
        };
        world.Placed(OrderWorld.Content(
            1 + random.Next(3), random.Next(3) == 0 ? "high" : "", (Unavailable)(1 + random.Next(3))));
        for (var step = 0; step < StepsOfEach; step++)
        {
            Step(world, random);
            Check(world, seed);
        }
        Finish(world, random);
        Check(world, seed);
        CheckEnd(world, seed);
        return world;
    }

    private static void Step(OrderWorld world, Random random)
    {
        switch (random.Next(100))
        {
            case < 60 when world.Asked.Count > 0:
                Answer(world, random, InTurn(world, world.Asked[random.Next(world.Asked.Count)]));
                break;
            case < 66 when world.Order.IsCommitted && world.Order.OpenLines.Any():
                var lines = world.Order.OpenLines.Where(l => l.Units.Confirmed > 0).ToList();
                if (lines.Count > 0)
                {
                    world.Ship(lines[random.Next(lines.Count)].LineId, 1);
                }
                break;
            case < 70:
                var back = world.Order.Returns.Where(r => !r.IsClosed).SelectMany(r => r.Lines.Where(
                    l => Missing(world, r, l) > 0)).ToList();
                if (back.Count > 0)
                {
                    world.Return(back[random.Next(back.Count)].LineId, 1);
                }
                break;
            case < 72:
                world.Command(new OrderCommandBody.Cancel { Reason = "no" });
                break;
            case < 75:
                world.Command(new OrderCommandBody.DecideReview
                {
                    Verdict = (ReviewVerdict)(1 + random.Next(2)),
                    Reason = "looked at",
                });
                break;
            case < 77:
                world.Command(new OrderCommandBody.Amend
                {
                    Lines = [new LineQuantity { LineId = "1", Quantity = random.Next(2) }],
                });
                break;
            case < 79:
                world.Command(new OrderCommandBody.ReturnGoods
                {
                    ReturnId = $"r{random.Next(3)}",
                    Lines = [new ReturnedLine { LineId = $"{1 + random.Next(3)}", Quantity = 1 }],
                });
                break;
            case < 80:
                world.Fraud((FraudVerdict)(1 + random.Next(3)), id: $"own-{random.Next(3)}");
                break;
            case < 82:
                var held = world.Order.Lines.Where(l => l.Units.Held > 0).ToList();
                if (held.Count > 0)
                {
                    world.Preempt(held[random.Next(held.Count)].LineId);
                }
                break;
            case < 83:
                world.Command(new OrderCommandBody.Retry { Reason = "again" });
                break;
            default:
                world.Wait(TimeSpan.FromSeconds(random.Next(10) == 0 ? random.Next(2_000) : random.Next(20)));
                break;
        }
    }

    // The ledger answers what it is asked about a reservation in the order in which it was asked.
    private static OrderEvent InTurn(OrderWorld world, OrderEvent asked) => asked.Body is Body.LineAsked line
        ? world.Asked.First(a => a.Body is Body.LineAsked other && other.ReservationId == line.ReservationId)
        : asked;

    private static void Answer(OrderWorld world, Random random, OrderEvent asked)
    {
        var luck = random.Next(20);
        switch (asked.Body)
        {
            case Body.LineAsked when luck == 0:
                world.Refuse(asked, "InsufficientAvailability");
                break;
            case Body.FraudAsked fraud when luck < 4:
                world.Asked.Remove(asked);
                world.Fraud(
                    luck == 0 ? FraudVerdict.Reject : luck == 1 ? FraudVerdict.Review : FraudVerdict.Accept,
                    fraud.RequestId, validUntil: luck == 3 ? world.NowMs + 5_000 : null);
                break;
            case Body.PaymentAsked payment when luck < 3:
                world.Asked.Remove(asked);
                // A gateway that says nothing at all, for now, or no.
                if (luck > 0)
                {
                    world.Pay(payment, PaymentState.Failed);
                }
                break;
            case Body.PaymentAsked { Operation: PaymentOperation.Authorize } payment when luck == 3:
                world.Asked.Remove(asked);
                world.Pay(payment, PaymentState.Authorized, world.NowMs + 20_000);
                break;
            default:
                world.Answer(asked);
                break;
        }
    }

    // From here on everybody answers, whatever is asked, and time passes.
    private static void Finish(OrderWorld world, Random random)
    {
        for (var round = 0; round < 40; round++)
        {
            world.Settle();
            if (world.Order.Exception is not null)
            {
                world.Command(new OrderCommandBody.Retry { Reason = "everybody answers now" });
            }
            if (world.Order is { IsCommitted: true, IsEnding: false })
            {
                foreach (var line in world.Order.OpenLines.Where(l => l.Units.Confirmed > 0).ToList())
                {
                    world.Ship(line.LineId, line.Units.Confirmed);
                }
            }
            foreach (var open in world.Order.Returns.Where(r => !r.IsClosed).ToList())
            {
                foreach (var line in open.Lines)
                {
                    if (Missing(world, open, line) is > 0 and var missing)
                    {
                        world.Return(line.LineId, missing);
                    }
                }
            }
            world.Settle();
            world.Wait(TimeSpan.FromHours(1 + random.Next(3)));
        }
    }

    private static long Missing(OrderWorld world, ReturnProcess open, ReturnedLine line) =>
        ReturnRules.DueWith(world.Order, open, line.LineId) - (world.Order.Line(line.LineId)?.Units.Returned ?? 0);

    private static void Check(OrderWorld world, int seed)
    {
        var order = world.Order;
        var journal = world.Journal;
        Assert.True(
            journal.Select((e, i) => e.Sequence == i + 1).All(isNext => isNext),
            $"seed {seed}: sequences are not 1, 2, 3, …");
        var committed = journal.FindIndex(e => e.Body is Body.GroupCommitted);
        var told = journal.FindIndex(e => e.Body is Body.CustomerTold
        {
            CustomerState: "Confirmed" or "ReadyToShip" or "Shipped",
        });
        Assert.True(told < 0 || (committed >= 0 && committed < told), $"seed {seed}: told before it was committed");
        var undone = journal.FindIndex(e => e.Body is Body.UndoBegun);
        Assert.True(
            undone < 0 || !journal.Skip(undone).Any(e => e.Body is Body.StepBegun or Body.GroupCommitted
                or Body.LineAsked { Ask: LineAsk.Hold or LineAsk.Confirm or LineAsk.Commit }),
            $"seed {seed}: a step began while it was undone");
        var keys = journal.Select(e => e.Body).OfType<Body.PaymentAsked>().Where(p => p.Attempt == 1)
            .GroupBy(p => p.Key)
            .Where(g => g.Count() > 1 + journal.Count(e => e.Body is Body.Resumed)).Select(g => g.Key).ToList();
        Assert.True(keys.Count == 0, $"seed {seed}: keys are used twice: {string.Join(", ", keys)}");
        var refunded = order.Payments.Sum(p => p.RefundedMinor);
        var captured = world.Payments.Where(p => p.State is PaymentState.Captured or PaymentState.Refunded)
            .Sum(p => p.AmountMinor);
        Assert.True(refunded <= captured, $"seed {seed}: {refunded} paid back of {captured}");
        Assert.True(
            world.Payments.Count(p => p.State is PaymentState.Captured or PaymentState.Refunded) <= 1,
            $"seed {seed}: charged twice");
    }

    private static void CheckEnd(OrderWorld world, int seed)
    {
        var order = world.Order;
        var story = $"seed {seed}, {order.State}, {order.Why}, {order.Exception}: "
            + string.Join(" ", world.Names().TakeLast(30)) + "\n"
            + string.Join("\n", order.Lines.Select(l => $"{l.LineId} {l.Quantity} {l.ClosedWhy} {l.Units}")) + "\n"
            + string.Join("\n", order.Payments);
        Assert.True(order.Exception is null, story);
        Assert.True(
            order.State is OrderState.Shipped or OrderState.Returned or OrderState.Cancelled or OrderState.Failed,
            story);
        Assert.True(world.Payments.All(p => p.State != PaymentState.Authorized), $"{story}: money is still held");
        Assert.True(world.Reservations.All(r => r.Held == 0 && r.Confirmed == 0), $"{story}: goods are still held");
        var paid = world.Payments.Where(p => p.State is PaymentState.Captured or PaymentState.Refunded)
            .Sum(p => p.AmountMinor) - order.Payments.Sum(p => p.RefundedMinor);
        var kept = order.Lines.Sum(l => (l.Units.Consumed - l.Units.Returned) * l.UnitPriceMinor);
        Assert.True(paid == kept, $"{story}: paid {paid} for goods of {kept}");
        Assert.Null(DueRules.NextAt(order));
    }
}
