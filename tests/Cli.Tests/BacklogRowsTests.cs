using System.Text.Json.Nodes;
using Alloc.Cli.Commands.Backlog;

namespace Cli.Tests;

/// <summary>What is made of the figures of stages: by pool, and in colour.</summary>
public sealed class BacklogRowsTests
{
    private static readonly string[] Ten = [.. Enumerable.Range(0, 10).Select(n => $"hot-{n}")];

    [Fact]
    public void A_pool_that_a_full_list_does_not_name_waits_for_at_least_what_others_say()
    {
        JsonObject[] stages = [Stage("A", Ten), Stage("B", "hot-0", "eleventh")];

        var pools = BacklogRows.ByPool(stages).ToDictionary(p => (string)p["poolId"]!);

        Assert.Equal((2, false), ((long)pools["hot-0"]["waiting"]!, (bool)pools["hot-0"]["atLeast"]!));
        Assert.Equal((1, false), ((long)pools["hot-9"]["waiting"]!, (bool)pools["hot-9"]["atLeast"]!));
        Assert.Equal((1, true), ((long)pools["eleventh"]["waiting"]!, (bool)pools["eleventh"]["atLeast"]!));
        Assert.Equal(["A"], BacklogRows.Full(stages));
        Assert.Contains(BacklogRows.PoolColumns(pools.Values), c => c.Heading == "WAITING AT LEAST");
    }

    [Fact]
    public void Where_no_list_is_full_figures_are_exact()
    {
        JsonObject[] stages = [Stage("A", Ten[..9]), Stage("B", "other")];

        var pools = BacklogRows.ByPool(stages);

        Assert.All(pools, p => Assert.False((bool)p["atLeast"]!));
        Assert.Contains(BacklogRows.PoolColumns(pools), c => c.Heading == "WAITING");
    }

    [Theory]
    [InlineData(0.15, 0.1, "red")]
    [InlineData(0.15, 0.2, "yellow")]
    [InlineData(0.15, 0.0, "red")]
    [InlineData(0.9, 1.0, "yellow")]
    [InlineData(0.9, null, "yellow")]
    [InlineData(0.0, 0.0, null)]
    public void What_is_beyond_its_SLA_is_red_where_the_catalogue_pages_for_it(
        double breachedShare, double? pageShare, string? style)
    {
        var stage = new JsonObject { ["breached"] = 1, ["breachedShare"] = breachedShare, ["pageShare"] = pageShare };

        Assert.Equal(style, BacklogRows.StageColumns.Single(c => c.Heading == "BEYOND SLA").Style(stage));
    }

    private static JsonObject Stage(string id, params string[] pools) => new()
    {
        ["stageId"] = id,
        ["hotPools"] = new JsonArray(
            [.. pools.Select(p => (JsonNode)new JsonObject { ["poolId"] = p, ["waiting"] = 1L })]),
    };
}
