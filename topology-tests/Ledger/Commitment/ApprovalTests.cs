using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Commitment;

/// <summary>Operators: ForceRelease, and the second person who approves it.</summary>
public sealed class ApprovalTests
{
    [Fact]
    public void Confirmed_units_move_when_another_operator_approves()
    {
        var ledger = Confirmed();

        var pending = Force(ledger, "ann", "f");
        Assert.IsType<AllocationOutcomeEvent.PendingApproval>(pending.Event);
        Assert.False(pending.Original);
        Assert.Equal((5L, 1), (ledger.Balances.Confirmed, ledger.PoolState.Approvals));

        var outcomes = ledger.All(Approve(ledger, "bob"));

        Assert.Equal(["N Approved", "✔ Released"], outcomes.Select(OutcomeText.Of));
        Assert.All(outcomes, o => Assert.True(o.Original));
        Assert.Equal(("f", outcomes[0].CommandId), (outcomes[1].CommandId, outcomes[1].CausedBy!.CommandId));
        Assert.Empty(outcomes[0].Entries);
        Assert.Equal((0L, 0, 0), (ledger.Balances.Confirmed, ledger.PoolState.Approvals, ledger.PoolState.Parked));
        Assert.Empty(ledger.State.GetTimers());
    }

    [Fact]
    public void Repeat_meanwhile_answers_pending_again_and_afterwards_released()
    {
        var ledger = Confirmed();
        Force(ledger, "ann", "f");

        var meanwhile = Force(ledger, "ann", "f");
        ledger.All(Approve(ledger, "bob"));
        var afterwards = Force(ledger, "ann", "f");

        Assert.IsType<AllocationOutcomeEvent.PendingApproval>(meanwhile.Event);
        Assert.NotNull(meanwhile.DuplicateOf);
        Assert.Equal("✔ Released", OutcomeText.Of(afterwards));
        Assert.NotNull(afterwards.DuplicateOf);
    }

    [Fact]
    public void Nobody_approves_his_own_action_and_only_operators_approve()
    {
        var ledger = Confirmed();
        Force(ledger, "ann", "f");
        var byService = Approve(ledger, "shop") with { Actor = new Actor { Type = ActorType.Service, Id = "shop" } };

        Assert.Equal("R SelfApproval", OutcomeText.Of(ledger.Run(Approve(ledger, "ann"))));
        Assert.Equal("R PolicyForbids", OutcomeText.Of(ledger.Run(byService)));
        Assert.Equal("R NothingToApprove", OutcomeText.Of(ledger.Run(Approve(ledger, "bob", "another"))));
        Assert.Equal((5L, 1), (ledger.Balances.Confirmed, ledger.PoolState.Approvals));
    }

    [Fact]
    public void Approval_that_never_comes_ends_the_command_as_rejected()
    {
        var ledger = Confirmed();
        Force(ledger, "ann", "f");

        var end = ledger.Wait(TimeSpan.FromHours(24)).Single();

        Assert.Equal(("R DeadlineExceeded", "f", true), (OutcomeText.Of(end), end.CommandId, end.Original));
        Assert.Equal("R NothingToApprove", OutcomeText.Of(ledger.Run(Approve(ledger, "bob"))));
        Assert.Equal((5L, 0, 0), (ledger.Balances.Confirmed, ledger.PoolState.Approvals, ledger.PoolState.Parked));
    }

    [Fact]
    public void Approved_command_is_decided_by_the_state_of_that_moment()
    {
        var ledger = Confirmed();
        Force(ledger, "ann", "f");
        ledger.Consume("r", 5);

        var outcomes = ledger.All(Approve(ledger, "bob"));

        Assert.Equal(["N Approved", "R AlreadyConsumed"], outcomes.Select(OutcomeText.Of));
        Assert.Equal(0, ledger.PoolState.Approvals);
    }

    [Fact]
    public void Held_units_go_at_once_and_only_for_operators()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        var byService = ledger.Command(Body("r"));

        Assert.Equal("R PolicyForbids", OutcomeText.Of(ledger.Run(byService)));
        Assert.Equal("✔ Released", OutcomeText.Of(Force(ledger, "ann", "f")));
        Assert.Equal("released 5 cancelled", OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
    }

    [Fact]
    public void As_many_wait_for_an_approval_as_the_policy_lets()
    {
        var limits = PolicyVersions.Version0.Limits with { ApprovalsPerPool = 1 };
        var ledger = TestLedger.WithStock(10, policy: PolicyVersions.Version0 with { Limits = limits });
        ledger.Hold("r", 5);
        ledger.Confirm("r");

        Force(ledger, "ann", "f");

        Assert.Equal("R PolicyForbids", OutcomeText.Of(Force(ledger, "ann", "g")));
    }

    [Fact]
    public void Force_release_names_a_ticket()
    {
        var ledger = Confirmed();

        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Body("r") with { Ticket = "" })));
    }

    private static TestLedger Confirmed()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        ledger.Confirm("r");
        return ledger;
    }

    private static AllocationCommandBody.ForceRelease Body(string id) =>
        new() { ReservationId = id, Reason = "customer died", Ticket = "CASE-1" };

    private static AllocationOutcome Force(TestLedger ledger, string actor, string commandId) =>
        ledger.Run(ledger.Command(Body("r"), commandId) with { Actor = Operator(actor) });

    private static AllocationCommand Approve(TestLedger ledger, string actor, string approved = "f") =>
        ledger.Command(new AllocationCommandBody.Approve { ApprovedCommandId = approved }) with
        {
            Actor = Operator(actor),
        };

    private static Actor Operator(string id) => new() { Type = ActorType.Operator, Id = id };
}
