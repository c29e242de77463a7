using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Commands;

/// <summary>
/// A rejection names every reason of the first tier that fails, and none of a later one; of tiers 4 to 6 all.
/// </summary>
public sealed class ReasonTierTests
{
    private const long Stale = 99;

    private static readonly string[] Facts = ["Consume of 2", "Consume of 4", "Return of 2", "Return of 3"];

    private static readonly string[] LaterTiers = ["DeadlineExceeded"];

    /// <summary>Rows about one reservation: an expected version is looked at.</summary>
    public static TheoryData<string, string, string> Cells =>
    [
        .. TransitionMatrix.Cells.Where(c => IsAboutReservation(c.Command)).Select(
            c => new TheoryDataRow<string, string, string>(c.Command, c.State, c.Result)),
    ];

    private static bool IsAboutReservation(string row) => row.Split([' ', ',', ':'])[0] is "Hold" or "Confirm"
        or "Release" or "Extend" or "Amend" or "Split" or "Reassign" or "ForceRelease" or "Import"
        || row == "Repair: release" || Facts.Contains(row);

    [Theory]
    [MemberData(nameof(Cells))]
    public void Stale_version_is_named_beside_whatever_else_of_its_tier_stands_in_the_way(
        string command, string state, string result)
    {
        var ledger = TransitionScenario.Given(state);

        var answer = TransitionScenario.Ask(ledger, command, Stale);

        if (Facts.Contains(command))
        {
            Assert.Equal(result, answer);
            return;
        }
        var reasons = result.Split("R ", 2) is [_, var named] && !LaterTiers.Contains(named) ? named.Split('+') : [];
        var waits = result.StartsWith("P, ", StringComparison.Ordinal) && state == "none";
        Assert.StartsWith(waits ? "P, R " : "R ", answer, StringComparison.Ordinal);
        Assert.Equal(
            [.. reasons.Append("VersionMismatch").Order(StringComparer.Ordinal)],
            answer[(waits ? 5 : 2)..].Split('+').Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Tier_0_names_shape_conflict_age_and_deadline_together()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 1, commandId: "c");
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "s", Quantity = 0 }, "c");

        var answer = ledger.Run(hold with { IssuedAtMs = 1, DeadlineMs = ledger.NowMs - 1 });

        AssertReasons(answer, "Malformed", "IdempotencyConflict", "TooOld", "DeadlineExceeded");
    }

    [Fact]
    public void Tier_1_names_authority_epoch_and_pool_together()
    {
        var ledger = new TestLedger();
        Transfer(ledger, AuthorityMode.Legacy, 5);

        AssertReasons(
            Ask(ledger, new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, epoch: 4),
            "StaleEpoch", "NotAuthoritative", "UnknownPool");

        Transfer(ledger, AuthorityMode.Authoritative, 6);

        AssertReasons(
            Ask(ledger, new AllocationCommandBody.Import { ReservationId = "r", Confirmed = 1 }, epoch: 4),
            "StaleEpoch", "AuthorityConflict", "UnknownPool");

        for (var index = 1; index < AuthorityLimit; index++)
        {
            Transfer(ledger, AuthorityMode.Frozen, 6, $"p{index}*");
        }

        AssertReasons(Transfer(ledger, AuthorityMode.Frozen, 5, "another*"), "StaleEpoch", "AuthorityConflict");
    }

    private const int AuthorityLimit = 1_000;

    [Fact]
    public void Tier_2_of_a_split_names_the_version_the_parts_that_exist_and_what_does_not_stay()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 3);
        ledger.Hold("a", 1);
        var split = new AllocationCommandBody.Split
        {
            ReservationId = "r",
            Parts =
            [
                new SplitPart { ReservationId = "a", Quantity = 2 },
                new SplitPart { ReservationId = "b", Quantity = 2 },
            ],
        };

        AssertReasons(Ask(ledger, split, version: Stale), "VersionMismatch", "ReservationExists", "ExceedsHeld");

        ledger.Release("r");

        AssertReasons(Ask(ledger, split, version: Stale), "VersionMismatch", "AlreadyReleased", "ReservationExists");
    }

    [Fact]
    public void Tier_2_of_an_import_names_the_version_the_reservation_and_its_time_and_no_class()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 3);
        Transfer(ledger, AuthorityMode.Frozen, 1);
        var import = new AllocationCommandBody.Import
        {
            ReservationId = "r",
            Held = 1,
            ExpiresAtMs = ledger.NowMs,
            Class = "no such class",
        };

        AssertReasons(Ask(ledger, import, version: Stale), "VersionMismatch", "ReservationExists", "AlreadyExpired");
        AssertReasons(Ask(ledger, import with { ReservationId = "new", ExpiresAtMs = ledger.NowMs + 1 }),
            "PolicyForbids");
    }

    [Fact]
    public void Tier_2_of_a_confirmation_that_is_too_late_names_what_was_cancelled()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 3);
        ledger.Wait(TimeSpan.FromHours(1));
        ledger.Release("r");

        AssertReasons(
            Ask(ledger, new AllocationCommandBody.Confirm { ReservationId = "r" }, version: Stale),
            "VersionMismatch", "AlreadyExpired", "Cancelled");
        AssertReasons(
            Ask(ledger, new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 }, version: Stale),
            "VersionMismatch", "AlreadyExpired", "Cancelled");
    }

    [Fact]
    public void Tier_2_of_a_repair_names_the_balances_and_the_account()
    {
        var ledger = TestLedger.WithStock(10);

        AssertReasons(
            Ask(ledger, new AllocationCommandBody.Repair
            {
                MismatchId = "m",
                Action = "Adjust",
                Approver = "shop",
                Quantity = 1,
                From = RepairAccount.Blocked,
                To = RepairAccount.Free,
                ExpectedBalances = new Balances(),
            }),
            "VersionMismatch", "ExceedsAccount");
    }

    [Fact]
    public void Tier_3_of_a_hold_names_all_that_the_policy_does_not_offer()
    {
        var policy = ThreeClasses with
        {
            ModeTable = [new ModeRow("mode/stop", "stop", PoolPattern.All, ModeEffect.RejectHolds, 0)],
        };
        var ledger = new TestLedger(policy);
        ledger.Configure(closesAtMs: ledger.NowMs);
        ledger.Run(ledger.Command(
            new AllocationCommandBody.ModeSwitch { Mode = "stop", On = true, Reason = "test" },
            pool: ReservedKeys.Mode));

        var answer = Ask(ledger, new AllocationCommandBody.Hold
        {
            ReservationId = "r",
            Quantity = 1,
            Mode = HoldMode.Waitlist,
            WaitUntilMs = ledger.NowMs,
            Class = "no such class",
            TtlMs = long.MaxValue,
        });

        AssertReasons(
            answer, "PolicyForbids", "PolicyForbids", "DegradedMode", "PolicyForbids", "PolicyForbids",
            "TtlExceedsMaximum");
    }

    [Fact]
    public void Tier_3_of_an_extension_names_the_life_and_the_limit()
    {
        var policy = PolicyVersions.Version0 with
        {
            TtlTable = [PolicyVersions.Version0.TtlTable[0] with { ExtensionLimit = 0 }],
        };
        var ledger = TestLedger.WithStock(10, policy: policy);
        ledger.Hold("r", 1);

        AssertReasons(
            Ask(ledger, new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = long.MaxValue }),
            "TtlExceedsMaximum", "ExtensionLimit");
    }

    [Fact]
    public void Tier_3_of_operators_names_who_may_and_how_many()
    {
        var limits = PolicyVersions.Version0.Limits with { ApprovalsPerPool = 0 };
        var ledger = TestLedger.WithStock(10, policy: PolicyVersions.Version0 with { Limits = limits });
        ledger.Hold("r", 1);
        ledger.Confirm("r");

        AssertReasons(
            Ask(ledger, new AllocationCommandBody.ForceRelease { ReservationId = "r", Reason = "", Ticket = "t" }),
            "PolicyForbids", "PolicyForbids");
    }

    [Fact]
    public void Tier_3_of_a_policy_names_what_is_invalid_and_that_there_is_no_room()
    {
        var ledger = new TestLedger();
        for (var version = 1; version < 11; version++)
        {
            Activate(ledger, version, ledger.NowMs + 3_600_000, isValid: true);
        }

        var answer = Activate(ledger, 20, ledger.NowMs + 3_600_000, isValid: false);

        AssertReasons(answer, "InvalidPolicy", "PolicyConflict");
    }

    [Fact]
    public void Tiers_4_to_6_are_named_together()
    {
        var policy = ThreeClasses.Waiting().WithQuotas(
            Quota(QuotaScope.Customer, "ann", 1), Quota(QuotaScope.Dealer, null, 5));
        var ledger = new TestLedger(policy);
        ledger.Configure(maximum: 3);
        ledger.Delta(1, 2);
        ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = "first",
            Quantity = 3,
            Mode = HoldMode.Waitlist,
            Attributes = new Dictionary<string, string> { ["dealer"] = "north" },
        });

        var answer = Ask(
            ledger, new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 4, CustomerRef = "ann" });

        AssertReasons(
            answer, "ExceedsMaximumCapacity", "QuotaExceeded", "ScopeRequired", "InsufficientAvailability",
            "WaitersAhead");
    }

    [Fact]
    public void Consumed_part_of_a_split_is_a_reservation_that_exists_and_an_orphan_is_one_that_was_used_up()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 3);
        ledger.Confirm("r");
        ledger.Run(new AllocationCommandBody.Split
        {
            ReservationId = "r",
            Parts = [new SplitPart { ReservationId = "part", Quantity = 1 }],
        });
        ledger.Consume("part", 1);
        ledger.Consume("orphan", 1);
        ledger.Wait(TimeSpan.FromMinutes(1));

        AssertReasons(ledger.Hold("part", 1), "ReservationExists");
        AssertReasons(ledger.Hold("part", 3), "ReservationExists");
        AssertReasons(ledger.Hold("orphan", 1), "AlreadyConsumed");
    }

    [Fact]
    public void Consumed_import_is_a_reservation_that_exists()
    {
        var ledger = TestLedger.WithStock(10);
        Transfer(ledger, AuthorityMode.Frozen, 1);
        ledger.Run(new AllocationCommandBody.Import { ReservationId = "r", Confirmed = 1 });
        Transfer(ledger, AuthorityMode.Authoritative, 2);
        ledger.Consume("r", 1);

        AssertReasons(ledger.Hold("r", 1), "ReservationExists");
    }

    private static AllocationOutcome Ask(
        TestLedger ledger, AllocationCommandBody body, long? version = null, long? epoch = null) =>
        ledger.Run(ledger.Command(body) with { ExpectedVersion = version, Epoch = epoch });

    private static AllocationOutcome Transfer(TestLedger ledger, AuthorityMode mode, long epoch, string slice = "*") =>
        ledger.Run(ledger.Command(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = slice,
                Mode = mode,
                Owner = "erp",
                NewEpoch = epoch,
            },
            pool: ReservedKeys.Authority));

    private static AllocationOutcome Activate(TestLedger ledger, int version, long effectiveAtMs, bool isValid)
    {
        var policy = PolicyVersions.Version0 with { Version = version };
        return ledger.Run(ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Document = isValid ? PolicyDocument.Write(policy) : "{}",
                Version = version,
                ContentHash = PolicyDocument.HashOf(policy),
                EffectiveAtMs = effectiveAtMs,
            },
            pool: ReservedKeys.Policy));
    }

    private static void AssertReasons(AllocationOutcome outcome, params string[] codes) => Assert.Equal(
        codes.Order(StringComparer.Ordinal).Distinct(),
        Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event).Reasons.Select(r => r.Code.ToString())
            .Order(StringComparer.Ordinal).Distinct());
}
