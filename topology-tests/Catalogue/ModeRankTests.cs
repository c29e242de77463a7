using Alloc.Processors.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>Never do two modes act on one pool: who is on stays, and the first row goes first.</summary>
public sealed class ModeRankTests
{
    /// <summary>Rows "id effect pools", which are on, which are needed, and which are switched on.</summary>
    public static TheoryData<string, string, string, string> Cases => new()
    {
        { "a rejectHolds *; b rejectHolds *", "", "a b", "a" },
        { "a rejectHolds *; b rejectHolds *", "", "b", "b" },
        { "a rejectHolds *; b rejectHolds *", "b", "a", "" },
        { "a rejectHolds *; b rejectHolds", "", "a b", "a" },
        { "a rejectHolds; b rejectHolds x", "a", "b", "" },
        { "a rejectHolds x; b rejectHolds y", "", "a b", "a b" },
        { "a rejectHolds x-*; b rejectHolds x-1", "", "a b", "a" },
        { "a rejectHolds x-*; b rejectHolds y-1 x-1", "a", "b", "" },
        { "a rejectHolds x-*; b rejectHolds y-*", "a", "b", "b" },
        { "a rejectHolds x; b rejectHolds *; c rejectHolds y", "a", "b c", "c" },
        { "a rejectHolds x; b rejectHolds *; c rejectHolds y", "", "a b c", "a c" },
        { "a manualReview *; b rejectHolds *", "a", "b", "b" },
        { "a manualReview *; b manualReview *", "a", "b", "b" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Modes_that_share_a_pool_wait_for_one_another(string rows, string on, string needed, string switchedOn)
    {
        var catalogue = CatalogueTexts.Read(CatalogueTexts.Smallest + "modes:\n" + string.Concat(
            rows.Split("; ").Select(row => row.Split(' ')).Select(words =>
                $"  - {{id: {words[0]}, stage: Waiting, measure: oldestAge, onAt: 5m, offAt: 1m, effect: {words[1]}, "
                + $"pools: [{string.Join(", ", words[2..].Select(pool => $"'{pool}'"))}]}}\n")));

        bool IsOn(ModeRow mode) => on.Split(' ').Contains(mode.Id);
        bool IsNeeded(ModeRow mode) => needed.Split(' ').Contains(mode.Id);
        var chosen = catalogue.Modes.Where(
            mode => !IsOn(mode) && IsNeeded(mode) && catalogue.Rival(mode, IsOn, IsNeeded) is null);

        Assert.Equal(switchedOn, string.Join(' ', chosen.Select(mode => mode.Id)));
    }

    [Fact]
    public void A_mode_without_pools_concerns_all_of_them()
    {
        var everywhere = OperationsCatalogue.Shipped.Modes[0];
        var seats = everywhere with { Pools = [new("seats-*"), new("van")] };

        Assert.True(everywhere.Concerns("anything"));
        Assert.True(seats.Concerns("seats-1"));
        Assert.True(seats.Concerns("van"));
        Assert.False(seats.Concerns("vans"));
    }
}
