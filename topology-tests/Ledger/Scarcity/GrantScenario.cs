using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>
/// The rows and columns of the table of grants: a way to a grant is prepared on a real ledger so that it would lead to
/// one, then what bars grants comes up, then the way is gone.
/// </summary>
internal static class GrantScenario
{
    public const string NoBar = "nothing";
    private const string Nobody = "nobody is named";
    private const string Ann = "ann";
    private const long Hour = 3_600_000;
    private static readonly long[] Lines = [3, 2];

    // Who asks is of class plus: it may take from web, and vip comes before it.
    private static readonly AllocationPolicy Policy = ThreeClasses.Waiting(boosts: (Vip, Hour)) with
    {
        ConductTable = [PolicyVersions.Version0.ConductTable[0] with { LateConfirm = true }],
        PreemptionTable = [Preempting(Vip), Preempting(Plus)],
        ModeTable =
        [
            new ModeRow("mode/stop", "stop", PoolPattern.All, ModeEffect.RejectHolds, 1_000),
            new ModeRow("mode/wait", "wait", PoolPattern.All, ModeEffect.WaitlistClasses, 0) { Classes = [Plus] },
        ],
    };

    /// <summary>What becomes of a grant that comes by a way when it is barred, in the words of a cell.</summary>
    public static string Ask(string bar, string way)
    {
        var ledger = TestLedger.WithStock(28, policy: Policy);
        // Eight units of the same customer, which nobody takes: what quotas count.
        Assert.Equal("✔ Held", OutcomeText.Of(ledger.Run(Hold("x", 8, Vip))));
        Prepare(ledger, way, bar);
        Bar(ledger, bar, way);
        return Go(ledger, way, bar);
    }

    /// <summary>The bars of the code that a row is about.</summary>
    public static GrantBar BarOf(string row) => row switch
    {
        "the slice is frozen" or "another system decides" => GrantBar.Authority,
        "a mode rejects holds" => GrantBar.DegradedMode,
        "a mode lets the class wait" => GrantBar.ClassMustWait,
        "the pool is closed" => GrantBar.Closed,
        "the wait is over" => GrantBar.WaitIsOver,
        "the policy dropped the class" => GrantBar.UnknownClass,
        "larger than a request can be" => GrantBar.LargestRequest,
        "the quota is full" or "the quota is too small" or Nobody => GrantBar.Quota,
        "too few units" or "kept for a higher class" or "a deficit" => GrantBar.Units,
        "waiters ahead" => GrantBar.WaitersAhead,
        _ => GrantBar.None,
    };

    private static PreemptionRow Preempting(string priorityClass) => new(
        $"preempt/{priorityClass}", PoolPattern.All, priorityClass, [Web], IncludeConfirmed: false,
        MinimumAgeMs: 60_000, CooldownMs: 0, MaximumVictims: 100, VictimWaitsAgain: false);

    // Ways begin with 20 units of which none, or all, are held.
    private static void Prepare(TestLedger ledger, string way, string bar)
    {
        switch (way)
        {
            case "Hold" or "Hold of lines" or "Hold of classes" or "Hold that may wait" or "Import":
                break;
            case "Amend up" or "Reassign":
                ledger.Run(Hold("r", 5) with { CustomerRef = way == "Reassign" ? "bob" : Asker(bar) });
                break;
            case "late Confirm":
                ledger.Run(Hold("r", 5) with { TtlMs = 1_000, CustomerRef = Asker(bar) });
                ledger.Wait(TimeSpan.FromSeconds(1));
                break;
            case "Confirm of more":
                ledger.Run(Hold("r", 5) with { TtlMs = 1_000, CustomerRef = Asker(bar) });
                ledger.Confirm("r", 2, Remainder.Keep);
                ledger.Wait(TimeSpan.FromSeconds(1));
                break;
            case "promotion" or "turn to take" or "Amend of a waiter":
                ledger.Run(Hold("other", 20, way == "turn to take" ? Web : Plus) with { CustomerRef = "olga" });
                ledger.Run(Hold("w", 5) with
                {
                    Mode = HoldMode.Waitlist,
                    CustomerRef = Asker(bar),
                    TtlMs = 2 * Hour,
                    WaitUntilMs = ledger.NowMs + (bar == "the wait is over" ? 60_000 : Hour),
                });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(way), way, "not a column of the table");
        }
        if (way == "Import")
        {
            Transfer(ledger, AuthorityMode.Frozen, 1);
        }
    }

    private static void Bar(TestLedger ledger, string bar, string way)
    {
        var free = way is "promotion" or "turn to take" or "Amend of a waiter" ? 20 : ledger.Balances.Free;
        switch (bar)
        {
            case NoBar or "the deadline is over" or "the wait is over":
                break;
            case "a lower epoch":
                Transfer(ledger, way == "Import" ? AuthorityMode.Frozen : AuthorityMode.Authoritative, 5);
                break;
            case "the slice is frozen":
                Transfer(ledger, AuthorityMode.Frozen, 2);
                break;
            case "another system decides":
                Transfer(ledger, AuthorityMode.Legacy, 2);
                break;
            case "a mode rejects holds" or "a mode lets the class wait":
                var mode = bar == "a mode rejects holds" ? "stop" : "wait";
                ledger.Run(ledger.Command(
                    new AllocationCommandBody.ModeSwitch { Mode = mode, On = true, Reason = "test" },
                    pool: ReservedKeys.Mode));
                break;
            case "the pool is closed":
                ledger.Configure(closesAtMs: ledger.NowMs);
                break;
            case "larger than a request can be":
                ledger.Configure(maximum: 4);
                break;
            case "too few units":
                ledger.Run(new AllocationCommandBody.Block { Quantity = free - 1, Reason = "test" });
                break;
            case "a deficit":
                ledger.Run(new AllocationCommandBody.Block { Quantity = free + 1, Reason = "test" });
                break;
            case "waiters ahead":
                ledger.Run(Hold("q", 100, Vip) with { Mode = HoldMode.Waitlist, CustomerRef = "quinn" });
                break;
            default:
                Activate(ledger, Another(bar));
                break;
        }
    }

    private static AllocationPolicy Another(string bar) => bar switch
    {
        "the policy dropped the class" => Policy with
        {
            Classes = [Vip, Web],
            ClassMappings = [new ClassMapping(Plus, Vip)],
            PreemptionTable = [Preempting(Vip)],
            ModeTable = [Policy.ModeTable[0]],
        },
        "a life that is too long" => Policy with
        {
            TtlTable = [Policy.TtlTable[0] with { DefaultMs = 60_000, MaximumMs = 120_000 }],
        },
        "no waiting is offered" => Policy with { WaitlistTable = [] },
        "no late confirmation" => Policy with { ConductTable = PolicyVersions.Version0.ConductTable },
        Nobody => Policy.WithQuotas(Quota(QuotaScope.Customer, null, 100)),
        "the quota is full" => Policy.WithQuotas(Quota(QuotaScope.Customer, Ann, 12)),
        "the quota is too small" => Policy.WithQuotas(Quota(QuotaScope.Customer, Ann, 4)),
        "kept for a higher class" => Policy with
        {
            ProtectionTable = [new ProtectionRow("protect/vip", PoolPattern.All, Vip, 8 + 20, UsageCount.Open)],
        },
        _ => throw new ArgumentOutOfRangeException(nameof(bar), bar, "not a row of the table"),
    };

    private static string Go(TestLedger ledger, string way, string bar)
    {
        if (way is "promotion" or "turn to take")
        {
            return way == "promotion" ? Promotion(ledger) : Turn(ledger);
        }
        if (bar == "the wait is over" && way == "Amend of a waiter")
        {
            ledger.NowMs += 60_000;
        }
        var command = ledger.Command(Body(ledger, way, bar));
        if (bar == "the deadline is over")
        {
            command = command with { DeadlineMs = ledger.NowMs - 1 };
        }
        if (bar == "a lower epoch")
        {
            command = command with { Epoch = 4 };
        }
        var outcome = ledger.Run(command);
        return outcome.Event switch
        {
            AllocationOutcomeEvent.Rejected rejected => $"R {string.Join('+', Codes(rejected))}",
            AllocationOutcomeEvent.Waitlisted => "waits",
            _ => OutcomeText.Of(outcome).StartsWith('✔') ? "✔" : OutcomeText.Of(outcome),
        };
    }

    // That taking from others did not help is no bar of its own.
    private static IEnumerable<ReasonCode> Codes(AllocationOutcomeEvent.Rejected rejected) =>
        rejected.Reasons.Select(r => r.Code).Where(c => c != ReasonCode.PreemptionNotPermitted).Distinct();

    private static string Promotion(TestLedger ledger)
    {
        if (ledger.Reservation("w")!.WaitUntilMs == ledger.NowMs + 60_000)
        {
            ledger.NowMs += 60_000;
        }
        var isElsewhere = ledger.State.Settings.Slices.Any(s => s.Mode == AuthorityMode.Legacy);
        if (isElsewhere)
        {
            // Nobody but the other system could give units back: a correction of the supply brings them.
            ledger.Run(new AllocationCommandBody.SupplyDelta { Source = "opening", SourceSequence = 2, Quantity = 20 });
        }
        else
        {
            ledger.Release("other");
        }
        return Became(ledger);
    }

    private static string Turn(TestLedger ledger)
    {
        ledger.Wait(TimeSpan.FromMinutes(1));
        return Became(ledger);
    }

    private static string Became(TestLedger ledger)
    {
        var w = ledger.Reservation("w")!;
        return w.Held > 0 ? "✔" : w.Waiting > 0 ? "waits" : "ends";
    }

    private static AllocationCommandBody Body(TestLedger ledger, string way, string bar) => way switch
    {
        "Hold" => Asked(bar),
        "Hold of lines" => Asked(bar) with
        {
            ReservationId = null,
            Quantity = null,
            Lines = [.. Lines.Select((q, index) => new HoldLine { ReservationId = $"r{index}", Quantity = q })],
        },
        "Hold of classes" => Asked(bar) with
        {
            ReservationId = null,
            Quantity = null,
            Lines =
            [
                new HoldLine { ReservationId = "r0", Quantity = Lines[0] },
                new HoldLine { ReservationId = "r1", Quantity = Lines[1], Class = Web },
            ],
        },
        "Hold that may wait" => Asked(bar) with
        {
            Mode = HoldMode.Waitlist,
            WaitUntilMs = ledger.NowMs + (bar == "the wait is over" ? 0 : Hour),
        },
        "Amend up" => new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 10 },
        "Amend of a waiter" => new AllocationCommandBody.Amend { ReservationId = "w", NewQuantity = 8 },
        "late Confirm" => new AllocationCommandBody.Confirm { ReservationId = "r" },
        "Confirm of more" => new AllocationCommandBody.Confirm { ReservationId = "r", Quantity = 5 },
        "Reassign" => new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = Ann },
        "Import" => new AllocationCommandBody.Import
        {
            ReservationId = "r",
            Held = 5,
            ExpiresAtMs = ledger.NowMs + (2 * Hour),
            Class = Plus,
            CustomerRef = Asker(bar),
        },
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, "not a column of the table"),
    };

    private static AllocationCommandBody.Hold Asked(string bar) => Hold("r", 5) with
    {
        TtlMs = bar == "a life that is too long" ? 2 * Hour : null,
        CustomerRef = Asker(bar),
    };

    private static string? Asker(string bar) => bar == Nobody ? null : Ann;

    private static AllocationCommandBody.Hold Hold(string id, long quantity, string priorityClass = Plus) => new()
    {
        ReservationId = id,
        Quantity = quantity,
        Class = priorityClass,
        CustomerRef = Ann,
        TtlMs = 10 * Hour,
    };

    private static void Transfer(TestLedger ledger, AuthorityMode mode, long epoch) => ledger.Run(ledger.Command(
        new AllocationCommandBody.AuthorityTransfer { Slice = "*", Mode = mode, Owner = "erp", NewEpoch = epoch },
        pool: ReservedKeys.Authority));

    private static void Activate(TestLedger ledger, AllocationPolicy policy)
    {
        var next = policy with { Version = 1 };
        var answer = ledger.Run(ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Version = 1,
                Document = PolicyDocument.Write(next),
                ContentHash = PolicyDocument.HashOf(next),
                EffectiveAtMs = ledger.NowMs,
            },
            pool: ReservedKeys.Policy));
        Assert.Equal("✔ PolicyActivated", OutcomeText.Of(answer));
    }
}
