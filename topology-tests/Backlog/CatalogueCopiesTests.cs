using System.Text;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Workflow;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>The log of stages always holds the catalogue, however long ago it was applied.</summary>
public sealed class CatalogueCopiesTests : IDisposable
{
    private const int Partitions = 3;
    private const string Gifts = "GiftWrapping";

    private readonly BacklogDriver backlog = new(Partitions);

    public void Dispose() => backlog.Dispose();

    [Fact]
    public void Once_a_day_every_partition_is_given_it_again_and_restarts_repeat_nothing()
    {
        backlog.Apply(WithGifts(1));
        backlog.Pass(TimeSpan.FromMinutes(1));
        Assert.Empty(Copies());

        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(23));
        backlog.Pass(TimeSpan.FromMinutes(1));
        Assert.Empty(Copies());

        for (var day = 0; day < 3; day++)
        {
            backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(1));
            backlog.Pass(TimeSpan.FromMinutes(1));
            CheckCopies(1);

            backlog.Driver.RestartFromJournal();
            backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(23));
            backlog.Pass(TimeSpan.FromMinutes(1));
            Assert.Empty(Copies());
        }
    }

    [Fact]
    public void Where_none_was_ever_applied_nothing_is_written()
    {
        backlog.Pass(TimeSpan.FromSeconds(5));
        backlog.Driver.AdvanceWallClock(TimeSpan.FromDays(3));
        backlog.Pass(TimeSpan.FromSeconds(5));

        Assert.Empty(Copies());
    }

    [Fact]
    public void The_newest_is_given_a_day_after_it_was_applied()
    {
        backlog.Apply(WithGifts(1));
        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(20));
        backlog.Apply(WithGifts(2));
        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(20));
        backlog.Pass(TimeSpan.FromSeconds(2));
        Assert.Empty(Copies());

        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(4));
        backlog.Pass(TimeSpan.FromSeconds(2));

        CheckCopies(2);
    }

    [Fact]
    public void One_that_a_partition_knows_changes_nothing_there()
    {
        backlog.Apply(WithGifts(1));
        backlog.Enter("o1", Gifts);
        backlog.Driver.AdvanceWallClock(TimeSpan.FromHours(25));
        backlog.Pass(TimeSpan.FromSeconds(5));
        CheckCopies(1);

        Assert.Equal((1, 1), (backlog.Status(Gifts).Waiting, backlog.Status(Gifts).CatalogueVersion));
        Assert.All(backlog.Deltas(), d => Assert.InRange(d.CatalogueVersion, 0, 1));
        Assert.Empty(backlog.DeadLetters());
        Assert.Empty(backlog.Driver.UnusualCounts);
    }

    [Fact]
    public void Built_anew_from_a_log_that_has_nothing_but_the_copy_of_a_day_it_knows_the_stage()
    {
        backlog.Apply(WithGifts(1));
        backlog.Driver.AdvanceWallClock(TimeSpan.FromDays(40));
        backlog.Pass(TimeSpan.FromSeconds(2));
        var copies = Copies();

        using var anew = new BacklogDriver(Partitions);
        foreach (var (key, copy, partition) in copies)
        {
            anew.Send(copy, key, partition);
        }
        anew.Enter("o1", Gifts);
        anew.Pass(TimeSpan.FromSeconds(2));

        Assert.Empty(anew.DeadLetters());
        Assert.Equal(1, anew.Status(Gifts).Waiting);
    }

    [Fact]
    public void A_merger_that_finds_one_of_long_ago_gives_it_at_once()
    {
        var record = CatalogueRecords.InForce(WithGifts(1), 0, StartMs, "kim", "test");
        backlog.Driver.AdvanceWallClock(TimeSpan.FromDays(40));

        backlog.Driver.PipeInput(
            backlog.Options.CatalogueTopic, Encoding.UTF8.GetBytes(CatalogueRecords.Key),
            Bytes(backlog.Serdes.Catalogue, record), StartMs, 0);
        backlog.Pass(TimeSpan.FromSeconds(2));

        CheckCopies(1);
        backlog.Enter("o1", Gifts);
        Assert.Empty(backlog.DeadLetters());
    }

    private static OperationsCatalogue WithGifts(int version)
    {
        var shipped = OperationsCatalogue.Shipped;
        return shipped with
        {
            Version = version,
            Stages = [.. shipped.Stages, shipped.Stages[0] with { Id = Gifts, Sla = TimeSpan.FromDays(2) }],
        };
    }

    private List<(string Key, StageEvent Copy, int Partition)> Copies() =>
    [
        .. backlog.Driver.ReadOutputs(backlog.Options.StageTopic).Select(r => (
            Encoding.UTF8.GetString(r.Key!), backlog.Serdes.Stages.Deserialize(r.Value), r.Partition)),
    ];

    private void CheckCopies(int version)
    {
        var copies = Copies();
        Assert.Equal(Enumerable.Range(0, Partitions), copies.Select(c => c.Partition).Order());
        Assert.All(copies, c => Assert.Equal(
            (CatalogueRecords.Key, version, ""), (c.Key, c.Copy.Catalogue?.Version, c.Copy.WorkId)));
    }
}
