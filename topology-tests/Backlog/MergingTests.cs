using System.Text;
using Alloc.Engine.Processing;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Workflow;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>What the merger makes of the words of all partitions.</summary>
public sealed class MergingTests : IDisposable
{
    private readonly BacklogDriver backlog = new(partitions: 4);

    public void Dispose() => backlog.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ages_counts_and_pools_are_those_of_a_naive_model(int seed)
    {
        var random = new Random(seed);
        var model = new Dictionary<string, (long EnteredAtMs, string Pool)>(StringComparer.Ordinal);
        var next = 0;
        for (var minute = 0; minute < 90; minute++)
        {
            for (var n = 0; n < 20; n++)
            {
                if (random.NextDouble() < 0.55 || model.Count == 0)
                {
                    var id = $"o{next++}";
                    var pool = $"pool-{random.Next(15)}";
                    backlog.Enter(id, pools: pool);
                    model[id] = (backlog.NowMs, pool);
                }
                else
                {
                    var id = model.Keys.ElementAt(random.Next(model.Count));
                    backlog.Leave(id);
                    model.Remove(id);
                }
                backlog.Driver.AdvanceWallClock(TimeSpan.FromMilliseconds(random.Next(6000)));
            }
            if (seed == 3 && minute == 45)
            {
                backlog.Driver.RestartFromJournal();
            }
            backlog.Pass(TimeSpan.FromSeconds(2));
            Check(model);
        }
    }

    [Fact]
    public void A_repeated_word_changes_nothing_and_a_missing_one_stops_the_merger_with_the_remedy()
    {
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromSeconds(2));
        var word = backlog.Deltas().First(d => d.StageId == Fraud && d.Changes.Count > 0);
        Pipe(word);
        backlog.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(1, backlog.Status().Waiting);

        var error = Assert.Throws<StreamsException>(() => Pipe(word with { Sequence = word.Sequence + 1_000 }));

        var told = error.Message + error.InnerException?.Message;
        foreach (var words in new[]
        {
            "is missing", "beginning of workflow.stages", "of allocation.by-order", "of operations.catalogue",
            "to the end of backlog.deltas",
        })
        {
            Assert.Contains(words, told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_word_of_a_partition_that_there_is_not_is_a_dead_letter()
    {
        backlog.Enter("o1");
        backlog.Pass(TimeSpan.FromSeconds(2));

        Pipe(backlog.Deltas()[0] with { Partition = 4 });

        Assert.Contains("stages have 4", Assert.Single(backlog.DeadLetters()), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_partition_says_so_every_five_seconds_and_one_that_is_silent_is_missing()
    {
        backlog.Pass(TimeSpan.FromSeconds(30));

        Assert.Empty(backlog.Status().Missing);
        Assert.Equal(4, backlog.Status().Partitions.Count);
        Assert.All(backlog.Status().Partitions, p => Assert.InRange(backlog.Status().AtMs - p.AtMs, 0, 6_000));
        // In the first seconds nothing was heard of any.
        Assert.InRange(backlog.Deltas().Count(d => d.StageId == Fraud), 4 * 5, 4 * 7);
    }

    [Fact]
    public void Partitions_of_which_nothing_was_heard_are_named()
    {
        var word = new StageDelta
        {
            Partition = 2,
            StageId = "Elsewhere",
            Sequence = 1,
            AtMs = backlog.NowMs,
            CatalogueVersion = 0,
            Waiting = 3,
            OldestEnteredAtMs = backlog.NowMs,
        };
        Pipe(word);
        backlog.Pass(TimeSpan.FromSeconds(2));

        var status = backlog.Status("Elsewhere");
        Assert.Equal([0, 1, 3], status.Missing);
        Assert.Equal((3, "", 4.0), (status.Waiting, status.Owner, status.Skew));
    }

    [Fact]
    public void Two_thousand_changes_fit_in_a_word_and_the_rest_follows()
    {
        for (var n = 0; n < 2_500; n++)
        {
            backlog.Send(Event($"o{n}", Fraud, 1, StageEventKind.Entered) with
            {
                Reservations = [new() { PoolId = $"p{n}", ReservationId = "r" }],
            }, partition: 0);
        }
        backlog.Pass(TimeSpan.FromSeconds(2));

        var words = backlog.Deltas().Where(d => d is { StageId: Fraud, Partition: 0 }).ToList();
        Assert.All(words, w => Assert.InRange(w.Changes.Count, 0, 2_000));
        Assert.Equal(2_500, words.Sum(w => w.Changes.Count(c => c.Kind == StageChangeKind.Pool)));
        Assert.Equal(2_500, backlog.Status().Waiting);
        Assert.Equal(10, backlog.Status().HotPools.Count);
    }

    [Fact]
    public void The_fullest_partition_shows_as_skew()
    {
        for (var n = 0; n < 30; n++)
        {
            backlog.Send(Event($"o{n}", Fraud, 1, StageEventKind.Entered), partition: n < 24 ? 1 : 3);
        }
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(24 / 7.5, backlog.Status().Skew, 3);
    }

    private void Pipe(StageDelta word) => backlog.Driver.PipeInput(
        backlog.Options.DeltaTopic, Encoding.UTF8.GetBytes(word.StageId), Bytes(backlog.Serdes.Deltas, word),
        backlog.NowMs, 0);

    private void Check(Dictionary<string, (long EnteredAtMs, string Pool)> model)
    {
        var status = backlog.Status();
        var ages = model.Values.Select(e => status.AtMs - e.EnteredAtMs).Order().ToArray();
        Assert.Equal(model.Count, status.Waiting);
        Assert.Equal(
            model.Count == 0 ? null : model.Values.Min(e => e.EnteredAtMs), status.OldestEnteredAtMs);
        if (ages.Length > 0)
        {
            CheckAge(ages[(int)Math.Ceiling(0.5 * ages.Length) - 1], status.AgeP50Ms);
            CheckAge(ages[(int)Math.Ceiling(0.9 * ages.Length) - 1], status.AgeP90Ms);
            CheckAge(ages[(int)Math.Ceiling(0.99 * ages.Length) - 1], status.AgeP99Ms);
        }
        Assert.InRange(
            status.Breached, ages.Count(a => a > status.SlaMs), ages.Count(a => a > status.SlaMs - 1_000));
        var pools = model.Values.GroupBy(e => e.Pool).OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal).Take(10).Select(g => (g.Key, g.LongCount()));
        Assert.Equal(pools, status.HotPools.Select(p => (p.PoolId, p.Waiting)));
    }

    // Counted by the second, and by the minute beyond an hour.
    private static void CheckAge(long expectedMs, long ageMs) => Assert.InRange(
        ageMs, expectedMs, expectedMs + (expectedMs < 3_600_000 - 61_000 ? 1_000 : 60_000));
}
