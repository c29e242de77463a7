using Alloc.Processors.Catalogue;
using static Topology.Tests.Backlog.BacklogDriver;

namespace Topology.Tests.Backlog;

/// <summary>A catalogue that comes counts from there on; what waits keeps the row that it was opened under.</summary>
public sealed class CatalogueChangeTests : IDisposable
{
    private readonly BacklogDriver backlog = new();

    public void Dispose() => backlog.Dispose();

    [Fact]
    public void Open_items_keep_their_SLA_and_new_ones_have_the_new_one()
    {
        backlog.Enter("before");
        backlog.Apply(WithSla(1, TimeSpan.FromMinutes(2)));
        backlog.Enter("after");
        backlog.Pass(TimeSpan.FromMinutes(3));
        Assert.Equal("after", Assert.Single(backlog.Alerts()).WorkId);
        Assert.Equal((120_000, 1, 1), (
            backlog.Status().SlaMs, backlog.Status().Breached, backlog.Status().CatalogueVersion));

        backlog.Pass(TimeSpan.FromMinutes(13));

        Assert.Equal("before", Assert.Single(backlog.Alerts()).WorkId);
    }

    [Fact]
    public void A_new_stage_is_taken_from_there_on_and_a_restart_knows_it()
    {
        var shipped = OperationsCatalogue.Shipped;
        backlog.Enter("o1", "GiftWrapping");
        Assert.Contains("has no stage 'GiftWrapping'", backlog.DeadLetters().Single(), StringComparison.Ordinal);
        var added = shipped.Stages[0] with { Id = "GiftWrapping" };
        backlog.Apply(shipped with { Version = 1, Stages = [.. shipped.Stages, added] });
        backlog.Driver.RestartFromJournal();

        backlog.Enter("o1", "GiftWrapping");
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(1, backlog.Status("GiftWrapping").Waiting);
        Assert.Empty(backlog.DeadLetters());
    }

    [Fact]
    public void An_older_catalogue_changes_nothing_and_one_that_cannot_be_read_is_a_dead_letter()
    {
        backlog.Apply(WithSla(2, TimeSpan.FromMinutes(2)));
        backlog.Apply(WithSla(1, TimeSpan.FromMinutes(9)));
        var bad = CatalogueRecords.InForce(WithSla(3, TimeSpan.FromMinutes(4)), 2, 0, "kim", "") with
        {
            Document = "{",
        };
        backlog.Send(CatalogueRecords.Copy(bad), CatalogueRecords.Key, 0);

        Assert.Contains(
            "version 3 of the operations catalogue cannot be read", backlog.DeadLetters().Single(),
            StringComparison.Ordinal);
        backlog.Enter("o1");
        Assert.Equal(120_000, backlog.Work("o1")!.Stages.Single().SlaMs);
    }

    [Fact]
    public void A_stage_that_is_gone_takes_nothing_new_and_shows_what_waits_there_until_it_left()
    {
        var shipped = OperationsCatalogue.Shipped;
        backlog.Enter("o1", Payment);
        backlog.Apply(shipped with
        {
            Version = 1,
            Stages = [.. shipped.Stages.Where(s => s.Id != Payment).Select(s => s with
            {
                After = [.. s.After.Where(a => a != Payment)],
            })],
            Modes = [.. shipped.Modes.Where(m => m.Stage != Payment)],
        });
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal((1, ""), (backlog.Status(Payment).Waiting, backlog.Status(Payment).Owner));
        backlog.Enter("o2", Payment);
        Assert.Single(backlog.DeadLetters());

        backlog.Leave("o1", Payment);
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal((0, 1), (backlog.Status(Payment).Waiting, backlog.Status(Payment).Completed));
        Assert.Empty(backlog.DeadLetters());
    }

    [Fact]
    public void A_mode_whose_row_is_gone_is_switched_off()
    {
        backlog.Apply(FraudSlow.Catalogue);
        for (var n = 0; n < 30; n++)
        {
            backlog.Enter($"o{n}");
        }
        backlog.Pass(TimeSpan.FromMinutes(16));
        Assert.True(Assert.Single(backlog.Modes()).On);
        backlog.Commands();

        backlog.Apply(OperationsCatalogue.Shipped with { Version = 2, Modes = [] });
        backlog.Pass(TimeSpan.FromSeconds(2));

        Assert.False(Assert.Single(backlog.Modes()).On);
        Assert.Equal(2, backlog.Commands().Count);
    }

    private static OperationsCatalogue WithSla(int version, TimeSpan sla)
    {
        var shipped = OperationsCatalogue.Shipped;
        return shipped with
        {
            Version = version,
            Stages = [.. shipped.Stages.Select(s => s.Id == Fraud ? s with { Sla = sla } : s)],
        };
    }
}
