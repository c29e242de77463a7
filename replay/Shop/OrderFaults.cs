using Alloc.Schemas.Allocation;
using Alloc.Schemas.Payments;

namespace Alloc.Replay.Shop;

/// <summary>What goes wrong with an order, and what must be found because of it.</summary>
internal sealed partial class OrderLife
{
    /// <summary>How the name of a movement ends that never was.</summary>
    public const string Again = "-again";

    private static string ScopeOf(Line line) => $"{line.Plan.PoolId}/{line.Plan.ReservationId}";

    private void ConfirmUnknown() => Hold(() => Then(() => All(Open, (line, answered) => World.Ask(
        line.Plan.PoolId, Id("confirm", line),
        new AllocationCommandBody.Confirm { ReservationId = line.Plan.ReservationId }, outcome =>
        {
            Expect<AllocationOutcomeEvent.Confirmed>("Confirm", outcome);
            floor.Truth.Expect(plan.Fault, "ReservationWithoutOrder", ScopeOf(line));
            answered();
        }), () => EndWith(Open.Any()))));

    private void CountOther()
    {
        var line = Open.First();
        line.Quantity += line.Quantity > 1 ? -1 : 1;
        Say("AwaitingFraudDecision");
        floor.Truth.Expect(plan.Fault, "QuantityMismatch", ScopeOf(line));
        EndWith(true);
    }

    private void CancelBehind()
    {
        Say("Cancelled");
        foreach (var line in Open)
        {
            floor.Truth.Expect(plan.Fault, "ZombieHold", ScopeOf(line));
        }
        EndWith(true);
    }

    private void KillConfirmed()
    {
        Pay(PaymentState.Refunded);
        Say("Cancelled");
        foreach (var line in Open)
        {
            floor.Truth.Expect(plan.Fault, "ConfirmedForDeadOrder", ScopeOf(line));
        }
        EndWith(true);
    }

    private void LoseRelease(Line line, AllocationCommandBody.Release release, Action written)
    {
        var id = Id("release", line);
        floor.Truth.Expect(plan.Fault, "UnansweredCommand", $"{line.Plan.PoolId}/{id}");
        floor.Truth.Expect(plan.Fault, "ZombieHold", ScopeOf(line));
        floor.Truth.Inject(plan.Fault);
        World.Lose(line.Plan.PoolId, id, release, written);
    }

    private void LoseUnderPayment()
    {
        foreach (var line in Open)
        {
            floor.Truth.Expect(plan.Fault, "OrderWithoutReservation", ScopeOf(line));
        }
        floor.Truth.Expect(plan.Fault, "PaidWithoutReservation", plan.OrderRef);
        Pay(PaymentState.Authorized, World.NowMs + (long)AuthorisedFor.TotalMilliseconds);
        All(
            Open, (line, expired) => World.WhenExpired(line.Plan.PoolId, line.Plan.ReservationId, expired),
            () => EndWith(true));
        floor.Resolutions.Add(() =>
        {
            Pay(PaymentState.Refunded);
            Say("Cancelled");
        });
    }

    private void EndAuthorisation()
    {
        floor.Truth.Expect(plan.Fault, "AuthorizationExpired", plan.OrderRef);
        floor.Resolutions.Add(() => Pay(PaymentState.Captured));
        EndWith(true);
    }

    private void ConsumeAlone(Line line, string movement, Action<AllocationOutcome> booked)
    {
        floor.Truth.Inject(line.Plan.Fault);
        floor.Truth.Expect(line.Plan.Fault, "OrphanConsume", $"{line.Plan.PoolId}/{movement}");
        floor.Warehouse.ShipUnsaid(plan.OrderRef, line.Plan, movement, line.Quantity);
        World.Ask(line.Plan.PoolId, Id("consume", line), Consumption(line, line.Quantity, movement), booked);
    }

    private void ShipUnheard(Line line, string movement, Action shipped)
    {
        floor.Truth.Inject(line.Plan.Fault);
        floor.Truth.Expect(line.Plan.Fault, "ConfirmedNotConsumed", $"{line.Plan.PoolId}/{movement}");
        floor.MissFact(line.Plan.Fault, line.Plan.PoolId, floor.Warehouse.ShipUnheard(
            plan.OrderRef, line.Plan, movement, line.Quantity));
        shipped();
    }

    private void AfterShipped(Line line, string movement)
    {
        if (line.Plan.Fault == ShopFault.DoubledConsume)
        {
            // No promise covers it and no goods moved: two things are wrong, each is said.
            var again = movement + Again;
            floor.Truth.Inject(line.Plan.Fault);
            floor.Truth.Expect(line.Plan.Fault, "OrphanConsume", $"{line.Plan.PoolId}/{again}");
            World.Ask(line.Plan.PoolId, Id("consume-again", line), Consumption(line, 1, again));
        }
        else if (line.Plan.Fault == ShopFault.ReturnOfNothing)
        {
            var returned = new PlannedReturn(0, $"r-{line.Plan.ReservationId}-nothing", line.Plan.LineId, 1, false);
            floor.Truth.Inject(line.Plan.Fault);
            floor.Truth.Expect(line.Plan.Fault, "OrphanReturn", $"{line.Plan.PoolId}/{returned.Id}");
            floor.Warehouse.TakeBack(plan.OrderRef, line.Plan.PoolId, null, returned, null);
        }
    }

    private AllocationCommandBody.Consume Consumption(Line line, long quantity, string movement) => new()
    {
        ReservationId = line.Plan.ReservationId,
        Quantity = quantity,
        ConsumeId = movement,
        OccurredAtMs = World.NowMs,
    };

    private void EndWith(bool isInjected)
    {
        if (isInjected)
        {
            floor.Truth.Inject(plan.Fault);
        }
        floor.End($"fault: {plan.Fault}");
    }
}
