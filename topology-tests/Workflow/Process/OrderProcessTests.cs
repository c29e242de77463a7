using Alloc.Schemas.Fraud;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Body = Alloc.Schemas.Orders.OrderEventBody;

namespace Topology.Tests.Workflow.Process;

/// <summary>The rules of an order, each told as what happens.</summary>
public sealed class OrderProcessTests
{
    private readonly OrderWorld world = new();

    [Fact]
    public void An_order_whose_answers_are_yes_is_committed_and_being_fulfilled()
    {
        world.Placed().Settle();

        Assert.Equal(OrderState.InFulfillment, world.Order.State);
        Assert.Equal(
            ["Received", "UnderReview", "Confirmed", "ReadyToShip"],
            world.Journal.Select(e => e.Body).OfType<Body.CustomerTold>().Select(t => t.CustomerState));
        Assert.All(world.Order.Lines, l => Assert.True(l.IsCommitted));
        Assert.All(world.Reservations, r => Assert.Equal(2, r.Confirmed));
    }

    [Fact]
    public void A_risky_order_is_looked_at_before_anything_is_held()
    {
        world.Placed(OrderWorld.Content(risk: "high"));

        Assert.IsType<Body.FraudAsked>(Assert.Single(world.Asked).Body);
        world.Settle();
        Assert.Equal(OrderState.InFulfillment, world.Order.State);
    }

    [Fact]
    public void An_order_that_waited_15_minutes_for_fraud_is_released_and_its_customer_told()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Wait(TimeSpan.FromMinutes(15) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(OrderState.AwaitingFraudDecision, world.Order.State);

        world.Wait(TimeSpan.FromMilliseconds(1));
        Assert.Equal(OrderState.Compensating, world.Order.State);
        Assert.Equal("UnderReview", world.Order.CustomerState);
        world.Settle();

        Assert.Equal(OrderState.Cancelled, world.Order.State);
        Assert.Equal("FraudTimeout", world.Order.Why);
        Assert.Equal("Cancelled", world.Order.CustomerState);
        Assert.All(world.Reservations, r => Assert.Equal(0, r.Held));
    }

    [Fact]
    public void A_decision_after_the_limit_is_put_down_and_changes_nothing()
    {
        world.Placed();
        AnswerHolds();
        world.Wait(TimeSpan.FromMinutes(15));
        world.Settle();

        var happened = world.Fraud(FraudVerdict.Accept, "o-1/fraud/1");

        Assert.IsType<Body.InputIgnored>(Assert.Single(happened).Body);
        Assert.Equal(OrderState.Cancelled, world.Order.State);
    }

    [Fact]
    public void Where_orders_go_to_reviewers_a_late_decision_is_a_person_s_while_there_is_room()
    {
        world.Around = new(IsReviewRouting: true, ReviewsWaiting: 3);
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Wait(TimeSpan.FromMinutes(15));
        Assert.Equal(OrderState.ManualReviewRequired, world.Order.State);

        world.Command(new OrderCommandBody.TakeReview());
        world.Command(new OrderCommandBody.DecideReview { Verdict = ReviewVerdict.Accept, Reason = "known for years" });
        world.Settle();

        Assert.Equal(OrderState.InFulfillment, world.Order.State);
    }

    [Fact]
    public void Without_room_at_the_reviewers_and_without_a_score_the_order_ends()
    {
        world.Around = new(IsReviewRouting: true, ReviewsWaiting: 1_000_000);
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Wait(TimeSpan.FromMinutes(15));
        world.Settle();

        Assert.Equal("FraudTimeout", world.Order.Why);
    }

    [Fact]
    public void A_refused_line_is_asked_for_at_its_next_pool_under_another_id()
    {
        world.Placed();
        world.Refuse(Ask("1", LineAsk.Hold), "InsufficientAvailability");

        var again = (Body.LineAsked)Ask("1", LineAsk.Hold).Body;
        Assert.Equal(("q1", "o-1/1#2"), (again.PoolId, again.ReservationId));
        world.Settle();
        Assert.Equal(OrderState.InFulfillment, world.Order.State);
    }

    [Theory]
    [InlineData(Unavailable.CancelOrder, OrderState.Cancelled)]
    [InlineData(Unavailable.CancelLine, OrderState.InFulfillment)]
    [InlineData(Unavailable.Wait, OrderState.InFulfillment)]
    public void A_line_that_nothing_can_serve_is_dealt_with_as_the_order_says(Unavailable rule, OrderState expected)
    {
        world.Placed(OrderWorld.Content(rule: rule));
        world.Refuse(Ask("1", LineAsk.Hold), "InsufficientAvailability");
        world.Refuse(Ask("1", LineAsk.Hold), "InsufficientAvailability");
        world.Settle();

        Assert.Equal(expected, world.Order.State);
        Assert.Equal(rule == Unavailable.CancelLine ? 1_000 : 2_000, world.Order.AmountMinor);
    }

    [Fact]
    public void A_hold_that_ran_out_wins_over_everything_that_is_still_hoped_for()
    {
        world.Placed();
        AnswerHolds();
        // Nobody answers the extensions: the holds live for their step and a minute.
        world.Wait(TimeSpan.FromMinutes(3));
        Assert.Equal(("HoldExpired", OrderState.Cancelled), (world.Order.Why, world.Order.State));

        world.Fraud(FraudVerdict.Accept, "o-1/fraud/1");
        world.Settle();

        Assert.Equal(OrderState.Cancelled, world.Order.State);
    }

    [Fact]
    public void Where_a_hold_may_not_live_longer_its_end_is_the_limit()
    {
        world.Placed();
        AnswerHolds();
        var expiresAt = world.Order.Lines[0].Units.ExpiresAtMs;

        world.Refuse(Ask("1", LineAsk.Extend), "ExtensionLimit");

        Assert.Equal(expiresAt, world.Order.LimitAtMs);
    }

    [Fact]
    public void What_was_preempted_is_asked_for_elsewhere()
    {
        world.Placed();
        AnswerHolds();
        world.Preempt("2");

        Assert.Equal("q2", ((Body.LineAsked)Ask("2", LineAsk.Hold).Body).PoolId);
        world.Settle();
        Assert.Equal(OrderState.InFulfillment, world.Order.State);
    }

    [Fact]
    public void A_payment_is_asked_for_again_under_the_same_key_after_silence_and_under_another_after_a_no()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Fraud(FraudVerdict.Accept, "o-1/fraud/1");
        var first = Payment();
        world.Wait(TimeSpan.FromSeconds(10));
        var again = Payment();
        Assert.Equal((first.Key, first.Attempt + 1), (again.Key, again.Attempt));

        world.Pay(again, PaymentState.Failed);
        world.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal("o-1/pay/2/authorize", Payment().Key);
    }

    [Fact]
    public void Three_refused_payments_end_the_order()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Fraud(FraudVerdict.Accept, "o-1/fraud/1");
        for (var i = 0; i < 3; i++)
        {
            world.Pay(Payment(), PaymentState.Failed);
            world.Wait(TimeSpan.FromSeconds(20));
        }
        world.Asked.RemoveAll(a => a.Body is Body.PaymentAsked);
        world.Settle();

        Assert.Equal((OrderState.Cancelled, "PaymentFailed"), (world.Order.State, world.Order.Why));
        Assert.Equal(3, world.Order.Payments.Count);
    }

    [Fact]
    public void An_authorisation_that_comes_after_the_cancellation_is_voided()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Fraud(FraudVerdict.Accept, "o-1/fraud/1");
        var asked = Payment();
        world.Command(new OrderCommandBody.Cancel { Reason = "changed my mind" });
        Assert.DoesNotContain(world.Journal, e => e.Body is Body.PaymentAsked { Operation: PaymentOperation.Void });

        world.Pay(asked, PaymentState.Authorized);
        world.Asked.RemoveAll(a => a.Body is Body.PaymentAsked { Operation: PaymentOperation.Authorize });
        world.Settle();

        Assert.Equal(OrderState.Cancelled, world.Order.State);
        Assert.All(world.Payments, p => Assert.Equal(PaymentState.Voided, p.State));
    }

    [Fact]
    public void One_refused_confirmation_gives_back_all_lines_and_the_money()
    {
        ToConfirming();
        world.Answer(Ask("1", LineAsk.Confirm));
        world.Refuse(Ask("2", LineAsk.Confirm), "AlreadyExpired");

        Assert.Equal("UnderReview", world.Order.CustomerState);
        Assert.All(
            world.Asked.Select(a => a.Body).OfType<Body.LineAsked>().Where(l => l.Ask == LineAsk.Release),
            l => Assert.Equal("GroupAborted", l.Reason));
        world.Settle();

        Assert.Equal((OrderState.Cancelled, "ConfirmRefused"), (world.Order.State, world.Order.Why));
        Assert.All(world.Reservations, r => Assert.Equal(0, r.Held + r.Confirmed));
        Assert.All(world.Payments, p => Assert.Equal(PaymentState.Voided, p.State));
    }

    [Fact]
    public void A_confirmation_that_is_not_answered_in_time_is_given_back_answered_or_not()
    {
        ToConfirming();
        world.Answer(Ask("1", LineAsk.Confirm));
        world.Wait(TimeSpan.FromSeconds(30));

        Assert.Equal("ConfirmTimeout", world.Order.Why);
        Assert.Equal(2, world.Asked.Count(a => a.Body is Body.LineAsked { Ask: LineAsk.Release }));
        world.Settle();
        Assert.Equal(OrderState.Cancelled, world.Order.State);
        Assert.All(world.Reservations, r => Assert.Equal(0, r.Held + r.Confirmed));
    }

    [Fact]
    public void The_first_parcel_takes_the_money_and_the_last_one_ends_the_order()
    {
        world.Placed().Settle();
        world.Ship("1", 2);
        Assert.Equal(OrderState.PartiallyShipped, world.Order.State);
        world.Settle();
        Assert.Equal(PaymentState.Captured, Assert.Single(world.Payments).State);

        world.Ship("2", 2);

        Assert.Equal((OrderState.Shipped, "Shipped"), (world.Order.State, world.Order.CustomerState));
        Assert.Empty(world.Asked);
    }

    [Fact]
    public void Goods_that_come_back_are_paid_back_once()
    {
        Shipped();
        world.Command(Goods("r1", "1", 1));
        Assert.Equal("ReturnUnderWay", world.Order.CustomerState);
        Assert.Empty(world.Asked);

        world.Return("1", 1);
        Assert.Equal(500, Payment().AmountMinor);
        world.Settle();

        Assert.Equal((OrderState.Shipped, 500), (world.Order.State, world.Order.Payments[^1].RefundedMinor));
        world.Command(Goods("r2", "1", 1));
        world.Command(Goods("r3", "2", 2));
        world.Return("1", 1);
        world.Settle();
        world.Return("2", 2);
        world.Settle();
        Assert.Equal((OrderState.Returned, 2_000), (world.Order.State, world.Order.Payments[^1].RefundedMinor));
    }

    [Fact]
    public void A_unit_that_came_back_is_paid_back_once_however_many_returns_wait_for_one()
    {
        Shipped();
        world.Command(Goods("r1", "1", 1));
        world.Command(Goods("r2", "1", 1));
        world.Return("1", 1);
        world.Settle();

        Assert.Equal((OrderState.Returning, 500), (world.Order.State, world.Order.Payments[^1].RefundedMinor));
        world.Return("1", 1);
        world.Settle();
        Assert.Equal((OrderState.Shipped, 1_000), (world.Order.State, world.Order.Payments[^1].RefundedMinor));
    }

    [Fact]
    public void A_cancellation_while_goods_are_on_their_way_stops_the_rest_and_takes_back_what_left()
    {
        world.Placed().Settle();
        world.Ship("1", 2);
        world.Settle();
        world.Command(new OrderCommandBody.Cancel { Reason = "too late" });
        Assert.True(world.Order.IsStopped);
        world.Settle();
        world.Wait(TimeSpan.FromHours(1));
        world.Settle();
        Assert.Equal(OrderState.Compensating, world.Order.State);

        world.Return("1", 2);
        world.Settle();

        Assert.Equal(OrderState.Cancelled, world.Order.State);
        Assert.Equal(2_000, world.Order.Payments[^1].RefundedMinor);
        Assert.All(world.Reservations, r => Assert.Equal(0, r.Confirmed));
    }

    [Fact]
    public void What_cannot_be_undone_is_tried_eight_times_and_then_a_person_s()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Command(new OrderCommandBody.Cancel { Reason = "no" });
        world.Answer(Ask("2", LineAsk.Release));
        for (var i = 0; i < 8; i++)
        {
            world.Refuse(Ask("1", LineAsk.Release), "PolicyForbids");
            world.Wait(TimeSpan.FromSeconds(70));
        }

        Assert.NotNull(world.Order.Exception);
        Assert.Equal(OrderState.Compensating, world.Order.State);
        world.Command(new OrderCommandBody.Retry { Reason = "the policy was changed" });
        world.Settle();
        Assert.Equal(OrderState.Cancelled, world.Order.State);
    }

    [Fact]
    public void Fewer_units_are_given_back_and_not_paid()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Command(new OrderCommandBody.Amend
        {
            Lines = [new LineQuantity { LineId = "1", Quantity = 1 }],
        });
        world.Settle();

        Assert.Equal((1_500, OrderState.InFulfillment), (world.Order.AmountMinor, world.Order.State));
        Assert.Equal(1, world.Reservation("1")!.Confirmed);
        Assert.Equal(1_500, Assert.Single(world.Payments).AmountMinor);
    }

    private void ToConfirming()
    {
        world.Placed();
        AnswerHolds();
        AnswerExtensions();
        world.Fraud(FraudVerdict.Accept, "o-1/fraud/1");
        world.Pay(Payment(), PaymentState.Authorized);
        world.Asked.RemoveAll(a => a.Body is not Body.LineAsked { Ask: LineAsk.Confirm });
        Assert.Equal(OrderState.Confirming, world.Order.State);
    }

    private void Shipped()
    {
        world.Placed().Settle();
        world.Ship("1", 2);
        world.Ship("2", 2);
        world.Settle();
    }

    private void AnswerHolds() => AnswerAll(LineAsk.Hold);

    private void AnswerExtensions() => AnswerAll(LineAsk.Extend);

    private void AnswerAll(LineAsk ask)
    {
        while (world.Asked.Find(a => a.Body is Body.LineAsked line && line.Ask == ask) is { } asked)
        {
            world.Answer(asked);
        }
    }

    private OrderEvent Ask(string lineId, LineAsk ask) =>
        world.Asked.Last(a => a.Body is Body.LineAsked line && line.Ask == ask && line.LineId == lineId);

    private Body.PaymentAsked Payment() => world.Asked.Select(a => a.Body).OfType<Body.PaymentAsked>().Last();

    private static OrderCommandBody.ReturnGoods Goods(string id, string line, long units) => new()
    {
        ReturnId = id,
        Lines = [new ReturnedLine { LineId = line, Quantity = units }],
    };
}
