using System.Text.Json.Nodes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>What an instance runs, as it is told without any server.</summary>
public sealed class TopologyDescribeTests
{
    [Fact]
    public async Task Every_application_is_shown_with_its_topics_stores_and_changelogs()
    {
        var text = await CommandLineRun.OfAsync(["topology", "describe", "-o", "table"]);
        var json = JsonNode.Parse((await CommandLineRun.OfAsync(["topology", "describe", "-o", "json"])).Out)!;

        Assert.Contains("Application: <application id>-projection", text.Out, StringComparison.Ordinal);
        Assert.Contains("-projected-index-changelog", text.Out, StringComparison.Ordinal);
        Assert.Contains("Application: <application id>-shadow", text.Out, StringComparison.Ordinal);
        Assert.Equal(
            ["allocation", "supply-bridge", "by-order", "backlog", "reconciliation", "projection", "shadow"],
            json["applications"]!.AsArray().Select(a => a!["application"]!.GetValue<string>()));
        Assert.Equal("allocation.outcomes", json["applications"]![5]!["sourceTopics"]![0]!.GetValue<string>());
        Assert.Empty(json["applications"]![0]!["changelogs"]!.AsArray());
    }

    [Fact]
    public async Task Mermaid_draws_the_application_that_is_asked_for()
    {
        var drawn = await CommandLineRun.OfAsync(
            ["topology", "describe", "--format", "mermaid", "--application", "projection", "-o", "table"]);

        Assert.StartsWith("flowchart LR", drawn.Out, StringComparison.Ordinal);
        Assert.Contains("projected-reservations", drawn.Out, StringComparison.Ordinal);
    }
}
