using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Commitment;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Supply;

/// <summary>
/// Repair: what reconciliation found is mended, if the ledger is still as reconciliation saw it. Release gives held
/// units back, Adjust moves units between accounts that are no promises, AcceptSnapshot applies the rebase of a
/// snapshot that was parked. The last two need an approver who is not the actor.
/// </summary>
internal static class RepairRules
{
    public const string Release = "Release";
    public const string Adjust = "Adjust";
    public const string AcceptSnapshot = "AcceptSnapshot";

    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Repair repair)
    {
        if (repair.ExpectedBalances is { } expected && expected != d.Pool.Balances)
        {
            d.Look(Step(DecisionRule.Repair, RuleResult.Failed, "expectedBalances"));
            d.Fail(ReasonCode.VersionMismatch, "the balances are not those that the mismatch saw");
        }
        var isDone = repair.Action switch
        {
            Release => TryRelease(d, repair),
            Adjust => TryAdjust(d, repair),
            _ => TryAccept(d, repair),
        };
        if (!isDone)
        {
            d.DropEffects();
            return d.Rejected(repair.ReservationId);
        }
        d.Look(Step(DecisionRule.Repair, RuleResult.Applied, repair.Action));
        return new AllocationOutcomeEvent.Repaired
        {
            MismatchId = repair.MismatchId,
            Action = repair.Action,
            Approver = repair.Approver,
            ReservationId = repair.ReservationId,
        };
    }

    private static bool TryRelease(Decision d, AllocationCommandBody.Repair repair)
    {
        var id = repair.ReservationId!;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        VersionRule.Check(d, known);
        var code = status == ReservationStatus.Confirmed ? ReasonCode.NotHeld : LiveRule.Ended(status);
        if (code is { } reason)
        {
            d.Fail(reason, "", id);
        }
        d.Look(d.IsRejected ? Rejection(d.Kind, status) : Transition(d.Kind, status));
        if (d.IsRejected)
        {
            return false;
        }
        if (status == ReservationStatus.Waitlisted)
        {
            ReleaseRules.WithoutUnits(d, id, repair.MismatchId, known, status);
        }
        else
        {
            GivingBack.Post(d, known!, known!.Held, fromConfirmed: 0, isWhole: known.Confirmed == 0);
        }
        return true;
    }

    private static bool TryAdjust(Decision d, AllocationCommandBody.Repair repair)
    {
        var quantity = repair.Quantity!.Value;
        var there = repair.From switch
        {
            RepairAccount.Blocked => d.Blocked,
            RepairAccount.Consumed when d.Pool.Settings.Kind == PoolKind.Capacity => d.Consumed,
            _ => long.MaxValue,
        };
        if (quantity > there)
        {
            d.Fail(
                ReasonCode.ExceedsAccount, repair.From.ToString(), null, N(NumberName.Requested, quantity),
                N(NumberName.Actual, there));
        }
        CheckApprover(d, repair);
        if (d.IsRejected)
        {
            return false;
        }
        d.Post(EntryKind.RepairAdjusted, AccountOf(repair.From), AccountOf(repair.To), quantity);
        return true;
    }

    // What was parked is applied as it was counted: facts add up, so it is as right now as it was then. The next
    // snapshot takes off the facts that it covers.
    private static bool TryAccept(Decision d, AllocationCommandBody.Repair repair)
    {
        var mark = d.State.GetSource(d.Pool.PoolId, repair.Source!);
        if (mark?.ParkedRebase is not { } rebase)
        {
            d.Fail(ReasonCode.NothingToApprove, $"no snapshot of {repair.Source} is parked");
            return false;
        }
        CheckApprover(d, repair);
        if (d.IsRejected)
        {
            return false;
        }
        d.Look(Step(
            DecisionRule.SnapshotRebase, RuleResult.Applied, "accepted", N(NumberName.Rebase, rebase),
            N(NumberName.Version, mark.ParkedVersion ?? 0)));
        SnapshotRules.PostRebase(d, rebase);
        d.Write(mark with { ParkedVersion = null, ParkedRebase = null });
        return true;
    }

    // Tier 3, when nothing of tier 2 failed.
    private static void CheckApprover(Decision d, AllocationCommandBody.Repair repair)
    {
        if (d.IsRejected)
        {
            return;
        }
        var isOther = repair.Approver != d.Command!.Actor.Id;
        d.Look(Step(DecisionRule.Approval, isOther ? RuleResult.Passed : RuleResult.Failed, "another actor"));
        if (!isOther)
        {
            d.Fail(ReasonCode.SelfApproval, repair.Approver);
        }
    }

    private static Account AccountOf(RepairAccount account) => account switch
    {
        RepairAccount.External => Account.External,
        RepairAccount.Free => Account.Free,
        RepairAccount.Blocked => Account.Blocked,
        RepairAccount.Consumed => Account.Consumed,
        _ => throw new LedgerFaultException($"A repair may not touch {account}."),
    };
}
