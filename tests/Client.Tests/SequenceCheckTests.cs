using Alloc.Client;

namespace Client.Tests;

public sealed class SequenceCheckTests
{
    private readonly SequenceCheck check = new();

    [Fact]
    public void Outcomes_from_the_first_on_follow_one_another()
    {
        Assert.Equal(
            [SequenceKind.Next, SequenceKind.Next, SequenceKind.Next],
            new long[] { 1, 2, 3 }.Select(n => check.See("a", n).Kind));
    }

    [Fact]
    public void What_begins_in_the_middle_says_so_once()
    {
        Assert.Equal(new SequenceVerdict(SequenceKind.First, 1), check.See("a", 7));
        Assert.Equal(new SequenceVerdict(SequenceKind.Next, 8), check.See("a", 8));
    }

    [Fact]
    public void A_missing_outcome_is_a_gap_and_the_check_goes_on_behind_it()
    {
        check.See("a", 1);

        Assert.Equal(new SequenceVerdict(SequenceKind.Gap, 2), check.See("a", 4));
        Assert.Equal(new SequenceVerdict(SequenceKind.Next, 5), check.See("a", 5));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_was_seen_before_is_a_repeat_and_moves_nothing(long again)
    {
        check.See("a", 1);
        check.See("a", 2);

        Assert.Equal(new SequenceVerdict(SequenceKind.Repeat, 3), check.See("a", again));
        Assert.Equal(SequenceKind.Next, check.See("a", 3).Kind);
    }

    [Fact]
    public void Pools_are_counted_apart()
    {
        check.See("a", 1);

        Assert.Equal(SequenceKind.Next, check.See("b", 1).Kind);
        Assert.Equal(SequenceKind.Next, check.See("a", 2).Kind);
    }

    [Fact]
    public void A_gap_over_a_restart_is_noticed_and_so_is_a_repeat()
    {
        check.See("a", 1);
        check.See("a", 2);

        Assert.Equal(SequenceKind.Gap, new SequenceCheck(check.Last).See("a", 4).Kind);
        Assert.Equal(SequenceKind.Repeat, new SequenceCheck(check.Last).See("a", 2).Kind);
        Assert.Equal(SequenceKind.Next, new SequenceCheck(check.Last).See("a", 3).Kind);
    }
}
