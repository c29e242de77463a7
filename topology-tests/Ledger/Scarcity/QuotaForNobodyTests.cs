using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>
/// A request that names nobody in a scope that counts: a row without a value refuses it, unless the policy says that
/// whoever names nobody is not limited; a row for one value is for nobody else, unless the policy says the contrary.
/// Every scope, and every way to a grant.
/// </summary>
public sealed class QuotaForNobodyTests
{
    private static readonly QuotaScope[] NamedScopes =
        [QuotaScope.Customer, QuotaScope.Channel, QuotaScope.Tier, QuotaScope.Dealer];

    public static TheoryData<QuotaScope, string?, bool?, bool> Rows
    {
        get
        {
            var data = new TheoryData<QuotaScope, string?, bool?, bool>();
            foreach (var scope in NamedScopes)
            {
                data.Add(scope, null, null, true);
                data.Add(scope, null, true, true);
                data.Add(scope, null, false, false);
                data.Add(scope, "ann", null, false);
                data.Add(scope, "ann", false, false);
                data.Add(scope, "ann", true, true);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Hold_that_names_nobody_is_refused_where_the_scope_is_required(
        QuotaScope scope, string? value, bool? required, bool isRefused)
    {
        foreach (var empty in (string?[])[null, ""])
        {
            var ledger = Ledger(Row(scope, value, required));

            var nobody = Hold(ledger, "r", 50, scope, empty);

            if (!isRefused)
            {
                Assert.Equal(
                    empty is null || value is not null ? "✔ Held" : "R QuotaExceeded", OutcomeText.Of(nobody));
                continue;
            }
            var reason = Assert.Single(Assert.IsType<AllocationOutcomeEvent.Rejected>(nobody.Event).Reasons);
            Assert.Equal(
                (ReasonCode.ScopeRequired, scope.ToString().ToLowerInvariant(), $"quota/{scope}/{value ?? "each"}"),
                (reason.Code, reason.Scope, reason.Detail));
            Assert.Contains(nobody.Decision, s => s is { Rule: DecisionRule.Quota, Result: RuleResult.Failed });
            Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "s", 4, scope, "ann")));
        }
    }

    [Fact]
    public void Everybody_has_a_class()
    {
        var ledger = Ledger(Row(QuotaScope.Class, null, null) with { Nominal = 100 });

        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "r", 50, QuotaScope.Customer, null)));
    }

    [Fact]
    public void What_names_nobody_neither_waits_nor_takes_from_others_nor_gets_a_part()
    {
        var policy = ThreeClasses.Waiting().WithQuotas(Row(QuotaScope.Customer, null, null)) with
        {
            PreemptionTable =
            [
                new PreemptionRow("preempt/vip", PoolPattern.All, Vip, [Web], false, 0, 0, 10, false),
            ],
        };
        var ledger = TestLedger.WithStock(4, policy: policy);
        Hold(ledger, "web", 4, QuotaScope.Customer, "ann");

        var waits = ledger.Run(Body("r", 1) with { Mode = HoldMode.Waitlist });
        var part = ledger.Run(Body("p", 3) with { Mode = HoldMode.Partial });
        var takes = ledger.Run(Body("v", 4) with { Class = Vip });
        var lines = ledger.Run(new AllocationCommandBody.Hold
        {
            Lines =
            [
                new HoldLine { ReservationId = "a", Quantity = 1, Class = Vip },
                new HoldLine { ReservationId = "b", Quantity = 1, Class = Web },
            ],
        });

        Assert.All([waits, part, takes, lines], o => Assert.Contains("ScopeRequired", OutcomeText.Of(o),
            StringComparison.Ordinal));
        Assert.Equal(4, ledger.Balances.Held);
        Assert.Equal(0, ledger.PoolState.Waiters);
    }

    // What was granted before the policy asked for a name stays; nothing is added to it without one.
    [Fact]
    public void Policy_that_begins_to_ask_for_a_name_leaves_what_was_granted_and_grants_no_more_without_one()
    {
        var free = ThreeClasses.Waiting() with
        {
            Version = 1,
            ConductTable = [PolicyVersions.Version0.ConductTable[0] with { LateConfirm = true }],
        };
        var ledger = TestLedger.WithStock(10);
        Activate(ledger, free);
        ledger.Run(Body("held", 2));
        ledger.Run(Body("late", 2) with { TtlMs = 1_000 });
        ledger.Run(Body("rest", 6));
        ledger.Run(Body("waits", 1) with { Mode = HoldMode.Waitlist });
        ledger.Run(Body("named", 1) with { Mode = HoldMode.Waitlist, CustomerRef = "ann" });
        ledger.Wait(TimeSpan.FromSeconds(2));
        ledger.Release("named");
        Activate(ledger, free.WithQuotas(Row(QuotaScope.Customer, null, null)) with { Version = 2 });

        var amendUp = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "held", NewQuantity = 3 });
        var confirm = ledger.Confirm("held");
        var reassigned = ledger.Run(
            new AllocationCommandBody.Reassign { ReservationId = "rest", ToOrderRef = "order-7" });
        var down = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "rest", NewQuantity = 5 });
        var again = ledger.Run(Body("other", 1) with { CustomerRef = "ann" });

        Assert.Equal(
            ["R ScopeRequired", "✔ Confirmed", "✔ Reassigned", "✔ Amended", "✔ Held"],
            new[] { amendUp, confirm, reassigned, down, again }.Select(OutcomeText.Of));
    }

    [Fact]
    public void Late_confirmation_without_a_name_is_a_grant_that_is_refused()
    {
        var policy = ThreeClasses with
        {
            Version = 1,
            ConductTable = [PolicyVersions.Version0.ConductTable[0] with { LateConfirm = true }],
        };
        var ledger = TestLedger.WithStock(10);
        Activate(ledger, policy);
        ledger.Run(Body("late", 2) with { TtlMs = 1_000 });
        ledger.Wait(TimeSpan.FromSeconds(2));
        Activate(ledger, policy.WithQuotas(Row(QuotaScope.Customer, null, null)) with { Version = 2 });

        Assert.Equal("R ScopeRequired", OutcomeText.Of(ledger.Confirm("late")));

        ledger.Run(new AllocationCommandBody.Hold { ReservationId = "fine", Quantity = 1, CustomerRef = "ann" });
        Assert.Equal("✔ Confirmed", OutcomeText.Of(ledger.Confirm("fine")));
    }

    [Fact]
    public void Waiter_without_a_name_is_passed_over_and_stops_nobody()
    {
        var policy = ThreeClasses.Waiting() with { Version = 1 };
        var ledger = TestLedger.WithStock(2);
        Activate(ledger, policy);
        ledger.Run(Body("all", 2));
        ledger.Run(Body("nobody", 1) with { Mode = HoldMode.Waitlist });
        ledger.Run(Body("ann", 1) with { Mode = HoldMode.Waitlist, CustomerRef = "ann" });
        Activate(ledger, policy.WithQuotas(Row(QuotaScope.Customer, null, null)) with { Version = 2 });

        var amendedUp = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "nobody", NewQuantity = 2 });
        Assert.Equal("R ScopeRequired", OutcomeText.Of(amendedUp));
        var beyond = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "ann", NewQuantity = 5 });
        Assert.Equal("R QuotaExceeded", OutcomeText.Of(beyond));

        ledger.Release("all");

        Assert.Equal(1, ledger.Reservation("nobody")!.Waiting);
        Assert.Equal(1, ledger.Reservation("ann")!.Held);
        Assert.Equal("✔ Held", OutcomeText.Of(ledger.Run(Body("bert", 1) with { CustomerRef = "bert" })));
    }

    // An import is taken as it is, whoever it is for: it was promised already.
    [Fact]
    public void Import_asks_nobody_and_what_it_brought_is_confirmed_as_any_hold()
    {
        var ledger = Ledger(Row(QuotaScope.Customer, null, null));
        ledger.Run(ledger.Command(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = "*",
                Mode = AuthorityMode.Frozen,
                Owner = "erp",
                NewEpoch = 1,
            },
            pool: ReservedKeys.Authority));

        Assert.Equal("✔ Imported", OutcomeText.Of(ledger.Run(new AllocationCommandBody.Import
        {
            ReservationId = "r",
            Held = 5,
            ExpiresAtMs = ledger.NowMs + 60_000,
        })));
        Assert.Equal("✔ Confirmed", OutcomeText.Of(ledger.Confirm("r")));
    }

    [Fact]
    public void Version_0_asks_for_no_name()
    {
        var ledger = TestLedger.WithStock(10);

        Assert.Equal("✔ Held", OutcomeText.Of(ledger.Hold("r", 10)));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(null, "false", true)]
    [InlineData(null, "true", false)]
    [InlineData("ann", null, false)]
    [InlineData("ann", "true", true)]
    [InlineData("ann", "false", false)]
    public void Document_says_it_only_where_it_is_not_the_default(string? value, string? required, bool isWritten)
    {
        var row = (value is null ? "" : $", value: {value}") + (required is null ? "" : $", required: {required}");

        var reading = PolicyDocument.ParseAny(Document(
            $"  - {{id: quota/a, pools: \"*\", scope: customer, nominal: 4{row}}}"));

        Assert.Empty(reading.Errors);
        var policy = reading.Policy!;
        Assert.Equal(isWritten, PolicyDocument.Write(policy).Contains("required", StringComparison.Ordinal));
        Assert.Equal(required is null ? value is null : required == "true", policy.QuotaTable[0].IsRequired);
        Assert.Equal(
            PolicyDocument.HashOf(policy),
            PolicyDocument.HashOf(PolicyDocument.Parse(PolicyDocument.Write(policy)).Policy!));
    }

    [Fact]
    public void Document_that_asks_for_a_class_is_told_that_everybody_has_one()
    {
        var reading = PolicyDocument.ParseAny(Document(
            "  - {id: quota/a, pools: \"*\", scope: class, nominal: 4, required: true}"));

        Assert.Contains("scope class", Assert.Single(reading.Errors).Show(), StringComparison.Ordinal);
    }

    private static string Document(string quota) => $$"""
        version: 1
        classes: [web]
        class:
          - {id: class/web, pools: "*", class: web}
        ttl:
          - {id: ttl/all, pools: "*", minimum: 1m, default: 15m, maximum: 1d, extensions: 3}
        conduct:
          - {id: conduct/default, pools: "*"}
        quota:
        {{quota}}
        """;

    private static QuotaRow Row(QuotaScope scope, string? value, bool? required) =>
        required is { } said ? Quota(scope, value, 4) with { IsRequired = said } : Quota(scope, value, 4);

    private static TestLedger Ledger(QuotaRow row)
    {
        var ledger = TestLedger.WithStock(100, policy: ThreeClasses.WithQuotas(row));
        ledger.Channel = null!;
        return ledger;
    }

    private static AllocationCommandBody.Hold Body(string id, long quantity) =>
        new() { ReservationId = id, Quantity = quantity };

    private static AllocationOutcome Hold(
        TestLedger ledger, string id, long quantity, QuotaScope scope, string? name)
    {
        var command = ledger.Command(Body(id, quantity) with
        {
            CustomerRef = scope == QuotaScope.Customer ? name : null,
            Attributes = scope == QuotaScope.Dealer && name is not null
                ? new Dictionary<string, string> { ["dealer"] = name }
                : [],
        });
        return ledger.Run(command with
        {
            Actor = command.Actor with
            {
                Channel = scope == QuotaScope.Channel ? name : null,
                Tier = scope == QuotaScope.Tier ? name : null,
            },
        });
    }

    private static void Activate(TestLedger ledger, AllocationPolicy policy)
    {
        policy = policy with { ClassMappings = [new ClassMapping("standard", Web)] };
        var outcome = ledger.Run(ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Document = PolicyDocument.Write(policy),
                Version = policy.Version,
                ContentHash = PolicyDocument.HashOf(policy),
                EffectiveAtMs = 0,
            },
            pool: ReservedKeys.Policy));
        Assert.Equal("✔ PolicyActivated", OutcomeText.Of(outcome));
    }
}
