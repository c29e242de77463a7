using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.PolicyInForce;

/// <summary>A partition takes policies, and puts them in force at their time.</summary>
public sealed class PolicyActivationTests
{
    [Fact]
    public void Policy_acts_from_the_outcome_that_puts_it_in_force()
    {
        var ledger = TestLedger.WithStock(10);

        var taken = Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs);
        var held = (AllocationOutcomeEvent.Held)ledger.Hold("r", 1).Event;

        Assert.True(((AllocationOutcomeEvent.PolicyActivated)taken.Event).InForce);
        Assert.Equal(("$partition/3", 1), (taken.PoolId, taken.PolicyVersion));
        Assert.Equal(ledger.NowMs + 300_000, held.ExpiresAtMs);
        Assert.Equal(1, ledger.Journal[^1].PolicyVersion);
    }

    [Fact]
    public void Policies_wait_for_their_time_and_the_highest_whose_time_has_come_is_in_force()
    {
        var ledger = TestLedger.WithStock(10);
        var start = ledger.NowMs;
        Activate(ledger, WithTtl(1, minutes: 1), start + 60_000);
        Activate(ledger, WithTtl(2, minutes: 2), start + 180_000);
        Activate(ledger, WithTtl(3, minutes: 3), start + 120_000);

        Assert.Equal([0], Versions(ledger.Journal));
        Assert.Equal([1], Versions(ledger.Wait(TimeSpan.FromMinutes(1))));
        Assert.Equal([3], Versions(ledger.Wait(TimeSpan.FromMinutes(1))));
        Assert.Empty(ledger.Wait(TimeSpan.FromMinutes(1)));
        Assert.Equal(3, ledger.Hold("r", 1).PolicyVersion);
        Assert.Equal([3], ledger.State.Settings.Policies.Select(p => p.Version));
    }

    [Fact]
    public void Policy_that_is_due_acts_before_the_record_that_finds_it_due()
    {
        var ledger = TestLedger.WithStock(10);
        Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs + 1_000);
        ledger.NowMs += 1_000;

        var outcomes = ledger.All(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        Assert.Equal(["✔ PolicyActivated", "✔ Held"], outcomes.Select(OutcomeText.Of));
        Assert.Equal(300_000, ledger.Reservation("r")!.ExpiresAtMs - ledger.NowMs);
    }

    [Fact]
    public void Policy_that_is_due_acts_although_more_timers_are_due_than_fire()
    {
        var shipped = PolicyVersions.Version0;
        var ledger = TestLedger.WithStock(
            10, policy: shipped with { Limits = shipped.Limits with { TimersPerRecord = 2 } });
        for (var index = 0; index < 5; index++)
        {
            ledger.Hold($"h{index}", 1, ttlMs: 1_000 + index);
        }
        Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs + 60_000);
        ledger.NowMs += 60_000;

        ledger.Hold("r", 1);

        Assert.Equal(1, ledger.Journal[^1].PolicyVersion);
        Assert.Equal(300_000, ledger.Reservation("r")!.ExpiresAtMs - ledger.NowMs);
    }

    [Fact]
    public void Older_and_known_versions_are_no_ops_and_another_content_of_a_version_is_a_conflict()
    {
        var ledger = TestLedger.WithStock(10);
        Activate(ledger, WithTtl(2, minutes: 5), ledger.NowMs);

        Assert.Equal("N PolicyOlder", OutcomeText.Of(Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs)));
        Assert.Equal("N PolicyKnown", OutcomeText.Of(Activate(ledger, WithTtl(2, minutes: 5), ledger.NowMs)));
        Assert.Equal("R PolicyConflict", OutcomeText.Of(Activate(ledger, WithTtl(2, minutes: 6), ledger.NowMs)));
        Assert.Equal(2, ledger.State.Partition.PolicyVersion);
    }

    [Fact]
    public void Document_that_is_wrong_never_becomes_active()
    {
        var ledger = TestLedger.WithStock(10);
        var policy = WithTtl(1, minutes: 5);
        var document = PolicyDocument.Write(policy);

        var broken = Activate(ledger, 1, document.Replace("standard", "gold", StringComparison.Ordinal)[..^2], policy);
        var unmapped = Activate(ledger, 1, document.Replace("standard", "gold", StringComparison.Ordinal), policy);
        var version = Activate(ledger, 2, document, policy);
        var hash = Activate(ledger, 1, PolicyDocument.Write(WithTtl(1, minutes: 6)), policy);

        Assert.All([broken, unmapped, version, hash], answer =>
        {
            var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(answer.Event);
            Assert.All(rejected.Reasons, r => Assert.Equal(ReasonCode.InvalidPolicy, r.Code));
            Assert.All(rejected.Reasons, r => Assert.NotEmpty(r.Detail));
        });
        Assert.Equal((0, 0), (ledger.State.Partition.PolicyVersion, ledger.State.Settings.Policies.Count));
        Assert.Empty(ledger.State.GetTimers());
    }

    [Fact]
    public void Journal_alone_brings_the_policy_in_force_back()
    {
        var ledger = TestLedger.WithStock(10);
        Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs);
        Activate(ledger, WithTtl(2, minutes: 7), ledger.NowMs + 60_000);
        var folded = new InMemoryLedgerState();

        foreach (var outcome in ledger.Journal)
        {
            Evolve.Apply(folded, outcome);
        }
        var again = new AllocationLedger(folded, PolicyVersions.Version0, TestLedger.Partition);
        var outcomes = new List<AllocationOutcome>();
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });
        again.Fold(
            new LedgerRecord("t", TestLedger.Partition, 9, ledger.NowMs + 60_000, hold.PoolId, 3, hold), outcomes);

        Assert.Equal(2, outcomes.Count);
        Assert.Equal([2], Versions(outcomes));
        Assert.Equal(ledger.NowMs + 480_000, ((AllocationOutcomeEvent.Held)outcomes[^1].Event).ExpiresAtMs);
    }

    [Fact]
    public void Repeat_of_an_activation_changes_nothing()
    {
        var ledger = TestLedger.WithStock(10);
        Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs, "first");
        Activate(ledger, WithTtl(2, minutes: 6), ledger.NowMs);

        var repeat = Activate(ledger, WithTtl(1, minutes: 5), ledger.NowMs, "first");

        Assert.NotNull(repeat.DuplicateOf);
        Assert.Equal((2, 2), (repeat.PolicyVersion, ledger.State.Settings.HighestPolicy));
        Assert.Equal([2], ledger.State.Settings.Policies.Select(p => p.Version));
    }

    private static IEnumerable<int> Versions(IEnumerable<AllocationOutcome> outcomes) =>
        outcomes.Select(o => o.PolicyVersion).Distinct();

    private static AllocationPolicy WithTtl(int version, int minutes) => PolicyVersions.Version0 with
    {
        Version = version,
        TtlTable = [PolicyVersions.Version0.TtlTable[0] with { DefaultMs = minutes * 60_000 }],
    };

    private static AllocationOutcome Activate(
        TestLedger ledger, AllocationPolicy policy, long effectiveAtMs, string? commandId = null) =>
        Activate(ledger, policy.Version, PolicyDocument.Write(policy), policy, effectiveAtMs, commandId);

    private static AllocationOutcome Activate(
        TestLedger ledger, int version, string document, AllocationPolicy policy, long effectiveAtMs = 0,
        string? commandId = null) =>
        ledger.Run(ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Version = version,
                Document = document,
                ContentHash = PolicyDocument.HashOf(policy),
                EffectiveAtMs = effectiveAtMs,
            },
            commandId,
            ReservedKeys.Policy));
}
