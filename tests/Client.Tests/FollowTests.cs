using Alloc.Client;

namespace Client.Tests;

/// <summary>Outcomes are followed with their sequences checked, over restarts too.</summary>
public sealed class FollowTests(ClientFixture fixture) : IClassFixture<ClientFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_the_beginning_every_outcome_follows_on()
    {
        var pool = await fixture.PoolAsync("whole", 5);
        await fixture.Client.SendAsync(fixture.Hold(pool, "r1", 1), Cancellation);

        var seen = await ReadAsync(new FollowOptions { StopsAtEnd = true });

        Assert.Equal([1L, 2L, 3L], seen.Where(o => o.Outcome.PoolId == pool).Select(o => o.Outcome.Sequence));
        Assert.All(seen, o => Assert.Equal(SequenceKind.Next, o.Sequence.Kind));
    }

    [Fact]
    public async Task Kept_positions_and_sequences_go_on_without_a_gap_or_a_repeat()
    {
        var pool = await fixture.PoolAsync("kept", 5);
        var before = await ReadAsync(new FollowOptions { StopsAtEnd = true });
        await fixture.Client.SendAsync(fixture.Hold(pool, "r1", 1), Cancellation);

        var after = await ReadAsync(From(before) with { LastSequences = Sequences(before) });

        Assert.Equal(
            (SequenceKind.Next, 3L),
            after.Where(o => o.Outcome.PoolId == pool).Select(o => (o.Sequence.Kind, o.Outcome.Sequence)).Single());
    }

    [Fact]
    public async Task Read_again_from_an_earlier_position_what_was_seen_is_a_repeat()
    {
        var pool = await fixture.PoolAsync("repeat", 5);
        var before = await ReadAsync(new FollowOptions { StopsAtEnd = true });

        var again = await ReadAsync(new FollowOptions { StopsAtEnd = true, LastSequences = Sequences(before) });

        Assert.All(
            again.Where(o => o.Outcome.PoolId == pool), o => Assert.Equal(SequenceKind.Repeat, o.Sequence.Kind));
    }

    [Fact]
    public async Task A_position_behind_what_was_not_seen_is_a_gap()
    {
        var pool = await fixture.PoolAsync("gap", 5);
        await fixture.Client.SendAsync(fixture.Hold(pool, "r1", 1), Cancellation);
        var all = await ReadAsync(new FollowOptions { StopsAtEnd = true });
        var last = all.Last(o => o.Outcome.PoolId == pool);

        var seen = await ReadAsync(new FollowOptions
        {
            Partitions = [last.Partition],
            Positions = new Dictionary<int, long> { [last.Partition] = last.Offset },
            LastSequences = new Dictionary<string, long> { [pool] = 1 },
            StopsAtEnd = true,
        });

        Assert.Equal(new SequenceVerdict(SequenceKind.Gap, 2), seen.First(o => o.Outcome.PoolId == pool).Sequence);
    }

    [Fact]
    public async Task A_position_that_the_journal_does_not_have_is_refused()
    {
        var e = await Assert.ThrowsAsync<AllocException>(() => ReadAsync(new FollowOptions
        {
            Positions = new Dictionary<int, long> { [0] = long.MaxValue },
            StopsAtEnd = true,
        }));

        Assert.Equal(FailureKind.NotFound, e.Kind);
    }

    [Fact]
    public async Task What_is_decided_from_now_on_comes_when_it_is_committed()
    {
        var pool = await fixture.PoolAsync("live", 5);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var live = fixture.Client.FollowAsync(new FollowOptions(), ending.Token).GetAsyncEnumerator();

        var hold = fixture.Hold(pool, "r1", 1);
        var sending = fixture.Client.SendAsync(hold, Cancellation);
        do
        {
            Assert.True(await live.MoveNextAsync());
        }
        while (live.Current.Outcome.CommandId != hold.CommandId);

        Assert.Equal(
            live.Current.Outcome.Sequence, Assert.IsType<CommandAnswer.Decided>(await sending).Outcome.Sequence);
    }

    private static FollowOptions From(List<FollowedOutcome> seen) => new()
    {
        Positions = seen.GroupBy(o => o.Partition).ToDictionary(p => p.Key, p => p.Max(o => o.Offset) + 1),
        StopsAtEnd = true,
    };

    private static Dictionary<string, long> Sequences(List<FollowedOutcome> seen) =>
        seen.GroupBy(o => o.Outcome.PoolId).ToDictionary(p => p.Key, p => p.Max(o => o.Outcome.Sequence));

    private async Task<List<FollowedOutcome>> ReadAsync(FollowOptions options)
    {
        var seen = new List<FollowedOutcome>();
        await foreach (var outcome in fixture.Client.FollowAsync(options, Cancellation))
        {
            seen.Add(outcome);
        }
        return seen;
    }
}
