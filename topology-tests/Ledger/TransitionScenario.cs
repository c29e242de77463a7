using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger;

/// <summary>
/// The rows and columns of the readable transition table, as commands to a real ledger. The pool has 20 units, the
/// reservation <c>r</c> is of 5 and of class web; units are held for 15 minutes.
/// </summary>
internal static class TransitionScenario
{
    private static readonly Actor Ann = new() { Type = ActorType.Operator, Id = "ann" };
    private static readonly Actor Bob = new() { Type = ActorType.Operator, Id = "bob" };

    private static readonly AllocationPolicy Policy = TestPolicies.ThreeClasses with
    {
        WaitlistTable =
        [
            new WaitlistRow("wait/all", PoolPattern.All, WaitlistOrder.StrictFifo, [], 900_000, 3_600_000, 100),
        ],
        PreemptionTable =
        [
            new PreemptionRow(
                "preempt/vip", PoolPattern.All, TestPolicies.Vip, [TestPolicies.Web], IncludeConfirmed: false,
                MinimumAgeMs: 0, CooldownMs: 0, MaximumVictims: 100, VictimWaitsAgain: false),
        ],
        ModeTable = [new ModeRow("mode/slow", "slow", PoolPattern.All, ModeEffect.ExtendHolds, 600_000)],
    };

    /// <summary>A ledger in which the reservation is in the state of a column.</summary>
    public static TestLedger Given(string column)
    {
        var ledger = TestLedger.WithStock(20, policy: Policy);
        switch (column)
        {
            case "none":
                break;
            case "waitlisted":
                ledger.Hold("other", 20);
                ledger.Confirm("other");
                ledger.Run(Hold(5) with { Mode = HoldMode.Waitlist, WaitUntilMs = ledger.NowMs + 900_000 });
                break;
            case "failed":
                ledger.Hold("r", 1_000);
                break;
            case "preempted":
                ledger.Run(Hold(5));
                ledger.Run(Vip());
                break;
            default:
                ledger.Run(Hold(5));
                Go(ledger, column);
                break;
        }
        return ledger;
    }

    /// <summary>What becomes of the command of a row, in the words of a cell.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="row">The row.</param>
    /// <param name="expectedVersion">The version that the producer saw; null: it does not say, unless it must.</param>
    public static string Ask(TestLedger ledger, string row, long? expectedVersion = null)
    {
        if (row == "Tick")
        {
            return ledger.Tick().Count == 0 ? "–" : "an outcome";
        }
        if (row == "preempted")
        {
            return Told(ledger.All(Vip()), "r");
        }
        if (row == "timer")
        {
            return Told(ledger.Wait(TimeSpan.FromMinutes(15)), "r");
        }
        var command = Command(ledger, row);
        var answer = ledger.Run(expectedVersion is null ? command : command with { ExpectedVersion = expectedVersion });
        return answer.Event switch
        {
            AllocationOutcomeEvent.PendingApproval => $"P, {Approved(ledger, answer, row)}",
            AllocationOutcomeEvent.Parked => $"P, {Later(ledger, answer, TimeSpan.FromSeconds(31))}",
            _ => OutcomeText.Of(answer),
        };
    }

    private static void Go(TestLedger ledger, string column)
    {
        switch (column)
        {
            case "held":
                break;
            case "confirmed":
                ledger.Confirm("r");
                break;
            case "consumed":
                ledger.Confirm("r");
                ledger.Consume("r", 5);
                break;
            case "released":
                ledger.Release("r");
                break;
            case "expired":
                ledger.Wait(TimeSpan.FromMinutes(15));
                break;
            case "held+confirmed":
                ledger.Confirm("r", 3, Remainder.Keep);
                break;
            case "confirmed+consumed":
                ledger.Confirm("r");
                ledger.Consume("r", 2);
                break;
            case "expired+confirmed":
                ledger.Confirm("r", 3, Remainder.Keep);
                ledger.Wait(TimeSpan.FromMinutes(15));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(column), column, "not a state of the table");
        }
    }

    private static string Told(IReadOnlyList<AllocationOutcome> outcomes, string id)
    {
        var told = outcomes.Where(o => o.CommandId is null && o.After.Any(r => r.ReservationId == id)).ToArray();
        return told.Length == 0 ? "–" : OutcomeText.Of(told.Single());
    }

    private static string Later(TestLedger ledger, AllocationOutcome answer, TimeSpan time) =>
        OutcomeText.Of(ledger.Wait(time).Single(o => o.CommandId == answer.CommandId && o.Original));

    private static string Approved(TestLedger ledger, AllocationOutcome answer, string row)
    {
        if (row.EndsWith("lapsed", StringComparison.Ordinal))
        {
            return Later(ledger, answer, TimeSpan.FromHours(24));
        }
        var approve = ledger.Command(new AllocationCommandBody.Approve { ApprovedCommandId = answer.CommandId! });
        return OutcomeText.Of(ledger.All(approve with { Actor = Bob }).Single(o => o.CommandId == answer.CommandId));
    }

    private static AllocationCommand Command(TestLedger ledger, string row)
    {
        var command = row switch
        {
            "Import" => ledger.Command(Frozen(ledger)),
            "PolicyActivate" => ledger.Command(Activate(ledger), pool: ReservedKeys.Policy),
            "ModeSwitch" => ledger.Command(
                new AllocationCommandBody.ModeSwitch { Mode = "slow", On = true, Reason = "test" },
                pool: ReservedKeys.Mode),
            "AuthorityTransfer" => ledger.Command(Transfer(AuthorityMode.Frozen), pool: ReservedKeys.Authority),
            _ => ledger.Command(Body(ledger, row)),
        };
        return row.StartsWith("ForceRelease", StringComparison.Ordinal) || row == "Approve"
            ? command with { Actor = Ann }
            : row == "Repair: release" ? command with { ExpectedVersion = ledger.Reservation("r")?.Version ?? 0 }
            : command;
    }

    private static AllocationCommandBody Body(TestLedger ledger, string row) => row switch
    {
        "Hold, the same again" => ledger.Reservation("r") is { Waiting: > 0 } waiter
            ? Hold(5) with { Mode = HoldMode.Waitlist, WaitUntilMs = waiter.WaitUntilMs }
            : Hold(5),
        "Hold, another quantity" => Hold(4),
        "Confirm" => new AllocationCommandBody.Confirm { ReservationId = "r" },
        "Confirm of 5 in all" => new AllocationCommandBody.Confirm { ReservationId = "r", Quantity = 5 },
        "Confirm of 6 in all" => new AllocationCommandBody.Confirm { ReservationId = "r", Quantity = 6 },
        "Confirm, final" => new AllocationCommandBody.Confirm { ReservationId = "r", CommitGroup = "g" },
        "Confirm, other group" => new AllocationCommandBody.Confirm { ReservationId = "r", CommitGroup = "other" },
        "Release" => new AllocationCommandBody.Release { ReservationId = "r", Reason = "test" },
        "Release of 2" => new AllocationCommandBody.Release { ReservationId = "r", Quantity = 2, Reason = "test" },
        "Consume of 2" => Consume(ledger, 2),
        "Consume of 4" => Consume(ledger, 4),
        "Return of 2" => Return(2),
        "Return of 3" => Return(3),
        "Extend" => new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = 1_200_000 },
        "Amend to fewer" => new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 2 },
        "Amend to more" => new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 7 },
        "Split" => new AllocationCommandBody.Split
        {
            ReservationId = "r",
            Parts = [new SplitPart { ReservationId = "part", Quantity = 2 }],
        },
        "Reassign" => new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "another" },
        "ForceRelease" or "ForceRelease, lapsed" => new AllocationCommandBody.ForceRelease
        {
            ReservationId = "r",
            Reason = "test",
            Ticket = "CASE-1",
        },
        "Approve" => new AllocationCommandBody.Approve { ApprovedCommandId = "no-such-command" },
        "Repair: release" => Repair("Release") with { ReservationId = "r" },
        "Repair: adjust" => Repair("Adjust") with
        {
            ExpectedBalances = ledger.Balances,
            Quantity = 1,
            From = RepairAccount.Free,
            To = RepairAccount.Blocked,
        },
        "SupplyDelta" => new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = 1 },
        "SupplySnapshot" => new AllocationCommandBody.SupplySnapshot
        {
            Source = TestLedger.Erp,
            Version = 1,
            Quantity = 30,
            Through = 0,
        },
        "Block" => new AllocationCommandBody.Block { Quantity = 1, Reason = "test" },
        "Unblock" => new AllocationCommandBody.Unblock { Quantity = 1, Reason = "test" },
        "PoolConfigure" => new AllocationCommandBody.PoolConfigure { Settings = ledger.PoolState.Settings },
        _ => throw new ArgumentOutOfRangeException(nameof(row), row, "not a row of the table"),
    };

    private static AllocationCommandBody.Hold Hold(long quantity) =>
        new() { ReservationId = "r", Quantity = quantity, GroupId = "g" };

    private static AllocationCommandBody.Hold Vip() =>
        new() { ReservationId = "vip", Quantity = 17, Class = TestPolicies.Vip };

    private static AllocationCommandBody.Consume Consume(TestLedger ledger, long quantity) => new()
    {
        ReservationId = "r",
        Quantity = quantity,
        ConsumeId = "asked",
        OccurredAtMs = ledger.NowMs,
    };

    private static AllocationCommandBody.Return Return(long quantity) =>
        new() { ReservationId = "r", Quantity = quantity, ConsumeId = "asked" };

    private static AllocationCommandBody.Repair Repair(string action) =>
        new() { MismatchId = "m", Action = action, Approver = "bob" };

    private static AllocationCommandBody.AuthorityTransfer Transfer(AuthorityMode mode) =>
        new() { Slice = "*", Mode = mode, Owner = "erp", NewEpoch = 1 };

    // An import comes while the slice is frozen.
    private static AllocationCommandBody.Import Frozen(TestLedger ledger)
    {
        ledger.Run(ledger.Command(Transfer(AuthorityMode.Frozen), pool: ReservedKeys.Authority));
        return new AllocationCommandBody.Import { ReservationId = "r", Confirmed = 5 };
    }

    private static AllocationCommandBody.PolicyActivate Activate(TestLedger ledger)
    {
        var next = Policy with { Version = 1 };
        return new AllocationCommandBody.PolicyActivate
        {
            Version = 1,
            Document = PolicyDocument.Write(next),
            ContentHash = PolicyDocument.HashOf(next),
            EffectiveAtMs = ledger.NowMs,
        };
    }
}
