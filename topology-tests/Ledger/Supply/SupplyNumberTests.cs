using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Supply;

/// <summary>
/// Facts and counts that come without a number: the ledger gives them one, so that whoever reports need not know the
/// last, and any number of them may report at once.
/// </summary>
public sealed class SupplyNumberTests
{
    private const string Operator = "operator";

    private static AllocationCommandBody.SupplyDelta Add(long quantity, string source = Operator) =>
        new() { Source = source, Quantity = quantity };

    private static AllocationCommandBody.SupplySnapshot Count(long quantity, string source = TestLedger.Erp) =>
        new() { Source = source, Quantity = quantity, Through = null };

    [Fact]
    public void Each_gets_the_next_number_and_each_counts_once()
    {
        var ledger = TestLedger.WithStock(0);
        var commands = Enumerable.Range(1, 32).Select(n => ledger.Command(Add(n))).ToArray();

        var outcomes = commands.Select(ledger.Run).ToArray();
        var repeats = commands.Select(ledger.Run).ToArray();

        Assert.Equal(
            Enumerable.Range(1, 32).Select(n => (long?)n),
            outcomes.Select(o => Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(o.Event).SourceSequence));
        Assert.Equal(outcomes.Select(OutcomeIds.Of), repeats.Select(o => o.DuplicateOf));
        Assert.Equal(32 * 33 / 2, ledger.Balances.Free);
        Assert.Equal((32L, Numbering.Ledger), (
            ledger.State.GetSource(TestLedger.Pool, Operator)!.Highest,
            ledger.State.GetSource(TestLedger.Pool, Operator)!.Facts));
        Assert.Empty(ledger.State.GetSource(TestLedger.Pool, Operator)!.Missing);
    }

    [Fact]
    public void Source_that_was_numbered_before_anybody_kept_by_whom_goes_on_from_its_last_number()
    {
        var ledger = TestLedger.WithStock(0);
        ledger.State.PutSource(TestLedger.Pool, new SupplySource { Source = Operator, Highest = 6 });

        var added = ledger.Run(Add(3));

        Assert.Equal(7, Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(added.Event).SourceSequence);
    }

    // Its next own number would be taken: that fact would be a duplicate, and lost.
    [Fact]
    public void Source_that_numbers_its_facts_is_not_given_numbers_and_the_other_way_round()
    {
        var ledger = TestLedger.WithStock(0);
        ledger.Delta(1, 5);
        var unnumbered = ledger.Command(Add(3, TestLedger.Erp));

        var refused = ledger.Run(unnumbered);
        var own = ledger.Delta(2, 5);
        ledger.Run(Add(1));
        AllocationOutcome[] numbered =
        [
            ledger.Delta(1, 7, Operator), ledger.Delta(2, 7, Operator),
            ledger.Consume("r", 1, "used", Operator, 1), ledger.Return("r", 1, "back", Operator, 9),
        ];

        Assert.All([refused, .. numbered], o => Assert.Equal("R Malformed", OutcomeText.Of(o)));
        Assert.All([refused, .. numbered], o => Assert.False(o.Original));
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(own));
        Assert.Equal(11, ledger.Balances.Free);
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(ledger.Run(
            unnumbered with { Body = Add(3, Operator) })));
    }

    [Fact]
    public void Fact_without_a_number_is_told_from_a_repeat_by_its_command_id_so_it_may_not_be_too_old()
    {
        var ledger = TestLedger.WithStock(0);
        var add = ledger.Command(Add(3));
        ledger.Run(add);

        ledger.NowMs += ledger.Policy.Limits.CommandRetentionMs + 1;
        var late = ledger.Run(add);
        var numbered = ledger.Run(ledger.Command(Add(3, TestLedger.Erp) with { SourceSequence = 1 }) with
        {
            IssuedAtMs = 1,
        });

        Assert.Equal("R TooOld", OutcomeText.Of(late));
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(numbered));
        Assert.Equal(6, ledger.Balances.Free);
    }

    [Fact]
    public void Facts_that_the_ledger_numbers_are_inside_the_count_that_covers_them()
    {
        var ledger = TestLedger.WithStock(0);
        ledger.Run(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = Operator },
        });
        ledger.Run(Add(3));
        ledger.Run(Add(4));
        ledger.Run(Add(5));

        ledger.Run(Count(7, Operator) with { Through = 2 });

        Assert.Equal(12, ledger.Balances.Free);
        Assert.Equal(4, Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(ledger.Run(Add(1)).Event).SourceSequence);
    }

    [Fact]
    public void Counts_without_a_version_are_newer_than_all_before_whatever_any_clock_says()
    {
        var ledger = TestLedger.WithStock(0);
        var first = ledger.Command(Count(10));
        ledger.Run(first);
        ledger.NowMs += 60_000;
        var second = ledger.Run(Count(20));
        var third = ledger.Run(ledger.Command(Count(30)) with { IssuedAtMs = ledger.NowMs - 3_600_000 });

        Assert.Equal(2, Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(second.Event).Version);
        Assert.Equal(3, Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(third.Event).Version);
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(ledger.Run(first)));
        Assert.Equal(30, ledger.Balances.Free);
    }

    [Fact]
    public void Count_without_a_version_follows_versions_that_a_clock_gave_before()
    {
        var ledger = TestLedger.WithStock(0);
        ledger.State.PutSource(
            TestLedger.Pool, new SupplySource { Source = TestLedger.Erp, Version = 1_700_000_000_000 });

        var counted = ledger.Run(Count(10));

        Assert.Equal(
            1_700_000_000_001, Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(counted.Event).Version);
    }

    [Fact]
    public void Source_that_gives_versions_is_not_given_any()
    {
        var ledger = TestLedger.WithStock(0);
        ledger.Snapshot(1, 10, through: null);
        var count = ledger.Command(Count(20));

        var refused = ledger.Run(count);
        var own = ledger.Snapshot(2, 11, through: null);

        Assert.Equal("R Malformed", OutcomeText.Of(refused));
        Assert.False(refused.Original);
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(own));
        Assert.Equal(11, ledger.Balances.Free);
    }

    [Fact]
    public void Count_without_a_version_of_another_source_is_ignored_and_leaves_no_mark()
    {
        var ledger = TestLedger.WithStock(5);

        var ignored = ledger.Run(Count(20, "stranger"));

        Assert.Equal(
            SupplyIgnoredWhy.NotSnapshotSource, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(ignored.Event).Why);
        Assert.Null(ledger.State.GetSource(TestLedger.Pool, "stranger"));
    }
}
