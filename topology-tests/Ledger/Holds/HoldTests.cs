using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Holds;

public sealed class HoldTests
{
    private static AllocationCommandBody.Hold Lines(
        HoldMode mode, params (string Id, long Quantity, long? Minimum)[] lines) => new()
        {
            Mode = mode,
            Lines = [.. lines.Select(
            l => new HoldLine { ReservationId = l.Id, Quantity = l.Quantity, MinQuantity = l.Minimum })],
        };

    [Fact]
    public void Ten_thousand_requests_for_one_unit_get_exactly_one_grant()
    {
        var ledger = TestLedger.WithStock(1);

        var outcomes = Enumerable.Range(0, 10_000).Select(i => ledger.Hold($"order-{i}", 1)).ToList();

        Assert.Single(outcomes, o => o.Event is AllocationOutcomeEvent.Held);
        Assert.Equal(9_999, outcomes.Count(o => OutcomeText.Of(o) == "R InsufficientAvailability"));
        Assert.Equal((0, 1), (ledger.Balances.Free, ledger.Balances.Held));
    }

    [Fact]
    public void Rejection_tells_what_is_short_and_which_expiry_would_free_enough()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("a", 4, ttlMs: 60_000);
        ledger.Hold("b", 4, ttlMs: 120_000);

        var rejected = ledger.Hold("c", 7);

        var reason = Assert.Single(Assert.IsType<AllocationOutcomeEvent.Rejected>(rejected.Event).Reasons);
        Assert.Equal(ReasonCode.InsufficientAvailability, reason.Code);
        Assert.Equal(
            [(NumberName.Requested, 7), (NumberName.Available, 2), (NumberName.ShortBy, 5), (NumberName.NextExpiryAt,
                ledger.NowMs + 120_000)],
            reason.Numbers.Select(n => (n.Name, n.Value)));
    }

    [Fact]
    public void Rejection_looks_at_no_more_than_64_expiries()
    {
        var ledger = TestLedger.WithStock(100);
        for (var index = 0; index < 100; index++)
        {
            ledger.Hold($"h{index}", 1);
        }

        var known = ledger.Hold("small", 64);
        var unknown = ledger.Hold("big", 65);

        Assert.Contains(Reasons(known)[0].Numbers, n => n.Name == NumberName.NextExpiryAt);
        Assert.DoesNotContain(Reasons(unknown)[0].Numbers, n => n.Name == NumberName.NextExpiryAt);
        Assert.Contains(unknown.Decision, s => s is { Rule: DecisionRule.NextExpiry, Row: "unknown" });
    }

    [Fact]
    public void Lines_are_summed_before_the_check()
    {
        var ledger = TestLedger.WithStock(10);

        var tooMuch = ledger.Run(Lines(HoldMode.AllOrNothing, ("a", 6, null), ("b", 5, null)));
        var fits = ledger.Run(Lines(HoldMode.AllOrNothing, ("a", 6, null), ("b", 4, null)));

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(tooMuch));
        Assert.Equal([6L, 4L], Assert.IsType<AllocationOutcomeEvent.Held>(fits.Event).Lines.Select(l => l.Granted));
        Assert.Equal((0, 10), (ledger.Balances.Free, ledger.Balances.Held));
    }

    [Fact]
    public void Partial_grants_what_is_there_minimum_of_every_line_first()
    {
        var ledger = TestLedger.WithStock(10);

        var held = ledger.Run(Lines(HoldMode.Partial, ("a", 8, 2), ("b", 8, 3), ("c", 8, null)));

        Assert.Equal([6L, 3L, 1L], Assert.IsType<AllocationOutcomeEvent.Held>(held.Event).Lines.Select(l => l.Granted));
    }

    [Fact]
    public void Partial_below_its_minimum_is_rejected_as_one()
    {
        var ledger = TestLedger.WithStock(4);

        var rejected = ledger.Run(Lines(HoldMode.Partial, ("a", 8, 2), ("b", 8, 3)));

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(rejected));
        Assert.Equal(4, ledger.Balances.Free);
    }

    [Fact]
    public void Several_lines_of_one_body_again_are_a_no_op_but_not_with_a_line_of_another_request()
    {
        var ledger = TestLedger.WithStock(10);
        var body = Lines(HoldMode.AllOrNothing, ("a", 2, null), ("b", 2, null));
        ledger.Run(body);

        var again = ledger.Run(body);
        var mixed = ledger.Run(Lines(HoldMode.AllOrNothing, ("b", 2, null), ("c", 2, null)));

        Assert.Equal("N SameHold", OutcomeText.Of(again));
        Assert.Equal("R ReservationExists", OutcomeText.Of(mixed));
        Assert.Equal("failed", OutcomeText.Of(ledger.Reservation("c"), ledger.NowMs));
    }

    [Fact]
    public void All_reasons_of_the_first_tier_that_fails_are_given()
    {
        var ledger = TestLedger.WithStock(0);
        ledger.Configure(maximum: 5, closesAtMs: ledger.NowMs);

        var offer = ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = "r",
            Quantity = 9,
            Mode = HoldMode.Waitlist,
            Class = "vip",
            TtlMs = 90_000_000,
        });
        ledger.Configure(maximum: 5);
        var room = ledger.Hold("s", 9);

        Assert.Equal("R PolicyForbids+PolicyForbids+PolicyForbids+TtlExceedsMaximum", OutcomeText.Of(offer));
        Assert.Equal("R ExceedsMaximumCapacity+InsufficientAvailability", OutcomeText.Of(room));
    }

    [Fact]
    public void Version_that_the_producer_did_not_see_is_a_mismatch()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 2);
        var confirm = ledger.Command(new AllocationCommandBody.Confirm { ReservationId = "r" });

        var stale = ledger.Run(confirm with { ExpectedVersion = 2 });
        var current = ledger.Run(confirm with { ExpectedVersion = 1, CommandId = "other" });

        Assert.Equal("R VersionMismatch", OutcomeText.Of(stale));
        Assert.Equal("✔ Confirmed", OutcomeText.Of(current));
    }

    [Fact]
    public void Extensions_have_a_limit_that_only_moves_count_against()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 2, ttlMs: 1_000);
        AllocationOutcome Extend(long ttlMs) =>
            ledger.Run(new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = ttlMs });

        var moves = Enumerable.Range(1, 10).Select(i => Extend(1_000 * (i + 1))).ToList();
        var idle = Extend(1_000);
        var tooOften = Extend(60_000);

        Assert.All(moves, m => Assert.IsType<AllocationOutcomeEvent.Extended>(m.Event));
        Assert.Equal("N ExpiryNotMoved", OutcomeText.Of(idle));
        Assert.Equal("R ExtensionLimit", OutcomeText.Of(tooOften));
    }

    [Fact]
    public void Every_rule_that_was_looked_at_is_in_the_trace_with_its_row()
    {
        var ledger = TestLedger.WithStock(10);

        var held = ledger.Hold("r", 2);

        Assert.Equal(
            [
                "PoolKnown//Passed", "Idempotency//Passed", "Shape//Passed", "Age//Passed", "Authority//Passed",
                "Transition/Hold/None/Applied", "Class/class/standard/Applied", "Ttl/ttl/default/Applied",
                "Availability//Passed",
            ],
            held.Decision.Select(s => $"{s.Rule}/{s.Row}/{s.Result}"));
    }

    private static IReadOnlyList<Reason> Reasons(AllocationOutcome outcome) =>
        Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event).Reasons;
}
